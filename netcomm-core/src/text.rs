//! Texts: what a message may say, and how foreign text is shown (PROTOCOL.md, "Texts").

/// A valid text: not empty, within the limit, without characters that could forge or move
/// anything on a screen. Line feeds are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The longest text, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Checks `text` against `limit` bytes, at most [`Self::MAX_BYTES`].
    pub fn new(text: &'a str, limit: usize) -> Result<Self, TextError> {
        let limit = limit.min(Self::MAX_BYTES);
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.len() > limit {
            return Err(TextError::TooLong {
                bytes: text.len(),
                limit,
            });
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// Why a string is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is empty.
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
