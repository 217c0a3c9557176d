//! NATS.

use super::lines::{line, number};
use super::{Dialect, Item, Kind, User};
use crate::texts;

/// A NATS server.
pub(super) struct Nats;

impl Dialect for Nats {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let said = match (step, user.topic()) {
            (0, _) => {
                "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\nPING\r\n".into()
            }
            (1, Some(topic)) => format!("SUB {topic} 1\r\nPING\r\n"),
            _ => return false,
        };
        out.extend_from_slice(said.as_bytes());
        true
    }

    fn has_entered(&self, _: usize, item: &[u8]) -> bool {
        item == b"PONG\r\n"
    }

    fn item<'b>(&self, _: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let head = line(bytes)?;
        let line = &bytes[..head];
        if !line.starts_with(b"MSG ") {
            let kind = match line {
                b"PING\r\n" => Kind::Call(b"PONG\r\n".to_vec()),
                [b'-', ..] => Kind::Fault,
                _ => Kind::Other,
            };
            return Some(Item { length: head, kind });
        }
        let digits = line.iter().rposition(|byte| *byte == b' ').unwrap_or(0) + 1;
        let length = number(&line[digits..]).map_or(0, |(number, _)| number);
        let text = bytes.get(head..head + length + 2)?;
        let text = &text[..length];
        let kind = if texts::is_one(text) { Kind::Text(text) } else { Kind::Fault };
        Some(Item { length: head + length + 2, kind })
    }

    fn post(&self, _: &User, address: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PUB ");
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(b" 64\r\n");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn hears_posters(&self) -> bool {
        false
    }

    fn answers(&self) -> bool {
        false
    }
}

const _: () = assert!(texts::LENGTH == 64, "as the posts say");
