//! An entry as rows of a pane.

use super::conversation::Conversation;
use super::entry::{Body, Delivery, Entry, Said};
use super::glyph::{columns, fit, wrap};
use crate::full_screen::look::{Look, Role};

/// From so many columns on, nicknames have a column of their own.
const ALIGNED: usize = 50;

/// `12:34` and a space.
const TIME: usize = 6;

/// The column of nicknames.
const NICKNAME: usize = 14;

/// The widest nickname in the compact layout.
const COMPACT_NICKNAME: usize = 24;

/// One row: pieces of text that take no more columns than the pane has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) spans: Vec<(String, Role)>,
}

impl Row {
    fn push(&mut self, text: impl Into<String>, role: Role) {
        self.spans.push((text.into(), role));
    }

    /// The columns that it takes.
    pub(crate) fn columns(&self, ascii: bool) -> usize {
        self.spans.iter().map(|(text, _)| columns(text, ascii)).sum()
    }
}

/// The rows of entry `id`: at least one, but for an entry that is not there.
pub(crate) fn rows(of: &Conversation, id: i64, width: usize, look: &Look) -> Vec<Row> {
    let Some(entry) = of.buffer.entry(id) else {
        return Vec::new();
    };
    let before = of.buffer.entry(id - 1);
    let mut rows = Vec::new();
    let day = look.day(entry.time);
    if let Some(day) = day
        && before.is_none_or(|before| look.day(before.time) != Some(day))
    {
        let words = day.strftime("%A, %e %B %Y").to_string();
        rows.push(across(&words.replace("  ", " "), width, &Role::Dim, look));
    }
    if of.marker == Some(id) {
        rows.push(across("new", width, &Role::Unread, look));
    }
    let minute = look.minute(entry.time);
    let is_told = before
        .is_some_and(|before| look.minute(before.time) == minute && look.day(before.time) == day);
    let time = if is_told { String::new() } else { minute };
    let found = of.found == Some(id);
    if width >= ALIGNED && !look.compact {
        aligned(entry, &time, found, width, look, &mut rows);
    } else {
        compact(entry, &time, found, width, look, &mut rows);
    }
    rows
}

/// A line across the pane with words in it.
fn across(words: &str, width: usize, role: &Role, look: &Look) -> Row {
    let line = look.horizontal();
    let words = fit(&format!(" {words} "), width, look.ascii);
    let left = width.saturating_sub(columns(&words, look.ascii));
    let mut text: String = std::iter::repeat_n(line, left / 2).collect();
    text.push_str(&words);
    text.extend(std::iter::repeat_n(line, left - left / 2));
    Row { spans: vec![(text, role.clone())] }
}

fn aligned(entry: &Entry, time: &str, found: bool, width: usize, look: &Look, rows: &mut Vec<Row>) {
    let (name, name_role) = match &entry.body {
        Body::Said(said) => (&*said.author, Role::Name(said.author.clone())),
        Body::System { trouble: true, .. } => ("!", Role::Trouble),
        Body::System { .. } => ("*", Role::System),
        Body::Moves(_) => ("*", Role::Dim),
    };
    let name = fit(name, NICKNAME, look.ascii);
    let padding = NICKNAME - columns(&name, look.ascii);
    let bar = format!(" {} ", look.vertical());
    let text_width = width - TIME - NICKNAME - 3;
    for (number, mut text) in body(entry, text_width, look).into_iter().enumerate() {
        let mut row = Row::default();
        if number == 0 {
            row.push(format!("{time:<TIME$}"), Role::Dim);
            row.push(" ".repeat(padding), Role::Plain);
            row.push(name.clone(), if found { Role::Found } else { name_role.clone() });
        } else {
            row.push(" ".repeat(TIME + NICKNAME), Role::Plain);
        }
        row.push(bar.clone(), Role::Dim);
        row.spans.append(&mut text.spans);
        rows.push(row);
    }
}

fn compact(entry: &Entry, time: &str, found: bool, width: usize, look: &Look, rows: &mut Vec<Row>) {
    // Where there is hardly room for the text, there is none for the time.
    let time = if width < 20 || time.is_empty() { String::new() } else { format!("{time} ") };
    let most = COMPACT_NICKNAME.min((width / 2).max(1));
    let (name, role) = match &entry.body {
        Body::Said(said) => (fit(&said.author, most, look.ascii), Role::Name(said.author.clone())),
        Body::System { trouble: true, .. } => (String::from("!"), Role::Trouble),
        Body::System { .. } | Body::Moves(_) => (String::from("*"), Role::System),
    };
    let is_said = matches!(entry.body, Body::Said(_));
    let colon = if is_said { ": " } else { " " };
    let head = time.len() + columns(&name, look.ascii) + colon.len();
    let indent = if width < 20 { 0 } else { 2 };
    // The text goes on behind the name where that leaves room, else below it.
    let beside = head + 8 <= width;
    let text_width = if beside { width - head } else { width.saturating_sub(indent).max(1) };
    let mut row = Row::default();
    row.push(fit(&time, width, look.ascii), Role::Dim);
    row.push(fit(&name, width, look.ascii), if found { Role::Found } else { role });
    if columns(&name, look.ascii) + time.len() < width {
        row.push(colon.trim_end(), Role::Dim);
    }
    let mut texts = body(entry, text_width, look).into_iter();
    if beside && let Some(mut first) = texts.next() {
        row.push(" ", Role::Plain);
        row.spans.append(&mut first.spans);
    }
    rows.push(row);
    for mut text in texts {
        let mut row = Row::default();
        let indent = if beside { head } else { indent.min(width - 1) };
        row.push(" ".repeat(indent), Role::Plain);
        row.spans.append(&mut text.spans);
        rows.push(row);
    }
}

/// What was said or happened, and what became of it.
fn body(entry: &Entry, width: usize, look: &Look) -> Vec<Row> {
    let wrapped = |text: &str, role: &Role| -> Vec<Row> {
        let lines = wrap(text, width, look.ascii).into_iter();
        lines.map(|line| Row { spans: vec![(line, role.clone())] }).collect()
    };
    match &entry.body {
        Body::System { text, trouble: true } => wrapped(text, &Role::Trouble),
        Body::System { text, .. } => wrapped(text, &Role::System),
        Body::Moves(moves) => wrapped(&moves.words(), &Role::Dim),
        Body::Said(said) => {
            let mut rows = match &said.place {
                Some(place) => wrapped(&format!("{place}: {}", said.text), &Role::Plain),
                None => wrapped(&said.text, &role(said)),
            };
            if let Some((state, role)) = said.own.as_ref().and_then(state) {
                let room =
                    rows.last().map_or(0, |row| width.saturating_sub(row.columns(look.ascii)));
                if columns(&state, look.ascii) < room
                    && let Some(last) = rows.last_mut()
                {
                    last.push(" ", Role::Plain);
                    last.push(state, role);
                } else {
                    rows.extend(wrapped(&state, &role));
                }
            }
            rows
        }
    }
}

const fn role(said: &Said) -> Role {
    match said.own {
        None | Some(Delivery::Accepted) if said.mention => Role::Mention,
        None | Some(Delivery::Accepted) => Role::Plain,
        Some(_) => Role::Pending,
    }
}

/// What is said of an own message that is not accepted.
fn state(own: &Delivery) -> Option<(String, Role)> {
    Some(match own {
        Delivery::Accepted => return None,
        Delivery::Waiting => (String::from("[not sent yet]"), Role::Dim),
        Delivery::Sent => (String::from("[sending]"), Role::Dim),
        Delivery::Failed(why) => (format!("[not sent: {why}]"), Role::Trouble),
        Delivery::Unknown => (String::from("[not known whether this arrived]"), Role::Trouble),
    })
}
