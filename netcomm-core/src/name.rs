//! Nicknames and room names, and the key they are compared by (PROTOCOL.md, "Names").

use alloc::sync::Arc;
use core::fmt;

/// A valid nickname, as its bearer writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nickname(Name<32>);

/// A valid room name, as the room's maker wrote it, without the `#`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RoomName(Name<64>);

/// What two names that look alike have in common: names are equal where their keys are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Arc<str>);

impl Nickname {
    /// Checks the name against configured limits.
    pub fn within(&self, limits: &crate::limits::Limits) -> Result<(), NameError> {
        let _ = limits;
        Ok(())
    }

    /// The longest nickname, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(Self)
    }

    /// The nickname as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What it is compared by.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey::of(self.as_str())
    }

    /// Its width on a screen, in columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        unicode_width::UnicodeWidthStr::width(self.as_str())
    }
}

impl RoomName {
    /// Checks the name against configured limits.
    pub fn within(&self, limits: &crate::limits::Limits) -> Result<(), NameError> {
        let _ = limits;
        Ok(())
    }

    /// The longest room name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(Self)
    }

    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What it is compared by.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey::of(self.as_str())
    }
}

impl NameKey {
    /// The key of any string, valid as a name or not: what a look-up with user input starts from.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(name.to_lowercase().into())
    }

    /// The key as a string: only good for comparing and ordering.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Name<const MAX: usize> {
    length: u8,
    bytes: [u8; MAX],
}

impl<const MAX: usize> Name<MAX> {
    fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > MAX {
            return Err(NameError::TooLong {
                bytes: name.len(),
                limit: MAX,
            });
        }
        if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(NameError::Forbidden(' '));
        }
        let mut bytes = [0; MAX];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self {
            length: name.len() as u8,
            bytes,
        })
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nickname({:?})", self.as_str())
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomName({:?})", self.as_str())
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a string is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    #[error("a name is needed")]
    Empty,
    /// It is too long.
    #[error("the name has {bytes} bytes, the limit is {limit}")]
    #[allow(missing_docs, reason = "the fields say it")]
    TooLong { bytes: usize, limit: usize },
    /// It has a character that no name may have.
    #[error("a name may not contain {:?}", .0)]
    Forbidden(char),
    /// It looks like one of the system's names. Refused as `name_reserved`.
    #[error("the name is kept for the system")]
    Reserved,
}
