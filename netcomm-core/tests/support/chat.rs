//! A router, and an ear at each of its connections.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::preface::LENGTH;
use netcomm_core::server::{
    After, ConnId, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, Credential, Position, RefusalCode, RequestId,
    ResumeToken, ServerMessage,
};

/// A router with its clock and what it has said.
pub struct Chat {
    pub router: Router,
    pub now: Instant,
    pub ears: Ears,
    connects: u8,
    requests: u32,
}

/// What every connection was sent and has not been asked about yet.
#[derive(Default)]
pub struct Ears {
    heard: BTreeMap<ConnId, Heard>,
    /// Those that were closed or lost: nothing may be said to them any more.
    over: BTreeSet<ConnId>,
}

/// What one connection was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub bytes: Vec<u8>,
    pub closed: bool,
}

impl Chat {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A chat with some limits set.
    pub fn with(set: &[(&str, u64)]) -> Self {
        let mut limits = Limits::default();
        for (name, value) in set {
            limits.set(name, *value).expect("a limit within its range");
        }
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(1_000_000));
        Self {
            router: Router::new(limits, clock, [0; 16]),
            now: Instant::EPOCH,
            ears: Ears::default(),
            connects: 0,
            requests: 0,
        }
    }

    /// A connection that has said its preface.
    pub fn connect(&mut self) -> ConnId {
        self.open(Face::Framed)
    }

    pub fn open(&mut self, face: Face) -> ConnId {
        self.connects += 1;
        let conn = self.try_connect(Origin::Exempt).expect("a connection");
        let after = self.router.handle(self.now, conn, &Incoming::Opened(face), &mut self.ears);
        assert_eq!(after, After::Nothing);
        if face == Face::Framed {
            let heard = self.ears.take(conn);
            assert_eq!(heard.bytes.len(), LENGTH);
        }
        conn
    }

    pub fn try_connect(&mut self, origin: Origin) -> Result<ConnId, CloseCode> {
        self.connects = self.connects.wrapping_add(1);
        self.router.connect(self.now, origin, [self.connects; 16], &mut self.ears)
    }

    /// A user who has just logged in.
    pub fn user(&mut self, nickname: &str) -> ConnId {
        let conn = self.connect();
        let (resumed, _) = self.login(conn, nickname, false, None);
        assert!(!resumed);
        conn
    }

    /// Logs in or resumes; answers whether it was resumed, and the token.
    pub fn login(
        &mut self,
        conn: ConnId,
        nickname: &str,
        hidden: bool,
        resume: Option<ResumeToken>,
    ) -> (bool, ResumeToken) {
        let heard = self.ask(conn, &login(nickname, hidden, resume));
        let (_, message) = heard.messages().remove(0);
        match message {
            ServerMessage::Welcome { resumed, token, .. } => (resumed, token),
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Sends a request; answers what the connection hears from then on.
    pub fn ask(&mut self, conn: ConnId, message: &ClientMessage<'_>) -> Heard {
        self.requests += 1;
        self.ask_as(conn, RequestId(self.requests), message)
    }

    /// The same with a number of one's own.
    pub fn ask_as(&mut self, conn: ConnId, id: RequestId, message: &ClientMessage<'_>) -> Heard {
        self.ears.take(conn);
        let incoming = Incoming::Request { id, message: message.clone() };
        let _after = self.router.handle(self.now, conn, &incoming, &mut self.ears);
        self.ears.take(conn)
    }

    /// Asks, and expects to be granted it.
    pub fn done(&mut self, conn: ConnId, message: &ClientMessage<'_>) {
        let heard = self.ask(conn, message);
        if let ServerMessage::Refused { code, text, .. } = &heard.messages()[0].1 {
            panic!("{message:?} was refused: {code} {text}");
        }
    }

    pub fn say(&mut self, conn: ConnId, conversation: Conversation<'_>, text: &str) {
        self.done(conn, &post(conversation, text));
    }

    pub fn lose(&mut self, conn: ConnId) {
        self.router.disconnect(self.now, conn, &mut self.ears);
        self.ears.lose(conn);
    }

    /// Lets time pass, timers included.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.router.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.router.handle_timeout(self.now, &mut self.ears);
            assert!(
                self.router.poll_timeout().is_none_or(|next| next > self.now),
                "a timer that never gives up"
            );
        }
        self.now = end;
    }

    /// What a connection has heard since it was last asked.
    pub fn heard(&mut self, conn: ConnId) -> Heard {
        self.ears.take(conn)
    }
}

impl Ears {
    pub fn take(&mut self, conn: ConnId) -> Heard {
        self.heard.remove(&conn).unwrap_or_default()
    }

    /// A connection is lost.
    pub fn lose(&mut self, conn: ConnId) {
        self.over.insert(conn);
    }

    /// Forgets the preface, which is no frame.
    pub fn take_first_bytes(&mut self, conn: ConnId) {
        if let Some(heard) = self.heard.get_mut(&conn) {
            heard.bytes.drain(..LENGTH);
        }
    }
}

impl Deliver for Ears {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            assert!(!self.over.contains(&to.conn), "something was said after the last words");
            let heard = self.heard.entry(to.conn).or_default();
            heard.bytes.extend_from_slice(message.bytes(to.face));
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        assert!(self.over.insert(to.conn), "a connection that is over was closed");
        let heard = self.heard.entry(to.conn).or_default();
        heard.bytes.extend_from_slice(last.bytes(to.face));
        heard.closed = true;
    }
}

impl Heard {
    /// The frames, decoded.
    pub fn messages(&self) -> Vec<(RequestId, ServerMessage<'_>)> {
        let mut messages = Vec::new();
        let mut rest = &self.bytes[..];
        while let Some((header, after)) = rest.split_first_chunk() {
            let (payload, after) = after.split_at(u32::from_be_bytes(*header) as usize);
            rest = after;
            messages.push(wire::decode(payload).expect("a message"));
        }
        messages
    }

    /// Only what was said, without ids.
    pub fn events(&self) -> Vec<ServerMessage<'_>> {
        self.messages().into_iter().map(|(_, message)| message).collect()
    }

    /// The texts of the messages.
    pub fn texts(&self) -> Vec<&str> {
        let text = |message| match message {
            ServerMessage::Message { text, .. } => Some(text),
            _ => None,
        };
        self.messages().into_iter().filter_map(|(_, message)| text(message)).collect()
    }

    pub fn is_silent(&self) -> bool {
        self.bytes.is_empty() && !self.closed
    }
}

pub fn login(nickname: &str, hidden: bool, resume: Option<ResumeToken>) -> ClientMessage<'_> {
    ClientMessage::Login {
        nickname,
        hidden,
        resume,
        credential: Credential::NONE,
        features: 0,
        extensions: Vec::new(),
    }
}

pub fn post<'a>(conversation: Conversation<'a>, text: &'a str) -> ClientMessage<'a> {
    ClientMessage::Post { conversation, epoch: None, nonce: 0, text }
}

/// Everything of a conversation, from the first message on.
pub fn history(conversation: Conversation<'_>) -> ClientMessage<'_> {
    ClientMessage::History {
        conversation,
        epoch: None,
        first: 1,
        last: u64::MAX,
        latest: false,
        most: 0,
    }
}

pub fn create(room: &str) -> ClientMessage<'_> {
    ClientMessage::CreateRoom { room }
}

pub fn join(room: &str) -> ClientMessage<'_> {
    ClientMessage::Join { room }
}

pub fn members(room: Option<&str>) -> ClientMessage<'_> {
    ClientMessage::Members { room, from: "" }
}

pub fn refusal(heard: &Heard) -> RefusalCode {
    match &heard.messages()[0].1 {
        ServerMessage::Refused { code, .. } => *code,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn position(heard: &Heard) -> Position {
    match heard.messages()[0].1 {
        ServerMessage::Posted { position, .. } | ServerMessage::Joined { position, .. } => position,
        ref other => panic!("no position: {other:?}"),
    }
}

pub fn names(heard: &Heard) -> Vec<String> {
    match &heard.messages()[0].1 {
        ServerMessage::Members { members, .. } => members.iter().map(ToString::to_string).collect(),
        other => panic!("no members: {other:?}"),
    }
}
