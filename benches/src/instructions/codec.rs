//! Bytes to messages and back.

use std::hint::black_box;

use netcomm_benches::{post, stream, text};
use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{self, ClientMessage, Conversation, Position, RequestId, ServerMessage};

use crate::Case;
use crate::floor::{self, Said};

const TEXTS: [usize; 3] = [16, 64, 512];
const CHUNK: usize = 64 * 1024;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in TEXTS {
        let mut add = |what: &str, how: &str, run| {
            let name = |how| format!("{what}, {how}, {size} B");
            let floor = (how != "floor").then(|| name("floor"));
            cases.push(Case { name: name(how), floor, run, size });
        };
        add("decode a post", "floor", decode_by_hand);
        add("decode a post", "netcomm", decode);
        add("encode a delivery", "floor", encode_by_hand);
        add("encode a delivery", "netcomm", encode);
    }
    cases
}

fn decode_by_hand(size: usize, times: u64) {
    let (bytes, frames) = stream(&post(&text(size)), CHUNK);
    let mut left = times;
    while left > 0 {
        let mut input = black_box(&bytes[..]);
        for _ in 0..frames.min(left) {
            let post = floor::decode(black_box(&mut input)).expect("a post");
            black_box((post.id, post.kind, post.name, post.epoch, post.nonce, post.text));
            left -= 1;
        }
    }
}

fn decode(size: usize, times: u64) {
    let (bytes, frames) = stream(&post(&text(size)), CHUNK);
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    let mut left = times;
    while left > 0 {
        let mut input = black_box(&bytes[..]);
        for _ in 0..frames.min(left) {
            let payload = decoder.next_frame(black_box(&mut input)).expect("frames");
            let payload = payload.expect("a frame");
            black_box(wire::decode::<ClientMessage<'_>>(payload).expect("a post"));
            left -= 1;
        }
    }
}

/// What is delivered when somebody speaks in a room.
fn said(text: &str) -> Said<'_> {
    Said {
        kind: 1,
        name: "lobby",
        epoch: 0x0123_4567_89ab_cdef,
        seq: 12_345,
        time: 1_795_000_000_000,
        author: "user1234",
        text,
    }
}

const fn message<'a>(said: &Said<'a>) -> ServerMessage<'a> {
    ServerMessage::Message {
        conversation: Conversation::room(said.name),
        position: Position { epoch: said.epoch, seq: said.seq },
        time: UnixMillis(said.time),
        author: said.author,
        text: said.text,
    }
}

fn encode_by_hand(size: usize, times: u64) {
    let text = text(size);
    let said = black_box(said(&text));
    let mut out = vec![0; 1024];
    for _ in 0..times {
        black_box(floor::encode(10, black_box(&said), &mut out));
        black_box(&mut out);
    }
}

fn encode(size: usize, times: u64) {
    let text = text(size);
    let message = message(&black_box(said(&text)));
    let mut out = Vec::with_capacity(1024);
    for _ in 0..times {
        out.clear();
        wire::encode(RequestId::NONE, black_box(&message), &mut out).expect("it fits");
        black_box(&mut out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floors_read_and_write_the_same_bytes() {
        let text = text(64);
        let (bytes, _) = stream(&post(&text), 200);
        let decoded = floor::decode(&mut &bytes[..]).unwrap();
        assert_eq!((decoded.id, decoded.kind, decoded.name), (1000, 1, "lobby"));
        assert_eq!((decoded.epoch, decoded.nonce), (None, 0x0123_4567_89ab_cdef));
        assert_eq!(decoded.text, text);
        let said = said(&text);
        let mut expected = Vec::new();
        wire::encode(RequestId::NONE, &message(&said), &mut expected).unwrap();
        let mut out = [0; 1024];
        let length = floor::encode(10, &said, &mut out);
        assert_eq!(out[..length], expected);
    }
}
