//! What the benches share: texts, the same message through several codecs, a chat full of members
//! and a sink that only counts, people at the text face, mailboxes; how long things took, and what
//! a process uses.

pub mod by_hand;
pub mod codecs;
pub mod latency;
mod lobby;
mod mailboxes;
pub mod process;
mod typist;

pub use lobby::{Counter, Lobby};
pub use mailboxes::Mailboxes;
pub use typist::Typist;

use netcomm_core::wire::{ClientMessage, Conversation};

/// A text of `length` bytes.
#[must_use]
pub fn text(length: usize) -> String {
    "the quick brown fox ".chars().cycle().take(length).collect()
}

/// A post of `text` into a room.
#[must_use]
pub const fn post(text: &str) -> ClientMessage<'_> {
    ClientMessage::Post {
        conversation: Conversation::room("lobby"),
        epoch: None,
        nonce: 0x0123_4567_89ab_cdef,
        text,
    }
}
