//! MQTT 3.1.1, quality of service 0.

use super::{Dialect, Item, Kind, User};
use crate::texts;

/// An MQTT broker.
pub(super) struct Mqtt;

/// Types of packets, with their flags.
const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;

impl Dialect for Mqtt {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let mut body = Vec::new();
        match (step, user.topic()) {
            (0, _) => {
                string("MQTT", &mut body);
                // Level 4, a clean session, no keep-alive.
                body.extend_from_slice(&[4, 2, 0, 0]);
                string(&user.name(), &mut body);
                packet(CONNECT, &body, out);
            }
            (1, Some(topic)) => {
                body.extend_from_slice(&[0, 1]);
                string(&topic, &mut body);
                body.push(0);
                packet(SUBSCRIBE, &body, out);
            }
            _ => return false,
        }
        true
    }

    fn has_entered(&self, step: usize, item: &[u8]) -> bool {
        let (kind, accepted) = if step == 0 { (CONNACK, 3) } else { (SUBACK, 4) };
        item.first() == Some(&kind) && item.get(accepted) == Some(&0)
    }

    fn item<'b>(&self, _: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        let (mut body, mut rest, mut shift) = (0, bytes.get(1..)?, 0);
        loop {
            let (byte, more) = rest.split_first()?;
            rest = more;
            body |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 21 {
                break;
            }
        }
        let length = bytes.len() - rest.len() + body;
        let item = bytes.get(..length)?;
        let text = item.len().checked_sub(texts::LENGTH).map(|start| &item[start..]);
        let kind = match (item[0], text) {
            (PUBLISH, Some(text)) if texts::is_one(text) => Kind::Text(text),
            (CONNACK | SUBACK, _) => Kind::Other,
            _ => Kind::Fault,
        };
        Some(Item { length, kind })
    }

    fn post(&self, _: &User, address: &str, _: u32, text: &str, out: &mut Vec<u8>) {
        let length = 2 + address.len() + text.len();
        out.extend_from_slice(&[PUBLISH, u8::try_from(length).expect("a short post")]);
        string(address, out);
        out.extend_from_slice(text.as_bytes());
    }

    fn hears_posters(&self) -> bool {
        false
    }

    fn answers(&self) -> bool {
        false
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    let length = u16::try_from(text.len()).expect("a short string");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn packet(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[kind, u8::try_from(body.len()).expect("a short packet")]);
    out.extend_from_slice(body);
}
