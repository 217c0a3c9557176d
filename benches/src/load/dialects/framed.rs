//! netcomm's framed protocol.

use netcomm_core::wire::{self, ClientMessage, Conversation, Credential, RequestId, ServerMessage};

use super::{Dialect, Item, Kind, Place, User};
use crate::texts;

/// The framed face.
pub(super) struct Framed;

/// The client's preface: version 1 to 1.
const PREFACE: [u8; 8] = [0x9e, b'N', b'E', b'T', 0, 1, 0, 1];
/// What a message's payload begins with: an event, and the variant.
const MESSAGE: [u8; 2] = [0, 10];
/// Requests before the first post: login and room.
const REQUESTS: u32 = 2;

impl Dialect for Framed {
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool {
        let (name, address) = (user.name(), user.address());
        let (id, message) = match (step, user.place) {
            (0, _) => {
                out.extend_from_slice(&PREFACE);
                return true;
            }
            (1, _) => (
                1,
                ClientMessage::Login {
                    nickname: &name,
                    hidden: false,
                    resume: None,
                    credential: Credential::NONE,
                    features: 0,
                    extensions: Vec::new(),
                },
            ),
            (2, Place::Room { is_first: true, .. }) => {
                (2, ClientMessage::CreateRoom { room: &address })
            }
            (2, Place::Room { .. }) => (2, ClientMessage::Join { room: &address }),
            _ => return false,
        };
        wire::encode(RequestId(id), &message, out).expect("a message that can be sent");
        true
    }

    fn has_entered(&self, step: usize, item: &[u8]) -> bool {
        match step {
            0 => item == PREFACE[..6].iter().chain(&[0, 0]).copied().collect::<Vec<_>>(),
            1 => matches!(decoded(item), Some((RequestId(1), ServerMessage::Welcome { .. }))),
            _ => matches!(decoded(item), Some((RequestId(2), ServerMessage::Joined { .. }))),
        }
    }

    fn item<'b>(&self, step: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>> {
        if step == Some(0) {
            return (bytes.len() >= 8).then_some(Item { length: 8, kind: Kind::Other });
        }
        let header = bytes.first_chunk::<4>()?;
        let length = 4 + usize::try_from(u32::from_be_bytes(*header)).ok()?;
        let payload = bytes.get(4..length)?;
        // A message ends in its text.
        if payload.starts_with(&MESSAGE) && payload.len() > texts::LENGTH {
            let text = &payload[payload.len() - texts::LENGTH..];
            return Some(Item { length, kind: Kind::Text(text) });
        }
        let kind = match decoded(&bytes[..length]) {
            Some((_, ServerMessage::Posted { earlier, .. })) => {
                Kind::Accepted(u64::from(earlier) + 1)
            }
            Some((_, ServerMessage::Ping { nonce })) => {
                let mut reply = Vec::new();
                let pong = ClientMessage::Pong { nonce };
                wire::encode(RequestId(0), &pong, &mut reply).expect("a message that can be sent");
                Kind::Call(reply)
            }
            Some((_, ServerMessage::Refused { .. } | ServerMessage::Closing { .. })) | None => {
                Kind::Fault
            }
            Some(_) => Kind::Other,
        };
        Some(Item { length, kind })
    }

    fn post(&self, user: &User, address: &str, id: u32, text: &str, out: &mut Vec<u8>) {
        let conversation = match user.place {
            Place::Nowhere => Conversation::EVERYONE,
            Place::Room { .. } => Conversation::room(address),
            Place::Pair { .. } => Conversation::private(address),
        };
        let message = ClientMessage::Post { conversation, epoch: None, nonce: u64::from(id), text };
        wire::encode(RequestId(REQUESTS + id), &message, out).expect("a message that can be sent");
    }

    fn hears_posters(&self) -> bool {
        true
    }

    fn answers(&self) -> bool {
        true
    }
}

fn decoded(frame: &[u8]) -> Option<(RequestId, ServerMessage<'_>)> {
    wire::decode(frame.get(4..)?).ok()
}
