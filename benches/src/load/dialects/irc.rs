//! IRC.

use super::lines::{line, text};
use super::{Dialect, Item, Kind, Place, User};

/// Any IRC server.
pub(super) struct Irc;

impl Dialect for Irc {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let said = match (step, user.place) {
            (0, _) => format!("NICK {0}\r\nUSER {0} 0 * :{0}\r\n", user.name()),
            (1, Place::Room { .. }) => format!("JOIN #{}\r\n", user.address()),
            _ => return false,
        };
        out.extend_from_slice(said.as_bytes());
        true
    }

    /// The end of the message of the day, or that there is none; the end of the names.
    fn has_entered(&self, step: usize, item: &[u8]) -> bool {
        let number = numeric(item);
        if step == 0 { matches!(number, b"376" | b"422") } else { number == b"366" }
    }

    fn item<'b>(&self, step: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let length = line(bytes)?;
        let line = &bytes[..length];
        let kind = if let Some(text) = text(line) {
            text
        } else if let Some(what) = line.strip_prefix(b"PING ") {
            Kind::Call([b"PONG ", what].concat())
        } else if line.starts_with(b"ERROR")
            || (step.is_none() && matches!(numeric(line), [b'4' | b'5', ..]))
        {
            Kind::Fault
        } else {
            Kind::Other
        };
        Some(Item { length, kind })
    }

    fn post(&self, user: &User, address: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PRIVMSG ");
        if let Place::Room { .. } = user.place {
            out.push(b'#');
        }
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(b" :");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn hears_posters(&self) -> bool {
        true
    }

    fn answers(&self) -> bool {
        false
    }

    /// ngIRCd lets few wait, and resets the others.
    fn comes_again(&self) -> bool {
        true
    }
}

/// The second word, where it is three digits.
fn numeric(line: &[u8]) -> &[u8] {
    let word = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if word.len() == 3 && word.iter().all(u8::is_ascii_digit) { word } else { b"" }
}
