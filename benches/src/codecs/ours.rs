//! Version 1, by hand and by netcomm.

use std::hint::black_box;

use netcomm_core::frame::{FrameDecoder, HEADER, MAX_PAYLOAD};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{self, ClientMessage, Conversation, Position, RequestId, ServerMessage};

use super::{Reader, Writer};
use crate::by_hand::{self, Said};
use crate::post;

/// The variant of a message that is delivered.
const MESSAGE: u8 = 10;

/// Longer than any message of the benches.
const ROOM: usize = 1024;

/// The floor.
#[derive(Debug)]
pub struct ByHand {
    /// The beginning of a frame whose end has not come.
    carry: Vec<u8>,
    /// How long it must be before it is looked at.
    wanted: usize,
    out: Vec<u8>,
}

impl Default for ByHand {
    fn default() -> Self {
        Self { carry: Vec::new(), wanted: HEADER, out: vec![0; ROOM] }
    }
}

impl Reader for ByHand {
    fn post(text: &str) -> Vec<u8> {
        Netcomm::post(text)
    }

    fn read(&mut self, mut chunk: &[u8]) -> u64 {
        let mut posts = 0;
        if !self.carry.is_empty() {
            if !self.complete(&mut chunk) {
                return 0;
            }
            posts += u64::from(next(&mut &self.carry[..]));
            self.carry.clear();
        }
        while next(&mut chunk) {
            posts += 1;
        }
        self.carry.extend_from_slice(chunk);
        self.wanted = HEADER;
        posts
    }
}

impl ByHand {
    /// Moves input to the carry until that is a whole frame; answers whether it is.
    fn complete(&mut self, chunk: &mut &[u8]) -> bool {
        if self.wanted == HEADER {
            if !self.fill(chunk) {
                return false;
            }
            let header = self.carry.first_chunk::<HEADER>().copied().unwrap_or_default();
            self.wanted += u32::from_be_bytes(header) as usize;
        }
        self.fill(chunk)
    }

    fn fill(&mut self, chunk: &mut &[u8]) -> bool {
        let missing = self.wanted.saturating_sub(self.carry.len());
        let (head, rest) = chunk.split_at(missing.min(chunk.len()));
        self.carry.extend_from_slice(head);
        *chunk = rest;
        self.carry.len() >= self.wanted
    }
}

fn next(input: &mut &[u8]) -> bool {
    let Some(post) = by_hand::decode(black_box(input)) else {
        return false;
    };
    black_box((post.id, post.kind, post.name, post.epoch, post.nonce, post.text));
    true
}

impl Writer for ByHand {
    type Message<'a> = Said<'a>;

    fn message(said: Said<'_>) -> Said<'_> {
        said
    }

    fn write(&mut self, said: &Said<'_>) -> usize {
        let written = by_hand::encode(MESSAGE, said, &mut self.out);
        // Else nobody reads what is written, and it need not be.
        black_box(&mut self.out);
        written
    }
}

/// What the server and the client use.
#[derive(Debug)]
pub struct Netcomm {
    frames: FrameDecoder,
    out: Vec<u8>,
}

impl Default for Netcomm {
    fn default() -> Self {
        Self { frames: FrameDecoder::new(MAX_PAYLOAD), out: Vec::with_capacity(ROOM) }
    }
}

impl Reader for Netcomm {
    fn post(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        wire::encode(RequestId(1000), &post(text), &mut out).expect("it fits");
        out
    }

    fn read(&mut self, mut chunk: &[u8]) -> u64 {
        let mut posts = 0;
        while let Some(payload) = self.frames.next_frame(black_box(&mut chunk)).expect("frames") {
            black_box(wire::decode::<ClientMessage<'_>>(payload).expect("a post"));
            posts += 1;
        }
        posts
    }
}

impl Writer for Netcomm {
    type Message<'a> = ServerMessage<'a>;

    fn message(said: Said<'_>) -> ServerMessage<'_> {
        ServerMessage::Message {
            conversation: Conversation::room(said.name),
            position: Position { epoch: said.epoch, seq: said.seq },
            time: UnixMillis(said.time),
            author: said.author,
            text: said.text,
        }
    }

    fn write(&mut self, message: &ServerMessage<'_>) -> usize {
        self.out.clear();
        wire::encode(RequestId::NONE, message, &mut self.out).expect("it fits");
        black_box(&mut self.out).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codecs::said;
    use crate::text;

    #[test]
    fn the_floors_read_and_write_the_same_bytes() {
        let text = text(64);
        let bytes = Netcomm::post(&text);
        let decoded = by_hand::decode(&mut &bytes[..]).unwrap();
        assert_eq!((decoded.id, decoded.kind, decoded.name), (1000, 1, "lobby"));
        assert_eq!((decoded.epoch, decoded.nonce), (None, 0x0123_4567_89ab_cdef));
        assert_eq!(decoded.text, text);
        let said = said(&text);
        let mut expected = Vec::new();
        wire::encode(RequestId::NONE, &Netcomm::message(said), &mut expected).unwrap();
        let mut by_hand = ByHand::default();
        let length = by_hand.write(&said);
        assert_eq!(by_hand.out[..length], expected);
    }
}
