//! The program in a pipe, against a server that follows a script.

mod support;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, Position, RefusalCode, RequestId, ServerMessage,
};
use rustix::process::{Pid, Signal, kill_process};
use support::{Peer, client, finish, finish_aside, type_all};

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port is free")
}

fn refused(code: RefusalCode) -> ServerMessage<'static> {
    ServerMessage::Refused { code, retry_after: None, text: "because of the test" }
}

#[test]
fn it_ends_after_the_last_answer_and_shows_what_others_say() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    type_all(&mut child, b"hello\n\n//slash\r\n/rooms");
    let mut peer = Peer::welcome(&listener);
    for (seq, expected) in [(1, "hello"), (3, "/slash")] {
        let (id, text) = peer.post();
        assert_eq!(text, expected);
        peer.posted(id, seq);
        let message = ServerMessage::Message {
            conversation: Conversation::EVERYONE,
            position: Position { epoch: 5, seq: seq + 1 },
            time: UnixMillis(0),
            author: "bob",
            text: "one\n\x1b[31mtwo",
        };
        peer.send(RequestId::NONE, &message);
    }
    let id = peer.next(|id, message| {
        assert_eq!(*message, ClientMessage::Rooms { from: "" });
        id
    });
    let rooms = Vec::new();
    peer.send(id, &ServerMessage::Rooms { rooms, next: "" });
    peer.goodbye();
    let (code, shown) = finish(child);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.ends_with("* no rooms\n"), "{shown}");
    let said = "00:00:00          bob | one\n           \u{fffd}[31mtwo\n";
    assert_eq!(shown.matches(said).count(), 2, "{shown}");
}

#[test]
fn more_lines_than_may_be_unanswered_arrive_in_order() {
    const LINES: u64 = 200;
    let listener = listener();
    let mut child = client(&listener, &[]);
    let mut input = String::new();
    for line in 1..=LINES {
        writeln!(input, "line {line}").expect("a string takes all");
    }
    type_all(&mut child, input.as_bytes());
    let mut peer = Peer::welcome(&listener);
    let mut unanswered = Vec::new();
    for line in 1..=LINES {
        let (id, text) = peer.post();
        assert_eq!(text, format!("line {line}"));
        unanswered.push((id, line));
        if unanswered.len() == 64 || line == LINES {
            for (id, seq) in unanswered.drain(..) {
                peer.posted(id, seq);
            }
        }
    }
    peer.goodbye();
    let (code, shown) = finish(child);
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn text_after_a_join_waits_to_know_where_it_goes() {
    let listener = listener();
    let mut child = client(&listener, &["--join", "#one"]);
    type_all(&mut child, b"to one\n/join two\nto two\n/leave two\nto everyone\n");
    let mut peer = Peer::welcome(&listener);
    let mut seq = 0;
    let mut enter = |peer: &mut Peer, room: &str, place: Conversation<'_>| {
        if !room.is_empty() {
            let id = peer.next(|id, message| {
                assert!(matches!(message, ClientMessage::Join { .. }), "{message:?}");
                id
            });
            let position = Position { epoch: 9, seq: 0 };
            peer.send(id, &ServerMessage::Joined { room, position });
        }
        let id = peer.next(|id, message| {
            let ClientMessage::Post { conversation, .. } = message else {
                panic!("no post: {message:?}");
            };
            assert_eq!(*conversation, place);
            id
        });
        seq += 1;
        peer.posted(id, seq);
    };
    enter(&mut peer, "one", Conversation::room("one"));
    enter(&mut peer, "two", Conversation::room("two"));
    let id = peer.next(|id, message| {
        assert_eq!(*message, ClientMessage::Leave { room: "two" });
        id
    });
    peer.send(id, &ServerMessage::Done);
    enter(&mut peer, "", Conversation::EVERYONE);
    peer.goodbye();
    assert_eq!(finish(child).0, Some(0));
}

#[test]
fn a_refusal_or_a_bad_line_shows_in_the_exit_code_and_costs_no_other_line() {
    for input in [&b"refuse\nkeep"[..], b"/dance\nkeep", b"\xff\nkeep"] {
        let listener = listener();
        let mut child = client(&listener, &[]);
        type_all(&mut child, input);
        let mut peer = Peer::welcome(&listener);
        let (mut id, mut text) = peer.post();
        if text == "refuse" {
            peer.send(id, &refused(RefusalCode::INVALID_TEXT));
            (id, text) = peer.post();
        }
        assert_eq!(text, "keep");
        peer.posted(id, 1);
        peer.goodbye();
        let (code, shown) = finish(child);
        assert_eq!(code, Some(1), "{shown}");
    }
}

#[test]
fn a_refused_login_ends_a_pipe_at_once() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    let input_stays_open = child.stdin.take();
    let (mut peer, id) = Peer::accept(&listener);
    peer.send(id, &refused(RefusalCode::NAME_TAKEN));
    let (code, shown, aside) = finish_aside(child);
    assert_eq!(code, Some(3), "{aside}");
    assert_eq!(shown, "");
    assert_eq!(aside, "netcomm-client: no login as ann: because of the test\n");
    drop(input_stays_open);
}

#[test]
fn a_terminal_close_code_ends_it() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    let input_stays_open = child.stdin.take();
    let mut peer = Peer::welcome(&listener);
    peer.close(CloseCode::BANNED);
    let (code, shown, aside) = finish_aside(child);
    assert_eq!(code, Some(4), "{aside}");
    assert!(!shown.contains("closed"), "{shown}");
    assert_eq!(aside, "netcomm-client: closed: you are banned\n");
    drop(input_stays_open);
}

#[test]
fn it_says_that_the_server_is_away_and_comes_back() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    type_all(&mut child, b"hello\n");
    drop(listener.accept().expect("the program connects"));
    let mut peer = Peer::welcome(&listener);
    let (id, text) = peer.post();
    assert_eq!(text, "hello");
    peer.posted(id, 1);
    peer.goodbye();
    let (code, shown, aside) = finish_aside(child);
    assert_eq!(code, Some(0), "{aside}");
    assert!(!shown.contains("retrying"), "{shown}");
    assert!(aside.ends_with("; retrying in 1 s\n"), "{aside}");
}

#[test]
fn an_interrupt_quits_politely() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    let mut peer = Peer::welcome(&listener);
    let mut shown = BufReader::new(child.stdout.take().expect("output is piped"));
    let mut line = String::new();
    shown.read_line(&mut line).expect("the program writes");
    assert!(line.starts_with("* welcome, ann"), "{line}");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("the program runs");
    peer.goodbye();
    assert_eq!(finish(child).0, Some(130));
}

#[test]
fn it_leaves_when_nobody_reads_what_it_writes() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    drop(child.stdout.take());
    let mut peer = Peer::welcome(&listener);
    peer.goodbye();
    let (code, _, aside) = finish_aside(child);
    assert_eq!((code, &*aside), (Some(1), ""), "the welcome was dropped");
}

#[test]
fn what_a_server_says_draws_nothing_on_standard_error() {
    let listener = listener();
    let mut child = client(&listener, &[]);
    let input_stays_open = child.stdin.take();
    let (mut peer, id) = Peer::accept(&listener);
    let text = "no\nnetcomm-client: \x1b[2J";
    let refusal = ServerMessage::Refused { code: RefusalCode::NAME_TAKEN, retry_after: None, text };
    peer.send(id, &refusal);
    let (_, _, aside) = finish_aside(child);
    let shown = r"netcomm-client: no login as ann: no\u{a}netcomm-client: \u{1b}[2J";
    assert_eq!(aside, format!("{shown}\n"));
    drop(input_stays_open);
}
