//! How the full screen is to be.

use super::file::Keys;

/// How many messages are kept where nothing else is said.
pub const SCROLLBACK: usize = 100_000;

/// The least number of messages that are kept.
pub const LEAST_SCROLLBACK: usize = 100;

/// How the full screen is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    /// How many messages are kept, in all conversations together.
    pub scrollback: usize,
    /// Words that count as a mention, as one's nickname does.
    pub mention: Vec<String>,
    /// Whether to ring for mentions and private messages.
    pub bell: bool,
    /// Whether nicknames have no column of their own, however wide the window is.
    pub compact: bool,
}

impl Display {
    /// What `keys` say; else the defaults.
    #[must_use]
    pub fn of(keys: &Keys) -> Self {
        Self {
            scrollback: keys.scrollback.unwrap_or(SCROLLBACK).max(LEAST_SCROLLBACK),
            mention: keys.mention.clone().unwrap_or_default(),
            bell: keys.bell.unwrap_or(true),
            compact: keys.compact.unwrap_or_default(),
        }
    }
}

impl Default for Display {
    fn default() -> Self {
        Self::of(&Keys::default())
    }
}
