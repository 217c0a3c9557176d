//! Texts: what a message may say, and how foreign text is shown (PROTOCOL.md, "Texts").

use core::fmt::{self, Write};

use unicode_security::skeleton;

/// A valid text: not blank, within the limit, without characters that could forge or move
/// anything on a screen. Line feeds are allowed.
///
/// ```
/// use netcomm_core::text::{Text, TextError};
///
/// assert_eq!(Text::new("two\nlines", 100)?.as_str(), "two\nlines");
/// assert_eq!(Text::new("\x1b[2J", 100), Err(TextError::Forbidden('\x1b')));
/// assert_eq!(Text::new("too long", 7), Err(TextError::TooLong { bytes: 8, limit: 7 }));
/// # Ok::<(), TextError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    text: &'a str,
    line_feeds: usize,
}

impl<'a> Text<'a> {
    /// The longest text, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Checks `text` against `limit` bytes, at most [`Self::MAX_BYTES`].
    #[inline]
    pub fn new(text: &'a str, limit: usize) -> Result<Self, TextError> {
        let limit = limit.min(Self::MAX_BYTES);
        if text.len() > limit {
            return Err(TextError::TooLong { bytes: text.len(), limit });
        }
        let is_seen = text.as_bytes().first().is_some_and(u8::is_ascii_graphic);
        if is_seen && is_plain(text) {
            Ok(Self { text, line_feeds: 0 })
        } else {
            Self::by_character(text)
        }
    }

    /// Checks what a look at the bytes does not tell: of texts that are not plain, or begin with a blank.
    #[inline(never)]
    fn by_character(text: &'a str) -> Result<Self, TextError> {
        if let Some(forbidden) = text.chars().find(|c| *c != '\n' && disturbs(*c)) {
            return Err(TextError::Forbidden(forbidden));
        }
        if text.chars().all(is_blank) {
            return Err(TextError::Empty);
        }
        Ok(Self { text, line_feeds: line_feeds(text) })
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// How many line feeds are in it.
    pub(crate) const fn line_feeds(self) -> usize {
        self.line_feeds
    }
}

/// Foreign text made safe for a terminal or a log: a character that could move the cursor, turn
/// the direction or begin a line is written as its number.
///
/// ```
/// use netcomm_core::text::Shown;
///
/// assert_eq!(Shown::line("a\nb\x1b[2J").to_string(), r"a\u{a}b\u{1b}[2J");
/// assert_eq!(Shown::lines("a\nb\u{202e}").to_string(), "a\nb\\u{202e}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    text: &'a str,
    keeps_lines: bool,
}

impl<'a> Shown<'a> {
    /// On one line.
    #[must_use]
    pub const fn line(text: &'a str) -> Self {
        Self { text, keeps_lines: false }
    }

    /// With its own line feeds.
    #[must_use]
    pub const fn lines(text: &'a str) -> Self {
        Self { text, keeps_lines: true }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        let escaped = |c: char| disturbs(c) && !(self.keeps_lines && c == '\n');
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| escaped(*c)) {
            f.write_str(&rest[..at])?;
            for part in c.escape_unicode() {
                f.write_char(part)?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// Whether a character can move a cursor, begin a line or turn the direction of others: C0, C1,
/// the separators of lines and paragraphs, bidirectional embeddings, overrides and isolates.
#[must_use]
pub const fn disturbs(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Whether all of it is visible ASCII and spaces. It looks at all bytes, for many are looked at once.
#[inline]
fn is_plain(text: &str) -> bool {
    let other = |byte: &u8| u8::from(!matches!(byte, b' '..=b'~'));
    text.as_bytes().iter().fold(0, |any, byte| any | other(byte)) == 0
}

fn line_feeds(text: &str) -> usize {
    // Counted in bytes as long as these suffice: many of them are added at once.
    let chunks = text.as_bytes().chunks(usize::from(u8::MAX));
    let count = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    chunks.map(|chunk| usize::from(count(chunk))).sum()
}

/// Whether nothing is seen of a character by itself: white space, and what is ignored where nothing
/// knows better (`Default_Ignorable_Code_Point`), such as joiners and marks of direction.
pub(crate) fn is_blank(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_whitespace();
    }
    c.is_whitespace() || c == '\u{2800}' || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// Why a string is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing in it would be seen.
    #[error("a text is needed")]
    Empty,
    /// It is too long.
    #[error("the text has {bytes} bytes, the limit is {limit}")]
    #[allow(missing_docs, reason = "the fields say it")]
    TooLong { bytes: usize, limit: usize },
    /// It has a character that no text may have.
    #[error("a text may not contain {:?}", .0)]
    Forbidden(char),
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Each character by itself says what may be said.
        #[test]
        fn what_is_looked_at_in_bytes_is_as_its_characters_are(
            text in prop_oneof![".{0,40}", "[ -~\\n\t\x7f]{0,40}", "[ \n\t]{0,3}.?[ -~]{0,80}"],
        ) {
            let checked = Text::new(&text, 100_000).map(Text::line_feeds);
            let forbidden = text.chars().find(|c| *c != '\n' && disturbs(*c));
            let expected = match forbidden {
                _ if text.len() > Text::MAX_BYTES => return Ok(()),
                Some(forbidden) => Err(TextError::Forbidden(forbidden)),
                None if text.chars().all(is_blank) => Err(TextError::Empty),
                None => Ok(text.chars().filter(|c| *c == '\n').count()),
            };
            prop_assert_eq!(checked, expected);
        }
    }

    #[test]
    fn line_feeds_are_counted_however_many_there_are() {
        for count in [0, 1, 254, 255, 256, 800] {
            for part in ["\n", "a\u{a0a}\n"] {
                let text = "x".to_owned() + &part.repeat(count);
                assert_eq!(Text::new(&text, Text::MAX_BYTES).unwrap().line_feeds(), count);
            }
        }
    }
}
