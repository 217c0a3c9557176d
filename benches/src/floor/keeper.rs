//! What a chat server cannot leave undone with a post, by hand: it is read and checked as it comes
//! in version 1, a name is sought, the delivery is written (and not sent), and the last texts are
//! kept.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

use netcomm_benches::by_hand::{self, Said};
use netcomm_core::frame::HEADER;
use netcomm_core::wire::{self, ClientMessage, Conversation, RequestId};

/// So many names are known.
const NAMES: usize = 100;
/// So many messages are kept, as by netcomm.
const KEPT: usize = 1000;
/// A delivery's number on the wire, and the kind of conversation.
const DELIVERY: (u8, u16) = (10, 2);
/// In milliseconds since 1970.
const NOW: u64 = 1_795_000_000_000;

/// The time and the number, the nonce, the author, the text.
type Message = ([u64; 2], u64, [u8; 32], Box<str>);

/// What is known and kept of those who are in one room.
#[derive(Debug)]
pub(crate) struct Keeper {
    names: HashMap<String, u64>,
    messages: VecDeque<Message>,
    /// A post of version 1, and how long its text is.
    post: Vec<u8>,
    length: usize,
    delivery: Vec<u8>,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        let names = (0..NAMES).map(|number| (format!("user-{number}"), number as u64)).collect();
        Self {
            names,
            messages: VecDeque::new(),
            post: Vec::new(),
            length: 0,
            delivery: vec![0; 16 * 1024],
        }
    }

    /// Does it with a frame: what follows its length is taken for the text.
    pub(crate) fn keep(&mut self, frame: &[u8]) {
        let text = &frame[HEADER..];
        self.say(text);
        let Some(post) = by_hand::decode(&mut black_box(&self.post[..])) else { return };
        let seq = self.names.get(post.name).copied().unwrap_or_default();
        let said = Said {
            kind: DELIVERY.1,
            name: "user-18",
            epoch: post.nonce,
            seq,
            time: NOW,
            author: "user-18",
            text: post.text,
        };
        by_hand::encode(DELIVERY.0, &said, &mut self.delivery);
        black_box(&self.delivery);
        self.messages.push_back(([NOW, seq], post.nonce, [b'.'; 32], post.text.into()));
        if self.messages.len() > KEPT {
            self.messages.pop_front();
        }
    }

    /// Makes a post of it: but for the first time only the bytes of the text are copied.
    fn say(&mut self, text: &[u8]) {
        if self.length != text.len() {
            self.length = text.len();
            let conversation = Conversation::private("user-17");
            let text = &"x".repeat(text.len());
            let nonce = 0x0123_4567_89ab_cdef;
            let post = ClientMessage::Post { conversation, epoch: None, nonce, text };
            self.post.clear();
            wire::encode(RequestId(1 << 14), &post, &mut self.post).expect("a short post");
        }
        let start = self.post.len() - text.len();
        self.post[start..].copy_from_slice(text);
    }
}
