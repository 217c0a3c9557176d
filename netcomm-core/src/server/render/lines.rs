//! Lines on somebody's screen, which nothing that somebody else typed can forge or disturb.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::text::disturbs;
use crate::wire::ConversationKind;
use crate::words::{Page, Said};

/// What begins each line of a text or name after its first.
pub(in crate::server) const INDENT: &[u8] = b"  ";

/// Where lists are wrapped, in columns.
const WIDTH: usize = 78;

/// Writes lines that end in LF.
///
/// A line begins with `* ` (the system speaks), with a time (a message) or with two spaces (what
/// stands before goes on). What is written into a line cannot begin another one of the first two
/// kinds, and no character of it moves the cursor or turns the direction.
pub(super) struct Lines<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Lines<'o> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    fn write(&mut self, words: fmt::Arguments<'_>) {
        // Growing a vector does not fail, so only a `Display` that fails by itself could.
        let written = self.write_fmt(words);
        debug_assert!(written.is_ok(), "{words:?}");
    }

    fn end(&mut self) {
        self.out.push(b'\n');
    }
}

impl Page for Lines<'_> {
    fn system(&mut self, words: fmt::Arguments<'_>) {
        self.out.extend_from_slice(b"* ");
        self.write(words);
        self.end();
    }

    /// Wrapped between items.
    fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]) {
        let start = self.out.len();
        self.out.extend_from_slice(b"* ");
        self.write(title);
        let mut column = self.out.get(start..).map_or(0, columns);
        let mut rest = items.iter().peekable();
        while let Some(item) = rest.next() {
            let comma = if rest.peek().is_some() { "," } else { "" };
            let width = item.width() + comma.len();
            if column + 1 + width > WIDTH {
                self.end();
                self.out.extend_from_slice(INDENT);
                column = INDENT.len() + width;
            } else {
                self.out.push(b' ');
                column += 1 + width;
            }
            self.write(format_args!("{item}{comma}"));
        }
        self.end();
    }

    /// Begins with the time, as `HH:MM:SS` in UTC.
    fn said(&mut self, said: Said<'_>) {
        let Said { conversation, time, author, text } = said;
        let seconds = time.0 / 1000;
        let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
        self.write(format_args!("{hour:02}:{minute:02}:{:02} ", seconds % 60));
        match conversation.kind {
            ConversationKind::EVERYONE => {}
            ConversationKind::PRIVATE => self.out.extend_from_slice(b"[private] "),
            _ => self.write(format_args!("{conversation} ")),
        }
        self.write(format_args!("<{author}> {text}"));
        self.end();
    }
}

impl Write for Lines<'_> {
    fn write_str(&mut self, foreign: &str) -> fmt::Result {
        let mut rest = foreign;
        while let Some(c) = rest.chars().find(|c| disturbs(*c)) {
            let (calm, after) = rest.split_once(c).unwrap_or((rest, ""));
            self.out.extend_from_slice(calm.as_bytes());
            if c == '\n' {
                self.end();
                self.out.extend_from_slice(INDENT);
            } else {
                self.out.extend_from_slice("\u{fffd}".as_bytes());
            }
            rest = after;
        }
        self.out.extend_from_slice(rest.as_bytes());
        Ok(())
    }
}

fn columns(bytes: &[u8]) -> usize {
    core::str::from_utf8(bytes).map_or(bytes.len(), UnicodeWidthStr::width)
}
