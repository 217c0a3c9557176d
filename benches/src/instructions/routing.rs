//! From a socket's bytes to what is pushed into mailboxes.

use std::time::Duration;

use netcomm_benches::{Counter, Lobby, text};
use netcomm_core::frame::HEADER;
use netcomm_core::limits::Limits;
use netcomm_core::name::Nickname;
use netcomm_core::preface::ClientPreface;
use netcomm_core::server::{After, ConnId, Connection, Face, Incoming, Next, Origin, Router};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{self, ClientMessage, Conversation, Credential, RequestId};

use crate::Case;

const TEXT: usize = 64;

/// So many posts are read at once.
const BATCH: u32 = 64;

/// The first request's number: from there on, two million take three bytes each.
const FIRST: u32 = 1 << 14;

/// After so many, as many are forgotten as are kept.
const HISTORY: u64 = 2_000;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, size: usize, run| {
        cases.push(Case { name: format!("{name} {size}"), floor: None, run, size });
    };
    for size in [10, 100, 1000] {
        add("post to a framed room of", size, framed_room);
        add("post to a text room of", size, text_room);
    }
    add("read and route a private post of", TEXT, private);
    cases
}

/// As a server does it: what one read has brought is routed, then handed out.
fn private(size: usize, times: u64) {
    let mut limits = Limits::default();
    for limit in ["post_burst", "posts_per_minute"] {
        limits.set(limit, 1_000_000_000).expect("a limit");
    }
    let mut chat = Chat::new(&limits);
    let speaker = chat.enter("alice");
    chat.enter("bob");
    let text = text(size);
    let message = ClientMessage::Post {
        conversation: Conversation::private("bob"),
        epoch: None,
        nonce: 0x0123_4567_89ab_cdef,
        text: &text,
    };
    let mut connection = chat.connection();
    let mut batch = Vec::new();
    for number in 0..BATCH {
        wire::encode(RequestId(FIRST + number), &message, &mut batch).expect("it fits");
    }
    let frame = batch.len() / BATCH as usize;
    let mut id = FIRST;
    for _ in 0..(times + HISTORY).div_ceil(u64::from(BATCH)) {
        // Only the number of each changes, in place: writing posts is not what is counted.
        for post in batch.chunks_mut(frame) {
            post[HEADER..HEADER + 3].copy_from_slice(&three_bytes(id));
            id += 1;
        }
        chat.feed(speaker, &mut connection, &batch);
    }
}

/// A number as a varint; one of those that take three bytes.
const fn three_bytes(number: u32) -> [u8; 3] {
    let [low, high, top, _] =
        (number & 0x7f | (number & 0x3f80) << 1 | (number & 0x1f_c000) << 2).to_le_bytes();
    [low | 0x80, high | 0x80, top]
}

struct Chat {
    router: Router,
    limits: Limits,
    counter: Counter,
    entered: u8,
}

impl Chat {
    fn new(limits: &Limits) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(1_795_000_000_000));
        let router = Router::new(limits.clone(), clock, [1; 16]);
        Self { router, limits: limits.clone(), counter: Counter::default(), entered: 0 }
    }

    fn enter(&mut self, nickname: &str) -> ConnId {
        self.entered += 1;
        let entropy = [self.entered; 16];
        let connected =
            self.router.connect(Instant::EPOCH, Origin::Exempt, entropy, &mut self.counter);
        let conn = connected.expect("room for one more");
        let login = ClientMessage::Login {
            nickname,
            hidden: false,
            resume: None,
            credential: Credential::NONE,
            features: 0,
            extensions: Vec::new(),
        };
        let said = [
            Incoming::Opened(Face::Framed),
            Incoming::Request { id: RequestId(1), message: login },
        ];
        for incoming in said {
            let after = self.router.handle(Instant::EPOCH, conn, incoming, &mut self.counter);
            assert!(matches!(after, After::Nothing | After::LoggedIn(_)), "{after:?}");
        }
        conn
    }

    /// A socket's state, as after the login.
    fn connection(&self) -> Connection {
        let mut connection = Connection::new(&self.limits, Instant::EPOCH);
        let preface = ClientPreface::OURS.to_bytes();
        let opened = connection.next(Instant::EPOCH, &mut &preface[..]);
        assert!(matches!(opened, Next::Message(Incoming::Opened(Face::Framed))), "{opened:?}");
        let nickname = Nickname::new("alice").expect("a nickname");
        connection.apply(Instant::EPOCH, After::LoggedIn(nickname));
        connection
    }

    fn feed(&mut self, conn: ConnId, connection: &mut Connection, mut bytes: &[u8]) {
        let now = Instant::EPOCH + Duration::from_secs(1);
        while let Next::Message(incoming) = connection.next(now, &mut bytes) {
            let after = self.router.handle_unflushed(now, conn, incoming, &mut self.counter);
            connection.apply(now, after);
        }
        self.router.flush(&mut self.counter);
    }
}

fn framed_room(size: usize, times: u64) {
    room(size, Face::Framed, times);
}

fn text_room(size: usize, times: u64) {
    room(size, Face::Text, times);
}

fn room(size: usize, face: Face, times: u64) {
    let listeners = u32::try_from(size).unwrap_or(u32::MAX);
    let mut lobby = Lobby::new(listeners, face);
    let text = text(TEXT);
    for _ in 0..times {
        lobby.say(&text);
    }
}
