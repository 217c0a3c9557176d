//! Lines on the user's screen, which nothing that somebody else typed can forge or disturb.
//!
//! A line begins with `* ` (the system speaks), with a time (a message) or with spaces (what
//! stands before goes on); foreign text never gets to a line's beginning, not even by being long.

use std::fmt;

use anstyle::Style;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use netcomm_core::text::disturbs;
use netcomm_core::wire::ConversationKind;
use netcomm_core::words::Said;
use unicode_width::UnicodeWidthChar;

use super::colour;

/// The column of nicknames: shorter ones are padded on the left.
const NICKNAME_COLUMN: usize = 12;

/// The widest nickname that is shown whole.
const NICKNAME_COLUMNS: usize = 24;

/// The widest conversation's name that is shown whole.
const PLACE_COLUMNS: usize = 64;

/// What begins each further line of a system line or of a list.
const INDENT: usize = 2;

/// What begins each further line of a message.
const MESSAGE_INDENT: usize = 11;

/// The least columns that are left for text, whatever is asked for.
const LEAST_WIDTH: usize = 40;

/// Puts lines together. They are collected until [`Page::take`].
#[derive(Debug)]
pub struct Page {
    zone: TimeZone,
    /// The day of the last message that was shown.
    day: Date,
    colours: bool,
    ascii: bool,
    width: usize,
    column: usize,
    indent: usize,
    out: String,
}

impl Page {
    /// A page that shows times in `zone`, where it is `now`.
    #[must_use]
    pub fn new(zone: TimeZone, now: Timestamp, colours: bool) -> Self {
        Self {
            day: now.to_zoned(zone.clone()).date(),
            zone,
            colours,
            ascii: false,
            width: usize::MAX,
            column: 0,
            indent: 0,
            out: String::new(),
        }
    }

    /// The same, with nothing but ASCII; other characters are shown as `?`.
    #[must_use]
    pub fn in_ascii(self) -> Self {
        Self { ascii: true, ..self }
    }

    /// Wraps lines at `columns`; `None`: never.
    pub fn set_width(&mut self, columns: Option<usize>) {
        self.width = columns.map_or(usize::MAX, |columns| columns.max(LEAST_WIDTH));
    }

    /// What was put together since the last call; whole lines.
    pub fn take(&mut self) -> String {
        let out = std::mem::take(&mut self.out);
        if self.ascii { in_ascii(&out) } else { out }
    }

    fn begin(&mut self, indent: usize) {
        self.column = 0;
        self.indent = indent;
    }

    fn end(&mut self) {
        self.out.push('\n');
    }

    /// Foreign text: wrapped between words, and indented after each line feed.
    fn text(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.wrap();
            }
            for (number, word) in line.split([' ', '\t']).enumerate() {
                if number > 0 {
                    self.space();
                }
                self.word(&calm(word));
            }
        }
    }

    /// A space that may become the end of a line: it is put before the word that follows.
    fn space(&mut self) {
        if self.column < self.width {
            self.put(" ");
        }
    }

    fn word(&mut self, word: &str) {
        if self.column.saturating_add(columns(word)) <= self.width {
            return self.put(word);
        }
        if self.column > self.indent && self.indent + columns(word) <= self.width {
            self.wrap();
            return self.put(word);
        }
        for c in word.chars() {
            if self.column + c.width().unwrap_or(0) > self.width {
                self.wrap();
            }
            self.out.push(c);
            self.column += c.width().unwrap_or(0);
        }
    }

    fn wrap(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push(' ');
        }
        self.column = self.indent;
    }

    fn put(&mut self, calm: &str) {
        self.out.push_str(calm);
        self.column += columns(calm);
    }

    fn styled(&mut self, style: Style, calm: &str) {
        let style = if self.colours { style } else { Style::new() };
        self.out.push_str(&style.render().to_string());
        self.word(calm);
        self.out.push_str(&style.render_reset().to_string());
    }
}

impl netcomm_core::words::Page for Page {
    fn system(&mut self, words: fmt::Arguments<'_>) {
        self.begin(INDENT);
        self.put("* ");
        self.text(&words.to_string());
        self.end();
    }

    fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]) {
        self.begin(INDENT);
        self.put("* ");
        self.text(&title.to_string());
        let mut items = items.iter().peekable();
        while let Some(item) = items.next() {
            let comma = if items.peek().is_some() { "," } else { "" };
            self.space();
            self.word(&format!("{}{comma}", name(item, PLACE_COLUMNS)));
        }
        self.end();
    }

    fn said(&mut self, said: Said<'_>) {
        let time = i64::try_from(said.time.0)
            .ok()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .map(|time| time.to_zoned(self.zone.clone()));
        if let Some(time) = &time
            && time.date() != self.day
        {
            self.day = time.date();
            let day = self.day;
            self.system(format_args!("{day}"));
        }
        self.begin(MESSAGE_INDENT);
        let time = time
            .map_or_else(|| String::from("--:--:--"), |time| time.strftime("%H:%M:%S").to_string());
        self.styled(Style::new().dimmed(), &time);
        self.put(" ");
        let author = name(said.author, NICKNAME_COLUMNS);
        for _ in columns(&author)..NICKNAME_COLUMN {
            self.put(" ");
        }
        self.styled(colour::of(said.author), &author);
        self.space();
        match said.conversation.kind {
            ConversationKind::EVERYONE => {}
            ConversationKind::PRIVATE => {
                self.styled(Style::new().bold().invert(), "(private)");
                self.space();
            }
            _ => {
                let place = name(&said.conversation.to_string(), PLACE_COLUMNS);
                self.styled(Style::new().bold(), &place);
                self.space();
            }
        }
        self.word("|");
        self.space();
        self.text(said.text);
        self.end();
    }
}

/// A foreign name as one word of at most `columns` columns.
fn name(name: &str, columns: usize) -> String {
    let calm: String =
        calm(name).chars().map(|c| if c.is_whitespace() { '\u{fffd}' } else { c }).collect();
    if self::columns(&calm) <= columns {
        return calm;
    }
    let mut cut = String::new();
    let mut left = columns - 1;
    for c in calm.chars() {
        let width = c.width().unwrap_or(0);
        // A name of nothing but combining marks has no width, and must not have any length.
        if width > left || cut.len() > columns * 4 {
            break;
        }
        left -= width;
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// `text` with everything replaced that could make a terminal do more than draw it.
fn calm(text: &str) -> String {
    text.chars().map(|c| if disturbs(c) { '\u{fffd}' } else { c }).collect()
}

/// `text` in as many columns, where other characters than those of ASCII are shown as `?`.
fn in_ascii(text: &str) -> String {
    let shown = |c: char| match c {
        _ if c.is_ascii() => String::from(c),
        _ => "?".repeat(c.width().unwrap_or(0)),
    };
    text.chars().map(shown).collect()
}

/// The columns of `text`; never less than a terminal takes that does not join emoji.
fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
