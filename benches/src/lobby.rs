//! A chat full of members.

use netcomm_core::limits::Limits;
use netcomm_core::server::{
    After, ConnId, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{ClientMessage, Conversation, Credential, RequestId};

use crate::post;

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

/// A chat whose members are all in the room `lobby`: `user0`, who speaks, `user1` and so on.
#[derive(Debug)]
pub struct Lobby {
    router: Router,
    speaker: ConnId,
    /// Who comes and goes: the last that has come.
    guest: ConnId,
    requests: u32,
    /// What was delivered.
    pub counter: Counter,
}

impl Lobby {
    /// With a speaker and `listeners` others, who speak `faces` in turn.
    ///
    /// # Panics
    ///
    /// If the default limits do not let so many in, or there are no faces.
    #[must_use]
    pub fn new(listeners: u32, faces: &[Face]) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        let mut router = Router::new(Limits::default(), clock, [1; 16]);
        let mut counter = Counter::default();
        let mut enter = |number: u32, face: Face| {
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
                after = router.handle(Instant::EPOCH, conn, &incoming, &mut counter);
            }
            assert!(matches!(after, After::Joined(_)), "{after:?}");
            conn
        };
        let speaker = enter(0, faces[0]);
        let mut guest = speaker;
        for (number, face) in (1..=listeners).zip(faces.iter().cycle()) {
            guest = enter(number, *face);
        }
        Self { router, speaker, guest, requests: 2, counter: Counter::default() }
    }

    /// The speaker says `text` to the room.
    pub fn say(&mut self, text: &str) {
        let after = self.ask(self.speaker, post(text));
        debug_assert!(matches!(after, After::Posted(_)), "{after:?}");
    }

    /// The speaker says `text` to everyone.
    pub fn broadcast(&mut self, text: &str) {
        self.post(Conversation::EVERYONE, text);
    }

    /// The speaker says `text` to one user.
    pub fn whisper(&mut self, nickname: &str, text: &str) {
        self.post(Conversation::private(nickname), text);
    }

    /// The guest leaves the room and enters it again.
    pub fn leave_and_join(&mut self) {
        let after = self.ask(self.guest, ClientMessage::Leave { room: "lobby" });
        debug_assert!(matches!(after, After::Left(_)), "{after:?}");
        let after = self.ask(self.guest, ClientMessage::Join { room: "lobby" });
        debug_assert!(matches!(after, After::Joined(_)), "{after:?}");
    }

    /// The guest hides from all others and comes back.
    pub fn hide_and_reveal(&mut self) {
        for message in [ClientMessage::Hide, ClientMessage::Reveal] {
            let after = self.ask(self.guest, message);
            debug_assert!(matches!(after, After::Nothing), "{after:?}");
        }
    }

    fn post(&mut self, conversation: Conversation<'_>, text: &str) {
        let message = ClientMessage::Post { conversation, epoch: None, nonce: 1, text };
        let after = self.ask(self.speaker, message);
        debug_assert!(matches!(after, After::Posted(_)), "{after:?}");
    }

    fn ask(&mut self, conn: ConnId, message: ClientMessage<'_>) -> After {
        self.requests += 1;
        let incoming = Incoming::Request { id: RequestId(self.requests), message };
        self.router.handle(Instant::EPOCH, conn, &incoming, &mut self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Face; 2] = [Face::Framed, Face::Text];

    #[test]
    fn the_whole_lobby_hears_and_the_speaker_is_answered_in_frames() {
        // The text face has no words for the answer.
        for (faces, answers) in [(&[Face::Framed][..], 1), (&[Face::Text], 0), (&BOTH, 1)] {
            let mut lobby = Lobby::new(5, faces);
            lobby.say("hello");
            assert_eq!(lobby.counter.messages, 5 + answers, "{faces:?}");
            assert!(lobby.counter.bytes >= 5 * "hello".len(), "{faces:?}");
        }
    }

    #[test]
    fn everyone_hears_a_broadcast_and_one_a_whisper() {
        let mut lobby = Lobby::new(5, &[Face::Framed]);
        lobby.broadcast("hello");
        assert_eq!(lobby.counter.messages, 6);
        lobby.whisper("user3", "hello");
        assert_eq!(lobby.counter.messages, 8);
    }

    #[test]
    fn the_others_are_told_whenever_the_guest_comes_and_goes() {
        let mut lobby = Lobby::new(5, &[Face::Framed]);
        for round in 1..=100 {
            lobby.leave_and_join();
            assert_eq!(lobby.counter.messages, round * 2 * 6);
        }
        lobby.counter = Counter::default();
        for _ in 0..100 {
            lobby.hide_and_reveal();
        }
        assert!(lobby.counter.messages >= 100 * 2 * 6, "{:?}", lobby.counter);
    }
}
