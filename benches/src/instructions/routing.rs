//! From a socket's bytes to what is pushed into mailboxes.

use std::hint::black_box;
use std::time::Duration;

use netcomm_benches::{Counter, Lobby, Mailboxes, text};
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

const BOTH: [Face; 2] = [Face::Framed, Face::Text];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, size: usize, run| {
        cases.push(Case { name: format!("{name} {size}"), floor: None, run, size });
    };
    for size in [1, 10, 100, 1000] {
        add("post to a framed room of", size, framed_room);
        add("post to a text room of", size, text_room);
    }
    for size in [10, 100, 1000] {
        add("post to a room, half framed, half text, of", size, mixed_room);
    }
    for size in [10, 100, 1000] {
        add("broadcast to", size, broadcast);
        add("leave and join a room of", size, leave_and_join);
    }
    // A thousand would take valgrind minutes.
    for size in [10, 100] {
        add("hide and reveal in a room of", size, hide_and_reveal);
    }
    add("look up a name and post to it, among", 1000, look_up);
    add("read and route a private post of", TEXT, private);
    for size in [100, 1000] {
        let name = |how| format!("push, take and write in mailboxes, {how}, {size}");
        let floor = name("floor");
        cases.push(Case { name: floor.clone(), floor: None, run: vectors, size });
        cases.push(Case { name: name("netcomm"), floor: Some(floor), run: mailboxes, size });
    }
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
            let after = self.router.handle(Instant::EPOCH, conn, &incoming, &mut self.counter);
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
        loop {
            while let Some(posts) = connection.posts(now, &mut bytes, BATCH as usize) {
                let after = self.router.handle_posts(now, conn, &posts, &mut self.counter);
                connection.apply(now, after);
            }
            let Next::Message(incoming) = connection.next(now, &mut bytes) else { break };
            let after = self.router.handle_unflushed(now, conn, &incoming, &mut self.counter);
            connection.apply(now, after);
        }
        self.router.flush(&mut self.counter);
    }
}

fn framed_room(size: usize, times: u64) {
    room(size, &[Face::Framed], times);
}

fn text_room(size: usize, times: u64) {
    room(size, &[Face::Text], times);
}

fn mixed_room(size: usize, times: u64) {
    room(size, &BOTH, times);
}

fn room(size: usize, faces: &[Face], times: u64) {
    let mut lobby = lobby(size, faces);
    let text = text(TEXT);
    for _ in 0..times {
        lobby.say(&text);
    }
}

fn broadcast(size: usize, times: u64) {
    let mut lobby = lobby(size, &[Face::Framed]);
    let text = text(TEXT);
    for _ in 0..times {
        lobby.broadcast(&text);
    }
}

fn leave_and_join(size: usize, times: u64) {
    let mut lobby = lobby(size, &[Face::Framed]);
    for _ in 0..times {
        lobby.leave_and_join();
    }
}

fn hide_and_reveal(size: usize, times: u64) {
    let mut lobby = lobby(size, &[Face::Framed]);
    for _ in 0..times {
        lobby.hide_and_reveal();
    }
}

/// To a hundred of them in turn: a user may have so many private conversations.
fn look_up(size: usize, times: u64) {
    let mut lobby = lobby(size, &[Face::Framed]);
    let names: Vec<String> = (0..100).map(|nth| format!("user{}", nth * size / 100 + 1)).collect();
    let text = text(TEXT);
    for (name, _) in names.iter().cycle().zip(0..times) {
        lobby.whisper(name, &text);
    }
}

fn lobby(listeners: usize, faces: &[Face]) -> Lobby {
    Lobby::new(u32::try_from(listeners).unwrap_or(u32::MAX), faces)
}

/// As long as a framed post of 64 B that is delivered.
const FRAME: [u8; 110] = [7; 110];

fn mailboxes(recipients: usize, times: u64) {
    let mut mailboxes = Mailboxes::new(recipients);
    for _ in 0..times {
        black_box(mailboxes.fan_out(black_box(&FRAME)));
    }
}

/// Copied into a buffer for each recipient, which is looked at and emptied: no less will do.
fn vectors(recipients: usize, times: u64) {
    let mut waiting = vec![Vec::with_capacity(256); recipients];
    for _ in 0..times {
        for buffer in &mut waiting {
            buffer.extend_from_slice(black_box(&FRAME[..]));
        }
        for buffer in &mut waiting {
            black_box(&buffer[..]);
            buffer.clear();
        }
    }
}
