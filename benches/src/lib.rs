//! What the benches share: texts, frames, a chat full of members and a sink that only counts;
//! how long things took, and what a process uses.

pub mod latency;
pub mod process;

use netcomm_core::limits::Limits;
use netcomm_core::server::{
    After, ConnId, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{self, ClientMessage, Conversation, Credential, RequestId};

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

/// As many whole frames of `message` as fit into `bytes`, and their number.
///
/// # Panics
///
/// If `message` has no bytes.
#[must_use]
pub fn stream(message: &ClientMessage<'_>, bytes: usize) -> (Vec<u8>, u64) {
    let mut stream = Vec::with_capacity(bytes);
    let mut frames = 0;
    loop {
        let before = stream.len();
        wire::encode(RequestId(1000), message, &mut stream).expect("a message that can be sent");
        if stream.len() > bytes {
            stream.truncate(before);
            return (stream, frames);
        }
        frames += 1;
    }
}

/// Encodes for whoever is there, counts, and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    /// How many bytes were delivered.
    pub bytes: usize,
    /// How many messages were delivered, one for each recipient.
    pub messages: usize,
}

impl Deliver for Counter {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for recipient in to.iter() {
            self.bytes += message.bytes(recipient.face).len();
            self.messages += 1;
        }
    }

    fn close(&mut self, _: Recipient, _: &mut Outgoing<'_>) {}
}

/// A chat whose members are all in the room `lobby`.
#[derive(Debug)]
pub struct Lobby {
    router: Router,
    speaker: ConnId,
    requests: u32,
    /// What was delivered.
    pub counter: Counter,
}

impl Lobby {
    /// With a speaker and `listeners` others, who all speak `face`.
    ///
    /// # Panics
    ///
    /// If the default limits do not let so many in.
    #[must_use]
    pub fn new(listeners: u32, face: Face) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        let mut router = Router::new(Limits::default(), clock, [1; 16]);
        let mut counter = Counter::default();
        let mut enter = |number: u32| {
            let mut entropy = [0; 16];
            entropy[..4].copy_from_slice(&number.to_be_bytes());
            let conn = router
                .connect(Instant::EPOCH, Origin::Exempt, entropy, &mut counter)
                .expect("room for one more");
            let nickname = format!("user{number}");
            let login = ClientMessage::Login {
                nickname: &nickname,
                hidden: false,
                resume: None,
                credential: Credential::NONE,
                features: 0,
                extensions: Vec::new(),
            };
            let lobby = if number == 0 {
                ClientMessage::CreateRoom { room: "lobby" }
            } else {
                ClientMessage::Join { room: "lobby" }
            };
            let said = [
                Incoming::Opened(face),
                Incoming::Request { id: RequestId(1), message: login },
                Incoming::Request { id: RequestId(2), message: lobby },
            ];
            let mut after = After::Nothing;
            for incoming in said {
                after = router.handle(Instant::EPOCH, conn, incoming, &mut counter);
            }
            assert!(matches!(after, After::Joined(_)), "{after:?}");
            conn
        };
        let speaker = enter(0);
        for number in 1..=listeners {
            enter(number);
        }
        Self { router, speaker, requests: 2, counter: Counter::default() }
    }

    /// The speaker says `text` to the room.
    pub fn say(&mut self, text: &str) {
        self.requests += 1;
        let incoming = Incoming::Request { id: RequestId(self.requests), message: post(text) };
        let after = self.router.handle(Instant::EPOCH, self.speaker, incoming, &mut self.counter);
        debug_assert!(matches!(after, After::Posted(_)), "{after:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_lobby_hears_and_the_speaker_is_answered_in_frames() {
        // The text face has no words for the answer.
        for (face, answers) in [(Face::Framed, 1), (Face::Text, 0)] {
            let mut lobby = Lobby::new(5, face);
            lobby.say("hello");
            assert_eq!(lobby.counter.messages, 5 + answers, "{face:?}");
            assert!(lobby.counter.bytes >= 5 * "hello".len(), "{face:?}");
        }
    }
}
