//! netcomm's text face.

use super::lines::{line, text};
use super::{Dialect, Item, Kind, Place, User};

/// The text face.
pub(super) struct TextFace;

/// How lines begin by which others come and go, or one enters: no answers to a post.
const NOTICES: [&[u8]; 3] = [b"* /help", b"* u", b"* you are in "];

impl Dialect for TextFace {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let said = match (step, user.place) {
            (0, _) => format!("{}\n", user.name()),
            (1, Place::Room { is_first: true, .. }) => {
                format!("/create_room {}\n", user.address())
            }
            (1, Place::Room { .. }) => format!("/join {}\n", user.address()),
            _ => return false,
        };
        out.extend_from_slice(said.as_bytes());
        true
    }

    fn has_entered(&self, step: usize, item: &[u8]) -> bool {
        item.starts_with(if step == 0 { b"* /help lists" } else { b"* you are in #" })
    }

    fn item<'b>(&self, step: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let length = line(bytes)?;
        let line = &bytes[..length];
        let is_notice = step.is_some() || NOTICES.iter().any(|notice| line.starts_with(notice));
        let other = if is_notice { Kind::Other } else { Kind::Fault };
        let kind = if line.starts_with(b"* ") { other } else { text(line).unwrap_or(Kind::Fault) };
        Some(Item { length, kind })
    }

    fn post(&self, user: &User, address: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        if let Place::Pair { .. } = user.place {
            out.extend_from_slice(b"/dm ");
            out.extend_from_slice(address.as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
    }

    fn hears_posters(&self) -> bool {
        true
    }

    fn answers(&self) -> bool {
        false
    }
}
