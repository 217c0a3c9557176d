//! A router whose driver flushes after each message, or late, or takes posts in a row at once.

use std::collections::BTreeMap;
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::limits::Limits;
use netcomm_core::name::Nickname;
use netcomm_core::preface::{ClientPreface, ServerPreface, Version};
use netcomm_core::server::{
    After, ConnId, Connection, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients,
    Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, Position, RequestId, ResumeToken, ServerMessage,
};

use crate::support::chat::{login, post};

/// Who is there at the beginning.
pub(super) const SEATS: [(&str, Face); 4] =
    [("ann", Face::Framed), ("bob", Face::Text), ("cy", Face::Framed), ("dee", Face::Text)];

/// What a server says first to whoever speaks frames.
const ACCEPTED: [u8; 8] = ServerPreface::Accepted(Version::V1).to_bytes();

#[derive(Clone, Debug)]
pub(super) enum Act {
    Post(&'static str, u8),
    Private(&'static str, u8),
    /// Several posts that are read at once; for an incarnation that never was, or from the number of the
    /// request before on.
    Row {
        room: &'static str,
        texts: Vec<String>,
        late: bool,
        again: bool,
    },
    Ask(ClientMessage<'static>),
    Everyone(u8),
    /// For an incarnation of the room that never was.
    Late(&'static str),
    /// The connection is lost, and another one logs in; hidden, if so.
    Lose(bool),
    /// Another connection takes over the session.
    Resume,
    /// The router is told to close the connection, and another one logs in.
    Close,
    /// The request before is sent again.
    Repeat(&'static str, u8),
    /// A number is left out.
    Skip,
    Pass(u64),
    Flush,
}

/// Bytes of each connection, how often something was handed out, and the most frames at once.
#[derive(Debug, Default)]
pub(super) struct Ears {
    pub(super) heard: BTreeMap<ConnId, Vec<u8>>,
    pub(super) pieces: usize,
    pub(super) longest: usize,
}

impl Deliver for Ears {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        self.pieces += 1;
        for to in to.iter() {
            let frames = message.frames(to.face);
            assert_eq!(frames.lengths().sum::<usize>(), frames.bytes().len());
            assert_eq!(frames.lengths().count(), frames.count());
            self.longest = self.longest.max(frames.count());
            assert!(frames.lengths().all(|length| length > 0));
            self.heard.entry(to.conn).or_default().extend_from_slice(frames.bytes());
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        self.heard.entry(to.conn).or_default().extend_from_slice(last.bytes(to.face));
    }
}

/// How a driver routes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It flushes after each message.
    AtOnce,
    /// It flushes when it likes.
    Late,
    /// And hands over posts in a row at once.
    InRows,
}

/// A router with its driver.
pub(super) struct Driven {
    pub(super) router: Router,
    pub(super) ears: Ears,
    pub(super) seats: Vec<ConnId>,
    pub(super) now: Instant,
    pub(super) id: u32,
    way: Way,
    /// What each row came to.
    pub(super) answers: Vec<After>,
}

impl Driven {
    pub(super) fn new(limits: &Limits, way: Way) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        let router = Router::new(limits.clone(), clock, [0; 16]);
        let mut driven = Self {
            router,
            ears: Ears::default(),
            seats: Vec::new(),
            now: Instant::EPOCH,
            id: 0,
            way,
            answers: Vec::new(),
        };
        for (nickname, face) in SEATS {
            let conn = driven.come(nickname, face, false, None);
            driven.seats.push(conn);
        }
        for seat in 0..SEATS.len() {
            driven.ask(seat, ClientMessage::Join { room: "hall" });
            driven.ask(seat, ClientMessage::CreateRoom { room: "hall" });
        }
        driven
    }

    fn come(
        &mut self,
        nickname: &str,
        face: Face,
        hidden: bool,
        resume: Option<ResumeToken>,
    ) -> ConnId {
        self.id += 1;
        let mut entropy = [0; 16];
        entropy[..4].copy_from_slice(&self.id.to_be_bytes());
        let ears = &mut self.ears;
        let conn = self.router.connect(self.now, Origin::Exempt, entropy, ears).expect("room");
        self.take(conn, &Incoming::Opened(face));
        let message = login(nickname, hidden, resume);
        self.take(conn, &Incoming::Request { id: RequestId(1), message });
        conn
    }

    /// Another connection takes a seat.
    fn come_instead(&mut self, seat: usize, hidden: bool, resume: Option<ResumeToken>) {
        let (_, face) = SEATS[seat];
        self.seats[seat] = self.come(["eve", "fay", "gus", "hal"][seat], face, hidden, resume);
        self.ask(seat, ClientMessage::Join { room: "hall" });
    }

    /// What resumes the session of a seat that speaks frames.
    fn token(&self, seat: usize) -> Option<ResumeToken> {
        let heard = self.ears.heard.get(&self.seats[seat])?;
        let mut frames = heard.strip_prefix(&ACCEPTED)?;
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        match wire::decode(decoder.next_frame(&mut frames).ok()??).ok()? {
            (_, ServerMessage::Welcome { token, .. }) => Some(token),
            _ => None,
        }
    }

    pub(super) fn take(&mut self, conn: ConnId, incoming: &Incoming<'_>) {
        let _after = self.handle(conn, incoming);
    }

    fn handle(&mut self, conn: ConnId, incoming: &Incoming<'_>) -> After {
        let Self { router, ears, now, way, .. } = self;
        if *way == Way::AtOnce {
            router.handle(*now, conn, incoming, ears)
        } else {
            router.handle_unflushed(*now, conn, incoming, ears)
        }
    }

    /// Says several things at once, as a connection reads them that has read a post for this room before.
    fn say(&mut self, conn: ConnId, room: &str, epoch: Option<u64>, first: u32, texts: &[String]) {
        let mut limits = Limits::default();
        limits.set("post_burst", 1000).expect("a limit");
        let mut connection = Connection::new(&limits, self.now);
        let _opened = connection.next(self.now, &mut &ClientPreface::OURS.to_bytes()[..]);
        connection.apply(self.now, After::LoggedIn(Nickname::new("ann").expect("a name")));
        let mut frames = Vec::new();
        let numbered = (first..).zip(texts.iter().map(String::as_str));
        for (id, text) in [(1, "before")].into_iter().chain(numbered) {
            let conversation = Conversation::room(room);
            let post = ClientMessage::Post { conversation, epoch, nonce: id.into(), text };
            wire::encode(RequestId(id), &post, &mut frames).expect("it fits");
        }
        let mut input = &frames[..];
        let _before = connection.next(self.now, &mut input);
        while let Some(posts) = connection.posts(self.now, &mut input, usize::MAX) {
            let mut last = After::Nothing;
            if self.way == Way::InRows {
                last = self.router.handle_posts(self.now, conn, &posts, &mut self.ears);
            } else {
                posts.iter().for_each(|incoming| last = self.handle(conn, &incoming));
            }
            self.answers.push(last);
        }
        assert!(input.is_empty(), "all are read in rows");
    }

    pub(super) fn ask(&mut self, seat: usize, message: ClientMessage<'_>) {
        self.id += 1;
        self.take(self.seats[seat], &Incoming::Request { id: RequestId(self.id), message });
    }

    /// What each connection heard, as if each post had a receipt of its own.
    pub(super) fn heard(&self) -> BTreeMap<ConnId, Vec<u8>> {
        let heard = self.ears.heard.iter();
        heard.map(|(conn, bytes)| (*conn, with_all_receipts(bytes))).collect()
    }

    pub(super) fn act(&mut self, seat: usize, act: &Act) {
        match act {
            Act::Post(room, text) => {
                self.ask(seat, post(Conversation::room(room), &text.to_string()));
            }
            Act::Private(name, text) => {
                self.ask(seat, post(Conversation::private(name), &text.to_string()));
            }
            Act::Row { room, texts, late, again } => {
                let first = self.id + u32::from(!again);
                self.id = first + u32::try_from(texts.len()).expect("few") - 1;
                self.say(self.seats[seat], room, late.then_some(7), first, texts);
            }
            Act::Ask(message) => self.ask(seat, message.clone()),
            Act::Everyone(text) => self.ask(seat, post(Conversation::EVERYONE, &text.to_string())),
            Act::Late(room) => {
                let (conversation, epoch) = (Conversation::room(room), Some(7));
                self.ask(seat, ClientMessage::Post { conversation, epoch, nonce: 0, text: "late" });
            }
            Act::Repeat(room, text) => {
                self.id -= 1;
                self.ask(seat, post(Conversation::room(room), &text.to_string()));
            }
            Act::Lose(hidden) => {
                self.router.disconnect(self.now, self.seats[seat], &mut self.ears);
                self.come_instead(seat, *hidden, None);
            }
            Act::Resume => {
                if let Some(token) = self.token(seat) {
                    self.come_instead(seat, false, Some(token));
                }
            }
            Act::Close => {
                self.take(self.seats[seat], &Incoming::Close(CloseCode::MALFORMED));
                self.come_instead(seat, false, None);
            }
            Act::Pass(seconds) => {
                self.now = self.now + Duration::from_secs(*seconds);
                self.router.handle_timeout(self.now, &mut self.ears);
            }
            Act::Skip => self.id += 1,
            Act::Flush => self.router.flush(&mut self.ears),
        }
    }
}

fn with_all_receipts(bytes: &[u8]) -> Vec<u8> {
    let Some(mut frames) = bytes.strip_prefix(&ACCEPTED) else {
        return bytes.to_vec();
    };
    let mut all = Vec::new();
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    while let Some(payload) = decoder.next_frame(&mut frames).expect("frames") {
        match wire::decode(payload).expect("a message") {
            (RequestId(last), ServerMessage::Posted { position, time, earlier }) => {
                for before in (0..=earlier).rev() {
                    let seq = position.seq - u64::from(before);
                    let position = Position { seq, ..position };
                    let one = ServerMessage::Posted { position, time, earlier: 0 };
                    wire::encode(RequestId(last - before), &one, &mut all).expect("it fits");
                }
            }
            (id, message) => wire::encode(id, &message, &mut all).expect("it fits"),
        }
    }
    all
}
