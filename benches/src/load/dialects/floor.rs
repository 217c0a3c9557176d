//! The floor servers' frames.

use super::{Dialect, Item, Kind, User};

/// A floor server.
pub(super) struct Floor {
    /// Whether it answers posts.
    pub(super) answers: bool,
}

/// The room of those that are in none.
const NOWHERE: u32 = u32::MAX;

impl Dialect for Floor {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        if step > 0 {
            return false;
        }
        let room = user.room().map_or(NOWHERE, |room| u32::try_from(room).unwrap_or(NOWHERE));
        out.extend_from_slice(b"\0\0\0\x05J");
        out.extend_from_slice(&room.to_be_bytes());
        true
    }

    fn has_entered(&self, _: usize, item: &[u8]) -> bool {
        item.get(4) == Some(&b'J')
    }

    fn item<'b>(&self, _: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let header = bytes.first_chunk::<4>()?;
        let length = 4 + usize::try_from(u32::from_be_bytes(*header)).ok()?;
        let kind = match bytes.get(4..length)? {
            [b'P', text @ ..] => Kind::Text(text),
            [b'A'] => Kind::Accepted(1),
            [b'J', ..] => Kind::Other,
            _ => Kind::Fault,
        };
        Some(Item { length, kind })
    }

    fn post(&self, _: &User, _: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        let length = u32::try_from(1 + text.len()).expect("a short post");
        out.extend_from_slice(&length.to_be_bytes());
        out.push(b'P');
        out.extend_from_slice(text.as_bytes());
    }

    fn hears_posters(&self) -> bool {
        true
    }

    fn answers(&self) -> bool {
        self.answers
    }
}
