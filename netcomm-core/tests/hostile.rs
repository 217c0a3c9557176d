//! Whatever comes, in whatever pieces: nobody panics, and where a piece ends changes nothing.

use std::time::Duration;

use netcomm_core::client::{Output, Session, SessionConfig};
use netcomm_core::limits::Limits;
use netcomm_core::time::Instant;
use netcomm_core::wire::{ClientMessage, Conversation};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::hostile::{self, Script, client_stream, cut, drive, server_stream};
use crate::support::random;

/// All that a connection makes of these chunks, and of the silence and the end after them.
fn said(limits: &Limits, chunks: &[&[u8]], is_refused: bool) -> Vec<String> {
    let mut said = Vec::new();
    drive(limits, chunks, is_refused, &Script::new(), |next| said.push(format!("{next:?}")));
    said
}

/// How far a session has come when the stream begins.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Connecting,
    Preface,
    Login,
    Up,
    Asking,
    Quitting,
    Lost,
}

const STAGES: [Stage; 7] = [
    Stage::Connecting,
    Stage::Preface,
    Stage::Login,
    Stage::Up,
    Stage::Asking,
    Stage::Quitting,
    Stage::Lost,
];

/// A session that has got so far with a server of good will.
fn session_at(stage: Stage) -> Session {
    let now = Instant::EPOCH;
    let config = SessionConfig { rooms: vec!["tea".into()], ..SessionConfig::new("ann") };
    let mut session = Session::new(config, now, 7);
    if let Stage::Connecting = stage {
        return session;
    }
    session.handle_connected(now);
    if let Stage::Preface = stage {
        return session;
    }
    session.receive(now, &hostile::accepted());
    if let Stage::Login = stage {
        return session;
    }
    session.receive(now, &hostile::welcome());
    assert!(session.is_logged_in());
    match stage {
        Stage::Asking => {
            for conversation in [Conversation::EVERYONE, Conversation::room("tea")] {
                session.post(now, conversation, "hello").expect("a valid text");
            }
            for message in [ClientMessage::Join { room: "a" }, ClientMessage::Rooms { from: "" }] {
                session.request(now, &message).expect("a valid request");
            }
        }
        Stage::Quitting => session.quit(now),
        Stage::Lost => session.handle_disconnected(now),
        Stage::Connecting | Stage::Preface | Stage::Login | Stage::Up => {}
    }
    session
}

/// All that a session tells its user while it is given these chunks, and of the time after them.
/// What it sends is left out: what a link takes with it depends on when it is lost.
fn told(stage: Stage, chunks: &[&[u8]]) -> Vec<String> {
    let mut session = session_at(stage);
    let mut told = Vec::new();
    let mut now = Instant::EPOCH;
    for chunk in chunks {
        session.receive(now, chunk);
        rest(&mut session, &mut told);
    }
    for _ in 0..6 {
        let Some(due) = rest(&mut session, &mut told) else { break };
        now = due.max(now + Duration::from_millis(1));
        session.handle_timeout(now);
    }
    session.handle_disconnected(now);
    rest(&mut session, &mut told);
    session.quit(now);
    rest(&mut session, &mut told);
    told
}

/// Takes what a session puts out, until it waits.
fn rest(session: &mut Session, told: &mut Vec<String>) -> Option<Instant> {
    for _ in 0..100_000 {
        match session.poll_output() {
            Output::Wait(due) => return due,
            Output::Transmit(_) => {}
            output => told.push(format!("{output:?}")),
        }
    }
    panic!("a session that never rests");
}

proptest! {
    #![proptest_config(random(256))]

    #[test]
    fn a_connection_says_the_same_of_a_stream_in_any_pieces(
        stream in client_stream(),
        cuts in vec(any::<usize>(), 0..12),
        burst in 1..40_u64,
    ) {
        let mut limits = Limits::default();
        limits.set("post_burst", burst).expect("within its range");
        let whole = said(&limits, &[&stream], false);
        prop_assert_eq!(&said(&limits, &cut(&stream, &cuts), false), &whole);
        prop_assert_eq!(&said(&limits, &stream.chunks(1).collect::<Vec<_>>(), false), &whole);
    }

    #[test]
    fn a_refused_connection_says_one_thing_at_most(
        stream in client_stream(),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let said = said(&Limits::default(), &cut(&stream, &cuts), true);
        prop_assert!(said.len() <= 2, "{said:?}");
        prop_assert_eq!(said.iter().filter(|said| said.starts_with("Farewell")).count() <= 1, true);
    }

    #[test]
    fn a_session_tells_the_same_of_a_stream_in_any_pieces(
        stream in server_stream(),
        stage in prop::sample::select(&STAGES[..]),
        cuts in vec(any::<usize>(), 0..12),
        begins_well: bool,
    ) {
        let start = hostile::accepted();
        let has_preface = begins_well && matches!(stage, Stage::Preface);
        let stream = [if has_preface { &start[..] } else { &[] }, &stream].concat();
        let whole = told(stage, &[&stream]);
        prop_assert!(whole.last().is_some_and(|last| last.contains("Ended")), "{whole:?}");
        prop_assert_eq!(&told(stage, &cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&told(stage, &stream.chunks(1).collect::<Vec<_>>()), &whole);
    }
}
