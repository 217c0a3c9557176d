//! The title, the status line and the input.

use ratatui::layout::{Position, Rect};

use super::Pen;
use super::list::news;
use crate::full_screen::look::Role;
use crate::full_screen::screen::glyph::{columns, fit, glyphs};
use crate::full_screen::screen::scroll::Scroll;
use crate::full_screen::screen::{Connection, Mode};

/// An answer that is late, in milliseconds.
const LATE: u64 = 1000;

impl Pen<'_> {
    pub(super) fn title(&mut self, area: Rect) {
        let title = match self.screen.mode {
            Mode::Help(_) => String::from(" keys and commands of the screen"),
            _ => self.title_text(),
        };
        self.fill(area, 0, &Role::Bar);
        let title = fit(&title, usize::from(area.width), self.screen.look.ascii);
        self.put(area, 0, 0, &title, &Role::Bar);
    }

    fn title_text(&self) -> String {
        let current = self.screen.current();
        let mut title = format!(" {}", current.title());
        if current.is_room() && !current.members.is_empty() {
            title = format!("{title} ({} here)", current.members.len());
        }
        if current.ended {
            title.push_str(" (ended)");
        }
        if let Scroll::At { .. } = current.scroll {
            title.push_str(" - scrolled up");
            if current.unread > 0 {
                title = format!("{title}, {} new below", current.unread);
            }
        }
        title
    }

    /// The state of things, or what the last key did.
    pub(super) fn status(&mut self, area: Rect) {
        self.fill(area, 0, &Role::Bar);
        let (text, role) = self.status_text();
        let ascii = self.screen.look.ascii;
        let x = self.put(area, 0, 0, &fit(&text, usize::from(area.width), ascii), &role);
        // Where there is no list, what is new is told here.
        let is_narrow = self.screen.layout().list.width == 0;
        if is_narrow && self.screen.notice.is_none() {
            let current = self.screen.current_index();
            let others = self.screen.conversations().enumerate();
            let others: Vec<String> = others
                .filter(|(index, one)| *index != current && self.screen.unread(one) > 0)
                .map(|(index, one)| {
                    let news = news(self.screen, one).0;
                    format!(" {}:{}({news})", index + 1, one.title())
                })
                .collect();
            let left = usize::from(area.width.saturating_sub(x));
            self.put(area, x, 0, &fit(&others.concat(), left, ascii), &Role::Bar);
        }
    }

    fn status_text(&self) -> (String, Role) {
        let screen = self.screen;
        if let Some(notice) = &screen.notice {
            return (format!(" {notice}"), Role::Alert);
        }
        if let Some(completion) = screen.completion() {
            let (candidates, at) = completion.candidates();
            let shown = candidates.iter().enumerate().map(|(index, one)| {
                let one = one.trim_end_matches([' ', ':']);
                if Some(index) == at { format!("[{one}]") } else { one.into() }
            });
            let from = at.unwrap_or(0).saturating_sub(3);
            let shown: Vec<String> = shown.skip(from).take(20).collect();
            return (format!(" {}", shown.join(" ")), Role::Bar);
        }
        let mut text = format!(" {}", screen.me);
        if screen.hidden {
            text.push_str(" (hidden)");
        }
        let mut role = Role::Bar;
        match &screen.connection {
            Connection::Up => {}
            _ => role = Role::Alert,
        }
        match &screen.connection {
            Connection::Up => {
                text.push_str(" | connected");
                match (screen.awaiting, screen.lag) {
                    (Some(since), _) if screen.clock.saturating_sub(since) >= LATE => {
                        let late = screen.clock.saturating_sub(since) / 1000;
                        text = format!("{text} | no answer for {late} s");
                    }
                    (_, Some(lag)) => text = format!("{text} | lag {lag} ms"),
                    _ => {}
                }
                if !screen.hidden && screen.layout().list.width > 0 {
                    text.push_str(" | visible");
                }
            }
            Connection::Connecting => {
                text = format!("{text} | connecting to {}", screen.address);
            }
            Connection::Lost { why, .. } => {
                let seconds = screen.retry_in().unwrap_or(0);
                text = format!("{text} | not connected: retrying in {seconds} s | {why}");
            }
            Connection::Naming => text.push_str(" | type another nickname"),
            Connection::Ended => text.push_str(" | ended"),
        }
        (text, role)
    }

    /// What is being typed; gives where the cursor is.
    pub(super) fn input(&mut self, area: Rect) -> Option<Position> {
        if area.width == 0 {
            return None;
        }
        let screen = self.screen;
        let ascii = screen.look.ascii;
        let line = &screen.current().input;
        let (prompt, text, before) = match &screen.mode {
            Mode::Search { needle, .. } => (String::from("find: "), needle.as_str(), needle.len()),
            Mode::Paste(text) => {
                let count = text.lines().count();
                let question = format!(
                    "pasted {count} lines: y sends {count} messages, o makes it one, n drops it"
                );
                self.put(area, 0, 0, &question, &Role::Alert);
                return None;
            }
            Mode::Help(offset) => {
                self.put(area, 0, 0, &screen.help_prompt(*offset), &Role::Alert);
                return None;
            }
            Mode::Typing => {
                let title = match screen.connection {
                    Connection::Naming => String::from("nickname"),
                    _ => screen.current().title(),
                };
                (format!("{title}> "), line.text(), line.before().len())
            }
        };
        let width = usize::from(area.width);
        let prompt = if width < 24 { String::new() } else { fit(&prompt, width / 3, ascii) };
        let room = width - columns(&prompt, ascii);
        let shown = |text: &str| text.replace('\n', if ascii { "|" } else { "⏎" });
        let (head, tail) = (shown(&text[..before]), shown(&text[before..]));
        // The cursor stays in sight, and has a column of its own at the end.
        let mut hidden = (columns(&head, ascii) + 1).saturating_sub(room);
        let start = self.put(area, 0, 0, &prompt, &Role::Place);
        let mut visible = String::new();
        for glyph in glyphs(&head, ascii) {
            if hidden > 0 {
                hidden = hidden.saturating_sub(glyph.width);
            } else {
                visible.push_str(&glyph.text);
            }
        }
        let cursor = self.put(area, start, 0, &visible, &Role::Plain);
        self.put(area, cursor, 0, &tail, &Role::Plain);
        Some(Position::new(area.x + cursor.min(area.width - 1), area.y))
    }
}
