//! What the two sides hold in memory, counted: no input makes them hold more than is announced.
//!
//! Everything that is allocated on the test's thread while something is measured is counted, with
//! what is only there for a moment.

use std::mem::size_of;
use std::time::Duration;

use allocation_counter::measure;
use netcomm_core::client::{Output, Session, SessionConfig};
use netcomm_core::frame::{FrameDecoder, HEADER, MAX_PAYLOAD};
use netcomm_core::limits::Limits;
use netcomm_core::server::{
    Buffer, Connection, Deliver, Incoming, Mailbox, Memory, Outgoing, Push, Recipient, Recipients,
    Wrote,
};
use netcomm_core::time::{Instant, UnixMillis};
use netcomm_core::wire::{
    self, ClientMessage, Conversation, ConversationItem, HistoryItem, Position, RequestId,
    ServerMessage,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::chat::{Chat, join, post};
use crate::support::hostile::{self, Script, client_stream, cut, drive, frame, server_stream};
use crate::support::{random, strategies};

/// What a session holds at most (see the documentation of `client`).
const SESSION: u64 = 8 * 1024 * 1024;

/// What the server announces for one connection more: what all share is not to hide it.
fn announced(limits: &Limits) -> u64 {
    let of = |connections| {
        let mut limits = limits.clone();
        limits.set("connections", connections).expect("within its range");
        Memory::at_most(&limits).connections
    };
    of(2) - of(1)
}

/// The most that a connection takes while it is given `chunks`.
fn taken(limits: &Limits, chunks: &[&[u8]], is_refused: bool) -> u64 {
    let script = Script::new();
    let heap = measure(|| drive(limits, chunks, is_refused, &script, |_| {})).bytes_max;
    heap + size_of::<Connection>() as u64
}

fn limits() -> impl Strategy<Value = Limits> {
    let values = (prop_oneof![Just(8 * 1024), Just(16 * 1024_u64)], 64..=4096_u64, 1..40_u64);
    values.prop_map(|(frame, line, burst)| {
        let mut limits = Limits::default();
        for (name, value) in [("frame_bytes", frame), ("line_bytes", line), ("post_burst", burst)] {
            limits.set(name, value).expect("within its range");
        }
        limits
    })
}

proptest! {
    #![proptest_config(random(256))]

    #[test]
    fn a_connection_holds_no_more_than_is_announced(
        limits in limits(),
        stream in client_stream(),
        cuts in vec(any::<usize>(), 0..12),
        is_refused: bool,
    ) {
        for chunks in [cut(&stream, &cuts), stream.chunks(1).collect()] {
            prop_assert!(taken(&limits, &chunks, is_refused) <= announced(&limits));
        }
    }

    #[test]
    fn a_mailbox_holds_no_more_than_is_announced(
        most in 32 * 1024_u64..300 * 1024,
        steps in vec((0..6_u8, any::<usize>()), 0..80),
    ) {
        let mut limits = Limits::default();
        limits.set("mailbox_bytes", most).expect("within its range");
        let frame = vec![7; HEADER + MAX_PAYLOAD as usize];
        let mut kept = None;
        let held = measure(|| {
            let (mut mailbox, mut taken) = (Mailbox::default(), Buffer::default());
            let mut is_taken = false;
            for &(step, size) in &steps {
                let length = 1 + size % if step == 0 { 40 } else { frame.len() };
                match (step, is_taken) {
                    (0..4, _) => assert_ne!(mailbox.push(&frame[..length], &limits), Push::Closed),
                    (_, true) => {
                        // Often all but a little.
                        let all: usize = taken.pieces().map(<[u8]>::len).sum();
                        let unsent = size % 64 % (all + 1);
                        let sent = if step == 4 { size % (all + 1) } else { all - unsent };
                        let wrote = mailbox.wrote(&mut taken, sent);
                        assert_ne!(wrote, Wrote::Finished);
                        taken = Buffer::default();
                        is_taken = false;
                    }
                    (_, false) => {
                        mailbox.take(&mut taken);
                        is_taken = true;
                    }
                }
            }
            kept = Some((mailbox, taken));
        });
        limits.set("connections", 1).expect("within its range");
        let announced = Memory::at_most(&limits).mailboxes;
        let waits = kept.as_ref().map_or(0, |(mailbox, _)| mailbox.len() as u64);
        let held = u64::try_from(held.bytes_current).unwrap_or(u64::MAX);
        prop_assert!(held <= announced, "{held} bytes");
        // Beside what waits, only lengths.
        prop_assert!(held <= 2 * waits + 32 * 1024, "{held} bytes for {waits}");
        drop(kept);
    }

    #[test]
    fn messages_without_lists_are_read_without_allocation(message in strategies::client_message()) {
        let has_list =
            matches!(&message, ClientMessage::Login { extensions, .. } if !extensions.is_empty());
        let frame = frame(RequestId(1), &message);
        let allocations = measure(|| {
            let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
            let payload = decoder.next_frame(&mut &frame[..]).ok().flatten().unwrap_or_default();
            assert!(wire::decode::<ClientMessage<'_>>(payload).is_ok());
        });
        prop_assert_eq!(allocations.count_total > 0, has_list);
    }

    #[test]
    fn a_length_alone_allocates_nothing(
        length in prop_oneof![9..=MAX_PAYLOAD, any::<u32>()],
        tail in vec(any::<u8>(), 0..8),
    ) {
        let frame = [&length.to_be_bytes()[..], &tail].concat();
        let decoded = measure(|| {
            let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
            let frame = decoder.next_frame(&mut &frame[..]);
            assert!(!matches!(frame, Ok(Some(_))) || u64::from(length) <= 8);
        });
        prop_assert!(decoded.bytes_max <= frame.len() as u64);
        // The same inside a payload, where a list is announced: of extensions, of rooms.
        let lists = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[1, 6]];
        for before in lists {
            let payload = [before, &[0xff, 0xff, 0xff, 0xff, 0x0f], &tail].concat();
            let decoded = measure(|| {
                assert!(wire::decode::<ClientMessage<'_>>(&payload).is_err() || before[1] != 0);
                assert!(wire::decode::<ServerMessage<'_>>(&payload).is_err() || before[1] != 6);
            });
            prop_assert!(decoded.bytes_max <= 64 * tail.len() as u64);
        }
    }

    #[test]
    fn a_session_holds_little_whatever_a_server_says(
        stream in server_stream(),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let chunks = cut(&stream, &cuts);
        let most = measure(|| {
            let mut session = connected();
            for chunk in &chunks {
                session.receive(Instant::EPOCH, chunk);
                drain(&mut session, |_| {});
            }
        });
        prop_assert!(most.bytes_max <= SESSION);
    }
}

/// Mailboxes, by the index of their connections, and the buffers that were lent to them.
#[derive(Default)]
struct Mailboxes {
    all: Vec<Mailbox>,
    spare: Vec<Buffer>,
    limits: Limits,
}

impl Mailboxes {
    /// Sends what waits, as if sockets took all of it.
    fn send_all(&mut self) {
        for mailbox in &mut self.all {
            let mut taken = Buffer::default();
            mailbox.take(&mut taken);
            let all = taken.pieces().map(<[u8]>::len).sum();
            if all > 0 {
                assert_eq!(mailbox.wrote(&mut taken, all), Wrote::Done);
                self.spare.push(taken);
            }
        }
    }
}

impl Deliver for Mailboxes {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            let mailbox = &mut self.all[to.conn.index()];
            mailbox.lend(self.spare.pop().unwrap_or_default());
            assert_eq!(mailbox.push_all(message.frames(to.face), &self.limits), Push::Claim);
        }
    }

    fn close(&mut self, _: Recipient, _: &mut Outgoing<'_>) {
        unreachable!("nobody is closed")
    }
}

/// The text, which is kept: short ones share what is allocated.
#[test]
fn a_post_is_one_allocation_at_most_however_long_it_is_and_however_many_hear_it() {
    for members in [1, 20] {
        let mut chat = Chat::with(&[("history_messages", 16)]);
        let conns: Vec<_> = (0..=members).map(|at| chat.user(&format!("user-{at}"))).collect();
        chat.done(conns[0], &ClientMessage::CreateRoom { room: "r" });
        conns[1..].iter().for_each(|conn| chat.done(*conn, &join("r")));
        let mut mailboxes = Mailboxes::default();
        mailboxes.all.resize_with(64, Mailbox::default);
        let mut ids = 1000..;
        for text in ["short", &"long".repeat(1000)] {
            let message = post(Conversation::room("r"), text);
            let mut say = |times: usize| {
                for id in ids.by_ref().take(times).map(RequestId) {
                    let said = Incoming::Request { id, message: message.clone() };
                    let _after = chat.router.handle(chat.now, conns[0], &said, &mut mailboxes);
                    mailboxes.send_all();
                }
            };
            // Until everything has the room that it needs, and numbers their length.
            say(200);
            let most = if text.len() < 100 { 50 } else { 100 };
            let count = measure(|| say(100)).count_total;
            assert!(count <= most, "{count} of {} bytes for {members}", text.len());
        }
    }
}

#[test]
fn the_longest_frame_and_the_longest_line_are_within_what_is_announced() {
    let limits = Limits::default();
    let text = "x".repeat(MAX_PAYLOAD as usize);
    let join = |room| frame(RequestId(2), &ClientMessage::Join { room });
    let frames = [&hostile::PREFACE[..], &hostile::login(), &join(&text[..16_000])].concat();
    let lines = [b"ann\n", text.as_bytes(), b"\n", text.as_bytes()].concat();
    for (stream, at_least) in [(frames, 16_000), (lines, 4096)] {
        for size in [1, 100, 5000] {
            let chunks: Vec<_> = stream.chunks(size).collect();
            let taken = taken(&limits, &chunks, false);
            assert!(taken >= at_least && taken <= announced(&limits), "{taken}");
        }
    }
}

/// A login may carry additions; a frame has room for thousands that say nothing.
#[test]
fn a_login_full_of_additions_is_within_what_is_announced() {
    let limits = Limits::default();
    let count: [u8; 2] = [0xf8, 0x3f]; // 8184
    let payload = [&[1, 0, 3, b'a', b'n', b'n', 0, 0, 0, 0, 0][..], &count, &[0; 2 * 8184]];
    let payload = payload.concat();
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let stream = [&hostile::PREFACE[..], &length, &payload].concat();
    let taken = taken(&limits, &[&stream], false);
    assert!(taken <= announced(&limits), "{taken} bytes, announced are {}", announced(&limits));
}

/// A session that has sent its login.
fn connected() -> Session {
    let mut session = Session::new(SessionConfig::new("ann"), Instant::EPOCH, 7);
    drain(&mut session, |_| {});
    session.handle_connected(Instant::EPOCH);
    drain(&mut session, |_| {});
    session.receive(Instant::EPOCH, &hostile::accepted());
    drain(&mut session, |_| {});
    session
}

fn drain(session: &mut Session, mut transmit: impl FnMut(&[u8])) {
    loop {
        match session.poll_output() {
            Output::Wait(_) => return,
            Output::Transmit(bytes) => transmit(&bytes),
            _ => {}
        }
    }
}

/// What a session still holds when a server has made of each request what `answer` says, and has
/// said `events`; and the most it took meanwhile.
fn held(
    events: impl Iterator<Item = Vec<u8>>,
    mut answer: impl FnMut(RequestId, &ClientMessage<'_>) -> Option<Vec<u8>>,
) -> (u64, u64) {
    let mut held = 0;
    let most = measure(|| {
        let mut session = None;
        let inner = measure(|| {
            let mut alive = connected();
            alive.receive(Instant::EPOCH, &hostile::welcome());
            for event in events {
                alive.receive(Instant::EPOCH, &event);
                for _ in 0..5000 {
                    let mut answers = Vec::new();
                    drain(&mut alive, |bytes| {
                        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
                        let payload = decoder.next_frame(&mut &*bytes).ok().flatten();
                        let asked = wire::decode(payload.expect("a frame")).expect("a request");
                        answers.extend(answer(asked.0, &asked.1));
                    });
                    if answers.is_empty() {
                        break;
                    }
                    alive.receive(Instant::EPOCH, &answers.concat());
                }
                alive.handle_timeout(Instant::EPOCH + Duration::from_millis(1));
            }
            session = Some(alive);
        });
        held = u64::try_from(inner.bytes_current).expect("it holds something");
        drop(session);
    });
    (held, most.bytes_max)
}

fn message(name: &str, (epoch, seq): (u64, u64), text: &str) -> Vec<u8> {
    let conversation = Conversation::private(name);
    let (position, time) = (Position { epoch, seq }, UnixMillis(0));
    let said = ServerMessage::Message { conversation, position, time, author: name, text };
    frame(RequestId::NONE, &said)
}

#[test]
fn a_server_cannot_fill_a_session_with_conversations() {
    // Long names, many names, and both with messages that come too early.
    for (count, length, seq) in [(600, 8000, 1), (600, 8000, 9), (4200, 64, 9)] {
        let name = |at: u64| format!("{at:0length$}");
        let text = "x".repeat(200);
        let events = (0..count).map(|at| message(&name(at), (at, seq), &text));
        let (held, _) = held(events, |_, _| None);
        assert!(held <= SESSION, "{held} bytes of {count} names of {length} bytes");
    }
}

#[test]
fn a_server_cannot_fill_a_session_with_what_comes_too_early() {
    let text = "x".repeat(16_000);
    for step in [2, u64::MAX / 512] {
        let events = (1..400).map(|at| message("bob", (9, at * step), &text));
        let (held, most) = held(events, |_, _| None);
        assert!(held >= 64 * 16_000 && most <= SESSION, "{held} bytes, for a moment {most}");
    }
}

#[test]
fn a_server_cannot_fill_a_session_with_names() {
    let long = "y".repeat(8000);
    let names = (0..2000).map(|at| format!("{at}{long}"));
    let events = names.enumerate().map(|(at, name)| match at % 4 {
        0 => message("bob", (7, 1), "hello"),
        1 => frame(RequestId::NONE, &ServerMessage::Renamed { from: "bob", to: &name }),
        2 => frame(RequestId::NONE, &ServerMessage::Renamed { from: "ann", to: &name }),
        _ => frame(RequestId::NONE, &ServerMessage::MemberJoined { room: &name, nickname: "x" }),
    });
    let (held, most) = held(events, |_, _| None);
    assert!(held <= SESSION / 16 && most <= SESSION, "{held} bytes, for a moment {most}");
}

#[test]
fn a_server_cannot_fill_a_session_with_pages() {
    let mut pages = 0;
    let (held, most) = held([message("bob", (9, u64::MAX - 1), "")].into_iter(), |id, asked| {
        pages += 1;
        let items = |seq| HistoryItem {
            seq,
            time: UnixMillis(0),
            author: "bob",
            nonce: 0,
            text: "and so on",
        };
        Some(match *asked {
            ClientMessage::Conversations { .. } => {
                let conversation = Conversation::room("again");
                let last = Position { epoch: pages, seq: 1 };
                let conversations = vec![ConversationItem { conversation, last }; 20];
                let next = Some(conversation);
                frame(id, &ServerMessage::Conversations { conversations, next })
            }
            ClientMessage::History { conversation, epoch, first, last, .. } => {
                let (epoch, first_kept) = (epoch.unwrap_or(0), 1);
                let items = (first..first.saturating_add(20)).map(items).collect();
                frame(id, &ServerMessage::History { conversation, epoch, first_kept, last, items })
            }
            _ => frame(id, &ServerMessage::Done),
        })
    });
    assert!(pages > 4096 && most <= SESSION, "{held} bytes, for a moment {most}");
}
