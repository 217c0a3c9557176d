//! Some of what a chat server cannot leave undone with a post, by hand: its text is checked, a name
//! is sought, what stands around a text is written (and not sent), and the last texts are kept.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

/// So many names are known.
const NAMES: usize = 100;
/// So many messages are kept, as by netcomm.
const KEPT: usize = 1000;
/// What netcomm tells with a text: the conversation, its number there, the time and the author.
const AROUND: [u8; 36] = [b'.'; 36];

/// The time and the number, the author, the text.
type Message = ([u64; 2], [u8; 32], Box<str>);

/// What is known and kept of those who are in one room.
#[derive(Debug)]
pub(crate) struct Keeper {
    names: HashMap<String, u64>,
    messages: VecDeque<Message>,
    written: Vec<u8>,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        let names = (0..NAMES).map(|number| (format!("user-{number}"), number as u64)).collect();
        Self { names, messages: VecDeque::new(), written: Vec::new() }
    }

    /// Does it with a frame: what follows its length is taken for the text.
    pub(crate) fn keep(&mut self, frame: &[u8]) {
        let text = std::str::from_utf8(&frame[4..]).unwrap_or_default();
        let author = self.names.get(black_box("user-17")).copied().unwrap_or_default();
        self.written.clear();
        self.written.extend_from_slice(&frame[..4]);
        self.written.extend_from_slice(&AROUND);
        self.written.extend_from_slice(text.as_bytes());
        black_box(&self.written);
        self.messages.push_back(([author; 2], [b'.'; 32], text.into()));
        if self.messages.len() > KEPT {
            self.messages.pop_front();
        }
    }
}
