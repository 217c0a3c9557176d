//! Redis, publish and subscribe. RESP3 lets one connection do both.

use super::lines::{line, number};
use super::{Dialect, Item, Kind, User};
use crate::texts;

/// A Redis server.
pub(super) struct Redis;

impl Dialect for Redis {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let said = match (step, user.topic()) {
            (0, _) => "HELLO 3\r\n".into(),
            (1, Some(topic)) => format!("SUBSCRIBE {topic}\r\n"),
            _ => return false,
        };
        out.extend_from_slice(said.as_bytes());
        true
    }

    fn has_entered(&self, step: usize, item: &[u8]) -> bool {
        item.starts_with(if step == 0 { b"%" } else { b">3\r\n$9\r\nsubscribe" })
    }

    fn item<'b>(&self, _: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let length = value(bytes)?;
        let item = &bytes[..length];
        let kind = match item {
            [b'>', ..] => text(item).unwrap_or(Kind::Other),
            [b':', ..] => Kind::Accepted(1),
            [b'-', ..] => Kind::Fault,
            _ => Kind::Other,
        };
        Some(Item { length, kind })
    }

    fn post(&self, _: &User, address: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"*3\r\n$7\r\nPUBLISH\r\n$");
        out.extend_from_slice(address.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(b"\r\n$64\r\n");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn hears_posters(&self) -> bool {
        false
    }

    fn answers(&self) -> bool {
        true
    }
}

/// A push of a message ends in its text.
fn text(push: &[u8]) -> Option<Kind<'_>> {
    if !push.starts_with(b">3\r\n$7\r\nmessage") {
        return None;
    }
    super::lines::text(push)
}

/// The length of the first whole value.
fn value(bytes: &[u8]) -> Option<usize> {
    let head = line(bytes)?;
    let (kind, digits) = bytes.split_first()?;
    let count = || number(digits).map_or(0, |(count, _)| count);
    let values = match kind {
        b'$' | b'=' => {
            let end = head + count() + 2;
            return (bytes.len() >= end).then_some(end);
        }
        b'*' | b'>' | b'~' => count(),
        b'%' => 2 * count(),
        _ => return Some(head),
    };
    // Values within values are as deep as the server makes them: two levels.
    let mut end = head;
    for _ in 0..values {
        end += value(&bytes[end..])?;
    }
    Some(end)
}

const _: () = assert!(texts::LENGTH == 64, "as the posts say");
