//! The connection as its driver sees it, in virtual time.

mod framed;
mod streams;
mod text;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::name::{Nickname, RoomName};
use crate::preface::ClientPreface;
use crate::wire::{self, ClientMessage, Conversation, Credential, RefusalCode, RequestId};

fn at(millis: u64) -> Instant {
    Instant::from_epoch(Duration::from_millis(millis))
}

fn limits(changes: &[(&str, u64)]) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in changes {
        limits.set(name, *value).unwrap();
    }
    limits
}

/// Without limits that time could play a part in.
fn unlimited() -> Limits {
    limits(&[("post_burst", 1_000_000), ("query_burst", 1_000_000)])
}

/// What a router that only knows names would say.
fn route(incoming: &Incoming<'_>) -> After {
    if let Incoming::Close(_) = incoming {
        return After::Closed;
    }
    let Incoming::Request { message, .. } = incoming else {
        return After::Nothing;
    };
    if let ClientMessage::Login { nickname, .. } = message {
        return match *nickname {
            "taken" => After::Nothing,
            _ => After::LoggedIn(Nickname::new("ann").unwrap()),
        };
    }
    if let ClientMessage::Join { room } = message {
        return After::Joined(RoomName::new(room).unwrap());
    }
    if let ClientMessage::Leave { room } = message {
        return After::Left(RoomName::new(room).unwrap());
    }
    if let ClientMessage::Quit = message {
        return After::Closed;
    }
    After::Nothing
}

/// A connection with its driver.
struct Driven {
    connection: Connection,
    now: Instant,
    said: Vec<String>,
    /// Whether posts in a row are read at once.
    in_rows: bool,
}

impl Driven {
    fn new(limits: &Limits) -> Self {
        let connection = Connection::new(limits, at(0));
        Self { connection, now: at(0), said: Vec::new(), in_rows: false }
    }

    /// Gives one chunk, and waits through every pause; returns how often it paused.
    fn give(&mut self, chunk: &[u8]) -> usize {
        let mut input = chunk;
        let mut pauses = 0;
        loop {
            if self.in_rows
                && let Some(posts) = self.connection.posts(self.now, &mut input, 20)
            {
                assert_eq!(posts.iter().count(), posts.len());
                self.said.extend(posts.iter().map(|incoming| format!("{incoming:?}")));
                continue;
            }
            let (after, said) = match self.connection.next(self.now, &mut input) {
                Next::NeedsBytes | Next::Finished => return pauses,
                Next::PausedUntil(until) => {
                    assert!(until > self.now, "a pause ends later than it begins");
                    self.now = until;
                    pauses += 1;
                    continue;
                }
                Next::Farewell(last) => (After::Closed, format!("{last:?}")),
                Next::Message(incoming) => (route(&incoming), format!("{incoming:?}")),
            };
            self.said.push(said);
            self.connection.apply(self.now, after);
        }
    }

    fn end(&mut self) {
        for _ in 0..10 {
            let next = self.connection.end_of_input(self.now);
            if next == Next::Finished {
                return;
            }
            let Next::Message(incoming) = next else {
                panic!("{next:?}");
            };
            let (after, said) = (route(&incoming), format!("{incoming:?}"));
            self.said.push(said);
            self.connection.apply(self.now, after);
        }
        panic!("it does not finish");
    }

    fn last(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }
}

fn frame(id: u32, message: &ClientMessage<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(RequestId(id), message, &mut out).unwrap();
    out
}

fn login(nickname: &str) -> ClientMessage<'_> {
    ClientMessage::Login {
        nickname,
        hidden: false,
        resume: None,
        credential: Credential::NONE,
        features: 0,
        extensions: Vec::new(),
    }
}

fn post(text: &str) -> ClientMessage<'_> {
    ClientMessage::Post { conversation: Conversation::EVERYONE, epoch: None, nonce: 0, text }
}

fn framed(messages: &[ClientMessage<'_>]) -> Vec<u8> {
    let mut stream = ClientPreface::OURS.to_bytes().to_vec();
    for (id, message) in (1..).zip(messages) {
        stream.extend(frame(id, message));
    }
    stream
}

fn logged_in(limits: &Limits) -> Driven {
    let mut driven = Driven::new(limits);
    driven.give(&framed(&[login("ann")]));
    assert!(driven.last().contains("Login"), "{:?}", driven.said);
    driven
}

fn vec_of(byte: u8, length: usize) -> Vec<u8> {
    core::iter::repeat_n(byte, length).collect()
}

#[test]
fn a_connection_is_small() {
    assert!(size_of::<Connection>() < 256, "{}", size_of::<Connection>());
}

#[test]
fn requests_beyond_the_limit_are_refused_and_then_read_more_slowly() {
    let limits = limits(&[("query_burst", 2), ("queries_per_minute", 60), ("post_burst", 2)]);
    let mut driven = logged_in(&limits);
    let rooms = frame(2, &ClientMessage::Rooms { from: "" });
    assert_eq!(driven.give(&rooms.repeat(2)), 0);
    assert!(driven.last().contains("Rooms"));
    assert_eq!(driven.give(&rooms), 0);
    assert!(driven.last().contains("rate_limited"), "{}", driven.last());
    assert!(driven.last().contains("retry_after: Some(1000)"));
    assert!(driven.last().contains("queries_per_minute"));
    // A page that is refused costs no post.
    assert_eq!(driven.give(&frame(3, &post("x"))), 0);
    assert!(driven.last().contains("Post"));
    assert!(driven.give(&rooms.repeat(2)) > 0, "even refusals have an end");
    assert_eq!(driven.give(&frame(9, &ClientMessage::Quit)), 0);
    assert!(driven.last().contains("Quit"));
}

#[test]
fn the_text_face_never_takes_a_line_for_a_name_after_a_refusal() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"\r\n\n/join lobby\n/hide\ntaken\nhello\n/help join\n/nick ann\nhi\n/join lobby\nhi\n/leave lobby\nhi\nlast");
    driven.end();
    let expected = [
        "Opened(Text)",
        "not_logged_in",
        "nickname: \"taken\", hidden: true",
        "not_logged_in",
        "Help(Some(\"join\"))",
        "nickname: \"ann\", hidden: true",
        "everyone), name: \"\" }",
        "Join",
        "room), name: \"lobby\" }",
        "Leave",
        "everyone), name: \"\" }",
        "text: \"last\"",
        "Quit",
    ];
    assert_eq!(driven.said.len(), expected.len(), "{:#?}", driven.said);
    for (said, expected) in driven.said.iter().zip(expected) {
        assert!(said.contains(expected), "{said} does not contain {expected}");
    }
}

#[test]
fn one_bad_line_never_ends_the_session() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"ann\n");
    let long = vec_of(b'x', 5000);
    for (line, code) in [
        (&long[..], RefusalCode::INVALID_TEXT),
        (b"\xc0\x80", RefusalCode::INVALID_TEXT),
        (b"two \xff\xff make a byte", RefusalCode::INVALID_TEXT),
        (b"/nonsense", RefusalCode::INVALID_COMMAND),
        (b"", RefusalCode::INVALID_COMMAND),
    ] {
        driven.give(line);
        driven.give(b"\n");
        assert!(driven.last().contains(&format!("{code:?}")), "{}", driven.last());
    }
    assert!(!driven.said.iter().any(|said| said.contains("Close")));
    driven.give(b"still here\n");
    assert!(driven.last().contains("still here"));
}

#[test]
fn telnet_options_are_left_out() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"\xff\xfb\x1f\xff\xfa\x1f\n\xff\xff\xff\xf0an\xff\xf1n\xff\xfd\n\r\0");
    assert!(driven.last().contains("\"ann\""), "{:?}", driven.said);
    driven.give(b"one\r\xff\xf1\ntwo\r\0three\r\n");
    let texts = driven.said[2..].iter().zip(["one", "two", "three"]);
    for (said, text) in texts {
        assert!(said.contains(&format!("text: {text:?}")), "{said}");
    }
    assert_eq!(driven.said.len(), 5);
}

#[test]
fn http_and_broken_prefaces_are_told_so() {
    let mut http = Driven::new(&unlimited());
    http.give(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    assert_eq!(http.said[1..], ["Close(CloseCode(305 http))"]);
    for (preface, reason) in [(b"\x9eNOT\0\x01\0\x01", 3), (b"\x9eNET\0\x07\0\x09", 1)] {
        let mut driven = Driven::new(&unlimited());
        driven.give(preface);
        assert_eq!(driven.said, [format!("[158, 78, 69, 84, 0, 0, 0, {reason}]")]);
    }
}

#[test]
fn who_is_not_accepted_is_told_why_in_its_own_words() {
    let refused = |input: &[u8], code| {
        let mut connection = Connection::refusing(&unlimited(), at(0), code);
        let next = connection.next(at(0), &mut &*input);
        let Next::Farewell(last) = next else {
            panic!("{next:?}");
        };
        let last = last.to_vec();
        assert_eq!(connection.farewell_code(), Some(code));
        last
    };
    assert_eq!(refused(b"\x9e", CloseCode::FULL), b"\x9eNET\0\0\0\x02");
    assert_eq!(refused(b"\x9e", CloseCode::ADDRESS_LIMIT), b"\x9eNET\0\0\0\x05");
    assert_eq!(refused(b"a", CloseCode::FULL), farewell(Face::Text, CloseCode::FULL));
    let http = farewell(Face::Text, CloseCode::HTTP);
    assert_eq!(refused(b"GET / HTTP/1.0\r\n", CloseCode::FULL), http);

    let mut tls = Connection::refusing(&unlimited(), at(0), CloseCode::FULL);
    assert_eq!(
        tls.next(at(0), &mut &b"\x16\x03\x01"[..]),
        Next::Finished,
        "no words it would know"
    );

    let mut silent = Connection::refusing(&unlimited(), at(0), CloseCode::FULL);
    assert_eq!(silent.poll_timeout(), Some(at(1000)));
    let last = farewell(Face::Text, CloseCode::FULL);
    assert_eq!(silent.handle_timeout(at(1000)), Next::Farewell(&last));
    assert_eq!(silent.next(at(1500), &mut &b"GET"[..]), Next::NeedsBytes);
    assert_eq!(silent.poll_timeout(), Some(at(2000)));
    assert_eq!(silent.handle_timeout(at(2000)), Next::Finished);
}

#[test]
fn a_framed_peer_logs_in_in_time_or_is_cut() {
    let mut driven = Driven::new(&unlimited());
    assert_eq!(driven.connection.poll_timeout(), Some(at(60_000)));
    driven.now = at(5000);
    driven.give(&framed(&[post("x")]));
    assert!(driven.last().contains("not_logged_in"));
    assert_eq!(driven.connection.poll_timeout(), Some(at(15_000)));
    assert_eq!(driven.connection.handle_timeout(at(14_999)), Next::NeedsBytes);
    let close = Next::Message(Incoming::Close(CloseCode::LOGIN_TIMEOUT));
    assert_eq!(driven.connection.handle_timeout(at(15_000)), close);

    let mut eager = Driven::new(&unlimited());
    let tries = usize::from(life::MESSAGES_BEFORE_LOGIN);
    eager.give(&framed(&core::iter::repeat_n(login("taken"), tries).collect::<Vec<_>>()));
    assert!(eager.last().contains("Login"));
    eager.give(&frame(99, &login("ann")));
    assert!(eager.last().contains("Close"), "{}", eager.last());
}

#[test]
fn silence_is_asked_about_and_then_cut_but_not_while_reading_pauses() {
    let limits = limits(&[("post_burst", 1), ("posts_per_minute", 1)]);
    let mut driven = logged_in(&limits);
    let connection = &mut driven.connection;
    let ping = Next::Message(Incoming::PingDue);
    assert_eq!(connection.poll_timeout(), Some(at(30_000)));
    assert_eq!(connection.handle_timeout(at(30_000)), ping);
    assert_eq!(connection.next(at(40_000), &mut &b"\0"[..]), Next::NeedsBytes);
    assert_eq!(connection.poll_timeout(), Some(at(70_000)));
    assert_eq!(connection.handle_timeout(at(70_000)), ping);
    let close = Next::Message(Incoming::Close(CloseCode::HEARTBEAT_TIMEOUT));
    assert_eq!(connection.handle_timeout(at(85_000)), close);

    let mut paused = logged_in(&limits);
    let posts = [frame(2, &post("1")), frame(3, &post("2"))].concat();
    paused.give(&posts[..posts.len() - 1]);
    let mut rest = &posts[posts.len() - 1..];
    let connection = &mut paused.connection;
    assert_eq!(connection.next(at(1), &mut rest), Next::PausedUntil(at(60_000)));
    assert_eq!(connection.poll_timeout(), None);
    assert!(matches!(connection.next(at(60_000), &mut rest), Next::Message(_)));
    assert_eq!(connection.poll_timeout(), Some(at(90_000)));

    connection.forgive(at(80_000));
    assert_eq!(connection.poll_timeout(), Some(at(110_000)));
    connection.hold();
    connection.forgive(at(100_000));
    assert_eq!(connection.poll_timeout(), None);
    assert_eq!(connection.next(at(200_000), &mut &b""[..]), Next::NeedsBytes);
    assert_eq!(connection.poll_timeout(), Some(at(230_000)));
}

#[test]
fn what_comes_after_the_last_word_is_discarded_for_a_while() {
    for (bytes, finished) in [(64 * 1024 - 1, false), (64 * 1024, true)] {
        let mut driven = logged_in(&unlimited());
        driven.give(&frame(2, &ClientMessage::Quit));
        let said = driven.said.len();
        let mut late = &*vec_of(1, bytes);
        let next = driven.connection.next(at(10), &mut late);
        assert_eq!(next == Next::Finished, finished, "{next:?}");
        assert!(late.is_empty());
        assert_eq!(driven.connection.handle_timeout(at(999)), Next::NeedsBytes);
        driven.give(b"x");
        assert_eq!(driven.said.len(), said);
    }
    let mut driven = logged_in(&unlimited());
    driven.give(&frame(2, &ClientMessage::Quit));
    for (millis, next) in [(999, Next::NeedsBytes), (1000, Next::Finished)] {
        assert_eq!(driven.connection.next(at(millis), &mut &b"x"[..]), next);
    }
}
