//! A client's session against the real router: what is lost with a connection is made good.

use netcomm_core::client::{Event, Output, Session, SessionConfig};
use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::server::{ConnId, Face, Incoming};
use netcomm_core::wire::{self, Conversation, RequestId};
use proptest::prelude::*;

use crate::support::chat::Chat;
use crate::support::random;

struct Peer {
    session: Session,
    conn: Option<ConnId>,
    events: Vec<Event>,
}

impl Peer {
    fn new(chat: &Chat, nickname: &str) -> Self {
        Self {
            session: Session::new(SessionConfig::new(nickname), chat.now, 1),
            conn: None,
            events: Vec::new(),
        }
    }

    /// Exchanges all that there is to say.
    fn run(&mut self, chat: &mut Chat) {
        for _ in 0..10_000 {
            match self.session.poll_output() {
                Output::Connect => {
                    let conn = chat.open(Face::Framed);
                    self.conn = Some(conn);
                    self.session.handle_connected(chat.now);
                }
                Output::Transmit(bytes) => self.transmit(chat, &bytes),
                Output::Event(event) => self.events.push(event),
                Output::Disconnect => self.lose(chat),
                _ => {
                    let heard = self.conn.map(|conn| chat.ears.take(conn).bytes);
                    match heard {
                        Some(bytes) if !bytes.is_empty() => self.session.receive(chat.now, &bytes),
                        _ => return,
                    }
                }
            }
        }
        panic!("the session does not come to rest");
    }

    fn transmit(&mut self, chat: &mut Chat, bytes: &[u8]) {
        let conn = self.conn.expect("a connection");
        if bytes == netcomm_core::preface::ClientPreface::OURS.to_bytes() {
            let version = netcomm_core::preface::Version::V1;
            let answer = netcomm_core::preface::ServerPreface::Accepted(version);
            self.session.receive(chat.now, &answer.to_bytes());
            return;
        }
        let mut input = bytes;
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        while let Some(payload) = decoder.next_frame(&mut input).expect("a frame") {
            let (id, message) = wire::decode(payload).expect("a message");
            if id == RequestId::NONE {
                continue;
            }
            let incoming = Incoming::Request { id, message };
            let _after = chat.router.handle(chat.now, conn, &incoming, &mut chat.ears);
        }
    }

    /// The connection breaks, and what was on its way to here is lost.
    fn lose(&mut self, chat: &mut Chat) {
        if let Some(conn) = self.conn.take() {
            chat.lose(conn);
            chat.ears.take(conn);
            self.session.handle_disconnected(chat.now);
        }
    }

    /// Waits until the session connects again.
    fn come_back(&mut self, chat: &mut Chat) {
        self.run(chat);
        if self.conn.is_none()
            && let Output::Wait(Some(due)) = self.session.poll_output()
        {
            chat.now = chat.now.max(due);
            self.session.handle_timeout(chat.now);
            self.run(chat);
        }
    }
}

fn texts(events: &[Event]) -> Vec<String> {
    let texts = events.iter().filter_map(|event| match event {
        Event::Message { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Says,
    Hears,
    Loses,
    Returns,
}

proptest! {
    #![proptest_config(random(64))]

    #[test]
    fn every_message_comes_once_and_in_order_whatever_connections_break(
        private in any::<bool>(),
        steps in prop::collection::vec(
            prop::sample::select(vec![Step::Says, Step::Says, Step::Hears, Step::Loses, Step::Returns]),
            0..60,
        )
    ) {
        let mut chat = Chat::new();
        let (mut ann, mut bob) = (Peer::new(&chat, "ann"), Peer::new(&chat, "bob"));
        ann.run(&mut chat);
        bob.run(&mut chat);
        let place = if private { Conversation::private("bob") } else { Conversation::EVERYONE };
        let mut said = Vec::new();
        for step in steps {
            match step {
                Step::Says => {
                    let text = said.len().to_string();
                    ann.session.post(chat.now, place, &text).expect("a post");
                    ann.run(&mut chat);
                    said.push(text);
                }
                Step::Hears => bob.run(&mut chat),
                Step::Loses => bob.lose(&mut chat),
                Step::Returns => bob.come_back(&mut chat),
            }
        }
        bob.come_back(&mut chat);
        prop_assert_eq!(texts(&bob.events), said);
    }
}
