//! Nicknames and room names, and the key they are compared by (PROTOCOL.md, "Names").

use alloc::string::String;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;

use arrayvec::ArrayString;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;
use unicode_width::UnicodeWidthStr;

use crate::limits::{Limit, Limits};
use crate::text;

/// A valid nickname, as its bearer writes it.
///
/// ```
/// use netcomm_core::name::{NameError, Nickname};
///
/// let alice = Nickname::new("Alice")?;
/// assert_eq!(alice.as_str(), "Alice");
/// assert_eq!(alice.key(), Nickname::new("alice")?.key());
/// assert_eq!(Nickname::new("al ice"), Err(NameError::Forbidden(' ')));
/// assert_eq!(Nickname::new("Server"), Err(NameError::Reserved));
/// # Ok::<(), NameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nickname(Name<{ Nickname::MAX_BYTES }>);

/// A valid room name, as the room's maker wrote it, without the `#`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RoomName(Name<{ RoomName::MAX_BYTES }>);

/// What names that look alike have in common: two names are the same where their keys are equal.
///
/// For ASCII it is the name in lower case, so `m` and `rn`, `l` and `1`, `o` and `0` are told
/// apart. Any other character counts as what it looks like (UTS 39): the Cyrillic "раураl" is
/// "paypal".
///
/// ```
/// use netcomm_core::name::NameKey;
///
/// assert_eq!(NameKey::of("PayPal"), NameKey::of("раураl"));
/// assert_ne!(NameKey::of("corn"), NameKey::of("com"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Arc<str>);

/// Nicknames that would pass for the system, in any spelling that looks like them.
const RESERVED_NICKNAMES: &[&str] = &[
    "admin",
    "administrator",
    "all",
    "anonymous",
    "everybody",
    "everyone",
    "help",
    "moderator",
    "netcomm",
    "nobody",
    "notice",
    "operator",
    "private",
    "root",
    "server",
    "system",
];

/// Room names that would pass for the conversation of everyone.
const RESERVED_ROOMS: &[&str] = &["everybody", "everyone"];

impl Nickname {
    /// The longest nickname, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        checked(name, RESERVED_NICKNAMES).map(Self)
    }

    /// Checks it against configured limits: [`Limit::NicknameBytes`], [`Limit::NicknameColumns`].
    pub fn within(&self, limits: &Limits) -> Result<(), NameError> {
        within(self.0.len(), limits.count(Limit::NicknameBytes))?;
        let (columns, limit) = (self.columns(), limits.count(Limit::NicknameColumns));
        if columns > limit { Err(NameError::TooWide { columns, limit }) } else { Ok(()) }
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
        self.as_str().width()
    }
}

impl RoomName {
    /// The longest room name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        checked(name, RESERVED_ROOMS).map(Self)
    }

    /// Checks it against the configured limit: [`Limit::RoomNameBytes`].
    pub fn within(&self, limits: &Limits) -> Result<(), NameError> {
        within(self.0.len(), limits.count(Limit::RoomNameBytes))
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
    /// The longest key of a valid name, in bytes. Few characters look like many others; a name
    /// full of them is refused.
    pub const MAX_BYTES: usize = 256;

    /// The key of any string, valid as a name or not: what a look-up starts from.
    ///
    /// Of a string that is longer than any name, the beginning decides where the key stands among
    /// others; it equals no name's key.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name.len() <= RoomName::MAX_BYTES {
            return if name.is_ascii() {
                // The usual case: one allocation, no tables.
                let mut key: Arc<str> = name.into();
                if let Some(key) = Arc::get_mut(&mut key) {
                    key.make_ascii_lowercase();
                }
                Self(key)
            } else {
                Self(key(name).into())
            };
        }
        let beginning = &name[..name.floor_char_boundary(RoomName::MAX_BYTES)];
        let mut longer = key(beginning);
        longer.push(char::MAX);
        Self(longer.into())
    }

    /// The key as a string: only good for comparing and ordering.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NameKey {
    /// It is ordered and equal as the string is.
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// A key that is only looked up: that of an ASCII name needs no allocation.
#[derive(Debug)]
pub(crate) enum SoughtKey {
    Ascii(Name<{ RoomName::MAX_BYTES }>),
    Other(NameKey),
}

impl SoughtKey {
    /// As [`NameKey::of`].
    pub(crate) fn of(name: &str) -> Self {
        match Name::from(name) {
            Ok(mut key) if name.is_ascii() => {
                key.make_ascii_lowercase();
                Self::Ascii(key)
            }
            _ => Self::Other(NameKey::of(name)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Ascii(key) => key.as_str(),
            Self::Other(key) => key.as_str(),
        }
    }
}

/// A short string, in place.
pub(crate) type Name<const MAX: usize> = ArrayString<MAX>;

/// Copies a name that is valid.
fn checked<const MAX: usize>(name: &str, reserved: &[&str]) -> Result<Name<MAX>, NameError> {
    let first = name.chars().next().ok_or(NameError::Empty)?;
    let short = Name::from(name);
    let short = short.map_err(|_| NameError::TooLong { bytes: name.len(), limit: MAX })?;
    if let Some(forbidden) = name.chars().find(|c| is_forbidden(*c)) {
        return Err(NameError::Forbidden(forbidden));
    }
    let key = key(name);
    // By key, so that "∗ bob" passes for a system line no more than "* bob" does.
    if key.starts_with(['/', '#', '@', '*']) || is_combining_mark(first) {
        return Err(NameError::Begins(first));
    }
    if name.chars().all(char::is_numeric) {
        return Err(NameError::OnlyDigits);
    }
    if key.len() > NameKey::MAX_BYTES {
        return Err(NameError::TooLong { bytes: key.len(), limit: NameKey::MAX_BYTES });
    }
    if passes_for_one_of(reserved, name, &key) {
        return Err(NameError::Reserved);
    }
    Ok(short)
}

const fn within(bytes: usize, limit: usize) -> Result<(), NameError> {
    if bytes > limit { Err(NameError::TooLong { bytes, limit }) } else { Ok(()) }
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
    /// It is too long, as it is written or as it is compared.
    #[error("the name has {bytes} bytes, the limit is {limit}")]
    #[allow(missing_docs, reason = "the fields say it")]
    TooLong { bytes: usize, limit: usize },
    /// It is too wide for a screen.
    #[error("the name is {columns} columns wide, the limit is {limit}")]
    #[allow(missing_docs, reason = "the fields say it")]
    TooWide { columns: usize, limit: usize },
    /// It has a character that no name may have.
    #[error("a name may not contain {}", Quoted(*.0))]
    Forbidden(char),
    /// It begins with a character that no name may begin with.
    #[error("a name may not begin with {}", Quoted(*.0))]
    Begins(char),
    /// It would pass for a number.
    #[error("a name may not consist of digits only")]
    OnlyDigits,
    /// It looks like one of the system's names. Refused as `name_reserved`.
    #[error("the name is kept for the system")]
    Reserved,
}

/// A character in a message for people. Beyond ASCII as its number: it may be one that is not seen.
struct Quoted(char);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii() {
            write!(f, "{:?}", self.0)
        } else {
            write!(f, "'{}'", self.0.escape_unicode())
        }
    }
}

/// White space, controls, what is not seen or changes direction, and what is no character.
fn is_forbidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() || c == ' ';
    }
    let is_substitute = matches!(c, '\u{fff9}'..='\u{fffd}');
    // They shape their neighbours and are not seen themselves.
    let is_joiner = matches!(
        c,
        '\u{2d7f}' | '\u{1107f}' | '\u{13430}'..='\u{1343f}' | '\u{16fe4}' | '\u{1d159}'
    );
    let is_private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    let is_no_character = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    text::disturbs(c)
        || text::is_blank(c)
        || is_substitute
        || is_joiner
        || is_private
        || is_no_character
}

fn key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let mut key = String::from(name);
    // A look-alike may be a capital, or composed, or itself look like something: until it stays.
    for _ in 0..4 {
        let folded: String = key.nfc().flat_map(char::to_uppercase).collect();
        let folded: String = folded.chars().flat_map(char::to_lowercase).collect();
        let next = unalike(&folded);
        if next == key {
            break;
        }
        key = next;
    }
    key
}

/// Replaces each character that is not ASCII by what it looks like.
fn unalike(folded: &str) -> String {
    let mut plain = String::with_capacity(folded.len());
    for c in folded.nfd() {
        if c.is_ascii() {
            plain.push(c);
            continue;
        }
        let look: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        // The tables spell each `m` in it like this, but ours is told apart from it.
        plain.push_str(&look.replace("rn", "m"));
    }
    plain.nfc().collect()
}

fn passes_for_one_of(reserved: &[&str], name: &str, key: &str) -> bool {
    // Here even "systern" and "rn0derat0r" pass for what they look like. Capitals have looks of
    // their own: "heIp", or ADMIN in Greek letters. But `i` is not `l`: ALI is not "all".
    let in_small = look(key);
    let as_written: String = skeleton(name).collect();
    reserved.iter().any(|word| {
        let capitals = word.to_ascii_uppercase();
        let title = [&capitals[..1], &word[1..]].concat();
        let spellings = [*word, &title, &capitals];
        look(word) == in_small
            || spellings.iter().any(|spelling| skeleton(spelling).eq(as_written.chars()))
    })
}

/// What a key looks like where nothing is told apart.
fn look(key: &str) -> String {
    let appearance: String = skeleton(key).collect();
    skeleton(&appearance.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_what_is_kept_and_needs_no_memory_up_to_the_longest_name() {
        for length in [1, RoomName::MAX_BYTES, RoomName::MAX_BYTES + 1] {
            let name = "N".repeat(length);
            let sought = SoughtKey::of(&name);
            assert_eq!(sought.as_str(), NameKey::of(&name).as_str());
            assert_eq!(matches!(sought, SoughtKey::Ascii(_)), length <= RoomName::MAX_BYTES);
        }
    }
}
