//! What stands after a command's name, piece by piece.

use core::ops::RangeInclusive;

use crate::wire::Conversation;

/// What a name cannot begin with, so that it marks other things.
const MARKS: [char; 3] = ['*', '#', '@'];

/// Whether `c` separates arguments.
pub(super) const fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// The arguments that have not been read yet.
pub(super) struct Arguments<'a> {
    rest: &'a str,
}

/// An argument is missing, superfluous or not of its form.
pub(super) struct Malformed;

impl<'a> Arguments<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line.trim_start_matches(is_separator) }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn word(&mut self) -> Option<&'a str> {
        let (word, rest) =
            self.rest.split_at(self.rest.find(is_separator).unwrap_or(self.rest.len()));
        self.rest = rest.trim_start_matches(is_separator);
        (!word.is_empty()).then_some(word)
    }

    /// The rest of the line, unchanged.
    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let text = core::mem::take(&mut self.rest);
        if text.is_empty() {
            return Err(Malformed);
        }
        Ok(text)
    }

    /// A room, with or without its `#`.
    pub(super) fn room(&mut self) -> Result<&'a str, Malformed> {
        name(self.word().ok_or(Malformed)?, '#')
    }

    /// A nickname, with or without its `@`.
    pub(super) fn nickname(&mut self) -> Result<&'a str, Malformed> {
        name(self.word().ok_or(Malformed)?, '@')
    }

    /// A room; `None`, which is `*` or nothing at all: any of them.
    pub(super) fn room_or_any(&mut self) -> Result<Option<&'a str>, Malformed> {
        match self.word() {
            None | Some("*") => Ok(None),
            Some(word) => name(word, '#').map(Some),
        }
    }

    /// `*`, `#room` or `@nick`. Anything else is left for the next reader.
    pub(super) fn conversation(&mut self) -> Result<Option<Conversation<'a>>, Malformed> {
        let Some(mark) = self.rest.chars().next().filter(|c| MARKS.contains(c)) else {
            return Ok(None);
        };
        let word = self.word().ok_or(Malformed)?;
        Ok(Some(match mark {
            _ if word == "*" => Conversation::EVERYONE,
            '#' => Conversation::room(name(word, '#')?),
            _ => Conversation::private(name(word, '@')?),
        }))
    }

    /// A number within `range`, where there is one.
    pub(super) fn number(&mut self, range: RangeInclusive<u64>) -> Result<Option<u64>, Malformed> {
        let Some(word) = self.word() else {
            return Ok(None);
        };
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Malformed);
        }
        let number = word.parse().map_err(|_| Malformed)?;
        if !range.contains(&number) {
            return Err(Malformed);
        }
        Ok(Some(number))
    }
}

fn name(word: &str, mark: char) -> Result<&str, Malformed> {
    let name = word.strip_prefix(mark).unwrap_or(word);
    if name.is_empty() || name.starts_with(MARKS) {
        return Err(Malformed);
    }
    Ok(name)
}
