//! A client's session against a server that may say anything.

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use netcomm_core::client::{Event, Output, Session, SessionConfig};
use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::limits::Limit;
use netcomm_core::preface::{ClientPreface, ServerPreface, Version};
use netcomm_core::time::Instant;
use netcomm_core::wire::{self, ClientMessage, RequestId};

use crate::heap;
use crate::said::{message, place, word};

/// Whatever comes from the server and whatever the user asks for: the session sends a preface and
/// frames, answers each request once, holds no more than it was told, and ends when it is to.
pub fn session(data: &[u8]) {
    let mut choices = Unstructured::new(data);
    let mut user = User::new();
    while !choices.is_empty() && !user.ended {
        if user.step(&mut choices).is_err() {
            break;
        }
    }
    user.leave();
}

/// A user, its session, and the connection below it.
struct User {
    session: Session,
    now: Instant,
    link: Link,
    sent: FrameDecoder,
    /// What the server was asked on this connection and has not answered.
    asked: Vec<(RequestId, &'static str)>,
    /// What the user asked and was not told of.
    open: BTreeSet<RequestId>,
    ended: bool,
    /// Bytes that came from either side.
    told: usize,
    /// What was on the heap before.
    heap: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Wanted,
    /// The session has said its preface.
    Greeted,
    /// And has asked to be logged in.
    LoggingIn,
}

impl User {
    fn new() -> Self {
        let heap = heap::live();
        let mut config = SessionConfig::new("ann");
        config.rooms = vec!["tea".into()];
        let mut user = Self {
            session: Session::new(config, Instant::EPOCH, 7),
            now: Instant::EPOCH,
            link: Link::Down,
            sent: FrameDecoder::new(MAX_PAYLOAD),
            asked: Vec::new(),
            open: BTreeSet::new(),
            ended: false,
            told: 0,
            heap,
        };
        user.drain();
        user
    }

    fn step(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        let choice: u8 = choices.arbitrary()?;
        match choice % 16 {
            0 => {
                let length = usize::from(choices.arbitrary::<u8>()?).min(choices.len());
                let bytes = choices.bytes(length)?;
                self.hear(bytes, usize::from(choice / 16) + 1);
            }
            1..=5 => {
                let answered = if choice % 16 < 4 { self.asked.pop() } else { None };
                let (id, name) = answered.unwrap_or((RequestId::NONE, ""));
                let message = message(choices, name)?;
                let mut frame = Vec::new();
                if wire::encode(id, &message, &mut frame).is_ok() {
                    self.hear(&frame, usize::from(choice / 16) * 8 + 1);
                }
            }
            6 | 7 => {
                if let Output::Wait(Some(due)) = self.session.poll_output() {
                    self.now = self.now.max(due);
                }
                self.session.handle_timeout(self.now);
            }
            8 => {
                self.now = self.now + Duration::from_millis(choices.arbitrary::<u16>()?.into());
                self.session.handle_timeout(self.now);
            }
            9 | 10 => {
                let (to, text) = (place(choices)?, word(choices)?);
                self.told += text.len() + 64;
                let asked = self.session.post(self.now, to, text);
                self.note(asked.ok());
            }
            11 | 12 => {
                let message = request(choices)?;
                self.told += 128;
                let asked = self.session.request(self.now, &message);
                self.note(asked.ok());
            }
            13 | 14 => self.link_changes(choice),
            _ if choice == u8::MAX => self.session.quit(self.now),
            _ => {
                let _refused = self.session.set_nickname(self.now, word(choices)?);
            }
        }
        self.told += 16;
        self.drain();
        Ok(())
    }

    fn link_changes(&mut self, choice: u8) {
        match self.link {
            Link::Down => {}
            Link::Wanted if choice < 240 => {
                self.session.handle_connected(self.now);
                self.drain();
                if choice < 220 {
                    self.hear(&ServerPreface::Accepted(Version::V1).to_bytes(), 3);
                }
            }
            Link::Greeted | Link::LoggingIn if choice < 128 => {}
            Link::Wanted | Link::Greeted | Link::LoggingIn => {
                self.link = Link::Down;
                self.session.handle_disconnected(self.now);
            }
        }
    }

    /// The server says something, in pieces.
    fn hear(&mut self, bytes: &[u8], piece: usize) {
        self.told += bytes.len();
        for piece in bytes.chunks(piece) {
            if matches!(self.link, Link::Greeted | Link::LoggingIn) {
                self.session.receive(self.now, piece);
                self.drain();
            }
        }
    }

    fn note(&mut self, asked: Option<RequestId>) {
        let Some(id) = asked else { return };
        assert!(self.open.insert(id), "{id:?} was given out twice");
        self.drain();
        let most = usize::try_from(self.session.limit(Limit::Unanswered)).unwrap_or(usize::MAX);
        let unanswered = |name: &str| !["login", "ping", "quit"].contains(&name);
        let waiting = self.asked.iter().filter(|(_, name)| unanswered(name)).count();
        // The user may ping too.
        assert!(waiting <= most, "{waiting} requests wait, {most} may");
    }

    /// Does what the session wants.
    fn drain(&mut self) {
        for _ in 0..64 + 4 * self.told {
            let output = self.session.poll_output();
            if let Output::Wait(_) = output {
                let held = usize::try_from(heap::grown_since(self.heap)).unwrap_or(0);
                let most = 64 * 1024 + 128 * self.told;
                assert!(held <= most, "{held} bytes are held, it was told {}", self.told);
                return;
            }
            assert!(!self.ended, "{output:?} after the end");
            self.obey(output);
        }
        panic!("the session's output does not end");
    }

    fn obey(&mut self, output: Output) {
        match output {
            Output::Connect => {
                assert_eq!(self.link, Link::Down, "a second connection");
                self.link = Link::Wanted;
                self.sent = FrameDecoder::new(MAX_PAYLOAD);
                self.asked.clear();
            }
            Output::Disconnect => self.link = Link::Down,
            Output::Transmit(bytes) => self.send(&bytes),
            Output::Event(Event::Answered { id, .. } | Event::Unknown { id, .. }) => {
                assert!(self.open.remove(&id), "{id:?} is answered twice");
                // One receipt may have answered several.
                self.asked.retain(|(asked, _)| *asked != id);
            }
            Output::Event(Event::Ended { .. }) => {
                assert!(self.open.is_empty(), "{:?} were never answered", self.open);
                self.ended = true;
            }
            Output::Event(_) => {}
            Output::Wait(_) | _ => panic!("an unknown wish"),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.link == Link::Wanted {
            assert_eq!(bytes, ClientPreface::OURS.to_bytes());
            self.link = Link::Greeted;
            return;
        }
        let mut input = bytes;
        while let Some(payload) = self.sent.next_frame(&mut input).expect("a stream of frames") {
            let (id, message) = wire::decode::<ClientMessage<'_>>(payload).expect("a message");
            let is_login = matches!(message, ClientMessage::Login { .. });
            assert_eq!(is_login, self.link == Link::Greeted, "{message:?}");
            assert_ne!(self.link, Link::Down, "{message:?}");
            if is_login {
                self.link = Link::LoggingIn;
            }
            let is_pong = matches!(message, ClientMessage::Pong { .. });
            assert_eq!(is_pong, id == RequestId::NONE, "{message:?}");
            if !is_pong {
                self.asked.push((id, message.name()));
            }
        }
        assert!(self.sent.is_between_frames(), "half a frame was sent");
    }

    /// Quits; no server is needed for that.
    fn leave(&mut self) {
        self.session.quit(self.now);
        self.drain();
        for _ in 0..4 {
            if let Output::Wait(Some(due)) = self.session.poll_output() {
                self.now = self.now.max(due);
                self.session.handle_timeout(self.now);
                self.drain();
            }
        }
        assert!(self.ended, "it does not end: {:?}", self.session);
    }
}

fn request<'a>(choices: &mut Unstructured<'a>) -> Result<ClientMessage<'a>> {
    let choice: u8 = choices.arbitrary()?;
    Ok(match choice % 12 {
        0 => ClientMessage::Join { room: word(choices)? },
        1 => ClientMessage::CreateRoom { room: word(choices)? },
        2 => ClientMessage::Leave { room: word(choices)? },
        3 => ClientMessage::Rename { nickname: word(choices)? },
        4 => ClientMessage::Hide,
        5 => ClientMessage::Reveal,
        6 => ClientMessage::Members { room: None, from: word(choices)? },
        7 => ClientMessage::Rooms { from: word(choices)? },
        8 => ClientMessage::History {
            conversation: place(choices)?,
            epoch: None,
            first: 1,
            last: u64::MAX,
            latest: choice > 128,
            most: 0,
        },
        9 => ClientMessage::Conversations { from: place(choices)? },
        10 => ClientMessage::Post {
            conversation: place(choices)?,
            epoch: Some(1),
            nonce: 0,
            text: word(choices)?,
        },
        _ => ClientMessage::Quit,
    })
}
