//! How each command ends, and what it says then.

mod people;
mod scripts;
mod support;

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use netcomm_core::wire::{CloseCode, RefusalCode, ServerMessage};
use people::House;
use rustix::process::{Signal, kill_process};
use scripts::{Done, Ear, bare, program, run, texts};
use support::Peer;

/// An address where nobody listens.
fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound")
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

#[track_caller]
fn ends(done: &Done, code: i32, aside: &str) {
    assert_eq!(done.code, Some(code), "{done:?}");
    assert!(done.aside.contains(aside), "{done:?}");
    assert_eq!(done.aside.is_empty(), aside.is_empty(), "{done:?}");
}

#[test]
fn done_is_0_and_quiet() {
    let house = House::open(&[]);
    let server = house.address();
    let mut tail = Ear::start(program(server, "guard", &["tail", "room:tea", "--json"]));
    tail.reads("room_entered", &[]);
    for (arguments, input, shown) in [
        (&["send", "--to", "room:tea", "one", "two words"][..], "", ""),
        (&["send", "--to", "#tea", "--wait"], "three\n\n  \nfour", ""),
        (&["members"], "", "ann\nguard\n"),
        (&["members", "room:tea"], "", "guard\n"),
        (&["rooms"], "", "#tea 1\n"),
        (&["tail", "room:tea", "--from", "4", "--count", "1"], "", "00:00:00  ann #tea | four\n"),
        (
            &["wait", "room:tea", "--from", "1", "--match", "^t.* w"],
            "",
            "00:00:00  ann #tea | two words\n",
        ),
    ] {
        let done = run(program(server, "ann", arguments), input);
        ends(&done, 0, "");
        assert_eq!(masked(&done.shown), shown, "{arguments:?}");
    }
    tail.reads("message", &[("text", "four")]);
    assert_eq!(texts(tail.seen(), "message"), ["one", "two words", "three", "four"]);
}

/// Times differ, and names are padded.
fn masked(shown: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let line = |line: &str| match line.split_once(' ') {
        Some((time, rest)) if time.len() == 8 && time.starts_with(digit) => {
            format!("00:00:00  {}\n", rest.trim_start())
        }
        _ => format!("{line}\n"),
    };
    shown.lines().map(line).collect()
}

#[test]
fn refused_is_1() {
    let house = House::open(&[]);
    let server = house.address();
    let send = ["send", "--to", "user:ghost", "--json", "boo", "\u{7}"];
    let done = run(program(server, "ann", &send), "");
    ends(&done, 1, "not sent: boo: ");
    let objects = done.objects();
    let codes: Vec<_> = objects.iter().map(|object| object["code"].as_str()).collect();
    assert_eq!(codes, [Some("unknown_name"), Some("not_sent")]);
    let history = ["history", "room:nowhere"];
    ends(&run(program(server, "ann", &history), ""), 1, "no history of #nowhere: ");
    ends(&run(program(server, "ann", &["members", "room:nowhere"]), ""), 1, "refused: ");
    assert_eq!(run(program(server, "ann", &["rooms"]), "").shown, "", "none was made");
    let done = run(program(server, "ann", &["send", "--to", "everyone"]), &"x".repeat(100_000));
    ends(&done, 1, "netcomm-client: not sent: the line has 100000 bytes");
}

#[test]
fn wrong_usage_is_2() {
    for (arguments, why) in [
        (&["--nick", "ann", "send", "x"][..], "--to"),
        (&["--nick", "ann", "send", "--to", "lobby", "x"], "room:lobby"),
        (&["--nick", "ann", "tail", "--from", "1"], "one CONVERSATION"),
        (&["--nick", "ann", "wait", "*", "#a", "--from", "1", "--match", "x"], "one CONVERSATION"),
        (&["--nick", "ann", "wait", "--match", "("], "unclosed group"),
        (&["--nick", "ann", "tail", "--timeout", "soon"], "--timeout"),
        (&["--nick", "ann", "members", "user:bob"], "private"),
        (&["rooms"], "--nick"),
        (&["--nick", "ann", "--config", "/nonexistent/file", "rooms"], "/nonexistent/file"),
        (&["--nick", "ann", "--profile", "work", "rooms"], "no profile \"work\""),
    ] {
        let done = run(bare(arguments), "");
        ends(&done, 2, why);
        assert_eq!(done.shown, "", "{arguments:?}");
    }
}

#[test]
fn no_login_is_3_and_the_end_for_good_is_4() {
    let house = House::open(&[]);
    let mut tail = Ear::start(program(house.address(), "ann", &["tail", "--json"]));
    tail.reads("logged_in", &[]);
    let done = run(program(house.address(), "ann", &["send", "--to", "*", "--json", "x"]), "");
    ends(&done, 3, "no login as ann: ");
    assert_eq!(texts(&done.objects(), "not_sent"), ["x"]);

    let (listener, address) = listener();
    let mut tail = Ear::start(program(address, "ann", &["tail", "--json"]));
    let mut peer = Peer::welcome(&listener);
    peer.close(CloseCode::BANNED);
    tail.reads("ended", &[("code", "banned")]);
    let (code, aside, _) = tail.ends();
    assert_eq!((code, &*aside), (Some(4), "netcomm-client: closed: you are banned\n"));
}

#[test]
fn no_connection_is_5() {
    for arguments in [
        &["send", "--to", "everyone", "--timeout", "1s", "hello", "you"][..],
        &["tail", "--timeout", "1s"],
        &["wait", "--match", "x", "--timeout", "1s"],
        &["rooms", "--timeout", "1s"],
    ] {
        let done = run(program(nowhere(), "ann", arguments), "");
        ends(&done, 5, "not connected: 1s have passed: no connection could be made: ");
        let unsent = done.aside.contains("not sent: hello\nnetcomm-client: not sent: you\n");
        assert_eq!(unsent, arguments[0] == "send", "{}", done.aside);
    }
}

#[test]
fn too_late_is_6_and_a_fate_that_is_not_known_7() {
    let (at, address) = listener();
    let wait = Ear::start(program(address, "ann", &["wait", "--match", "x", "--timeout", "3s"]));
    let mut peer = Peer::welcome(&at);
    peer.goodbye();
    let (code, aside, _) = wait.ends();
    assert_eq!((code, &*aside), (Some(6), "netcomm-client: timed out: 3s have passed\n"));

    // The connection is lost after the post, and the session with it.
    let send = ["send", "--to", "everyone", "--json", "--wait", "one", "two"];
    let send = Ear::start(program(address, "ann", &send));
    let mut peer = Peer::welcome(&at);
    assert_eq!(peer.post().1, "one");
    drop(peer);
    let mut peer = Peer::welcome(&at);
    let (id, text) = peer.post();
    assert_eq!(text, "two", "what is not known is not said twice");
    peer.posted(id, 1);
    peer.goodbye();
    let (code, aside, objects) = send.ends();
    assert_eq!(code, Some(7));
    assert_eq!(aside, "netcomm-client: not known whether this arrived: one\n");
    assert_eq!(texts(&objects, "unknown"), ["one"]);
    assert_eq!(texts(&objects, "posted"), ["two"]);

    // The same without --wait: it is not gone back for the last one.
    let send = Ear::start(program(address, "ann", &["send", "--to", "everyone", "--json", "x"]));
    let mut peer = Peer::welcome(&at);
    peer.post();
    drop(peer);
    let (code, _, objects) = send.ends();
    assert_eq!((code, texts(&objects, "unknown")), (Some(7), vec!["x"]));
}

#[test]
fn with_wait_it_comes_back_for_the_answer_and_tries_again_what_may_work_later() {
    let (at, address) = listener();
    let send = ["send", "--to", "everyone", "--json", "--wait", "one", "two"];
    let send = Ear::start(program(address, "ann", &send));
    let mut peer = Peer::welcome(&at);
    let (id, text) = peer.post();
    assert_eq!(text, "one");
    peer.send(
        id,
        &ServerMessage::Refused {
            code: RefusalCode::RATE_LIMITED,
            retry_after: Some(1),
            text: "later",
        },
    );
    let (_, text) = peer.post();
    assert_eq!(text, "one", "the order holds");
    // Once in between, and once after the last was handed over.
    for (seq, expected) in [(1, "one"), (2, "two")] {
        drop(peer);
        let id;
        (peer, id) = Peer::accept(&at);
        peer.resume(id);
        let (id, text) = peer.post();
        assert_eq!(text, expected);
        peer.posted(id, seq);
        if seq == 1 {
            assert_eq!(peer.post().1, "two");
        }
    }
    peer.goodbye();
    let (code, aside, objects) = send.ends();
    assert_eq!((code, &*aside), (Some(0), ""));
    assert_eq!(texts(&objects, "posted"), ["one", "two"]);
}

#[test]
fn interrupted_is_130() {
    let (at, address) = listener();
    let tail = Ear::start(program(address, "ann", &["tail", "--json"]));
    let mut peer = Peer::welcome(&at);
    kill_process(tail.pid(), Signal::INT).expect("it runs");
    peer.goodbye();
    let (code, aside, _) = tail.ends();
    assert_eq!((code, &*aside), (Some(130), ""));
}

#[test]
fn a_reader_who_has_enough_ends_it_quietly_though_nothing_more_is_said() {
    let house = House::open(&[]);
    let said = run(program(house.address(), "bob", &["send", "--to", "*", "one", "two"]), "");
    ends(&said, 0, "");
    let tail = program(house.address(), "ann", &["tail", "everyone", "--from", "1", "--json"]);
    let (code, aside, seen) = Ear::until(tail, Some("\"one\"")).ends();
    assert_eq!((code, &*aside), (Some(0), ""));
    assert_eq!(texts(&seen, "message"), ["one"]);
}

#[test]
fn what_is_to_be_said_is_said_though_nobody_reads_what_is_written() {
    let house = House::open(&[]);
    let mut tail = Ear::start(program(house.address(), "bob", &["tail", "everyone", "--json"]));
    tail.reads("logged_in", &[]);
    for (name, more) in [("words", &[][..]), ("json", &["--json"])] {
        let mut send = program(house.address(), name, &["send", "--to", "everyone", "--wait"]);
        let mut send = send.args(more).spawn().expect("the program starts");
        drop(send.stdout.take());
        let mut input = send.stdin.take().expect("input is piped");
        for text in ["one", "two", "three"] {
            writeln!(input, "{text}").expect("the program reads");
            tail.reads("message", &[("author", name), ("text", text)]);
        }
        drop(input);
        let output = send.wait_with_output().expect("its end");
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_told_and_costs_no_message() {
    let house = House::open(&[]);
    let full = || File::options().write(true).open("/dev/full").expect("a full disk");
    let mut send = program(house.address(), "ann", &["send", "--to", "*", "--json", "one", "two"]);
    send.stdout(full());
    let words = "netcomm-client: standard output cannot be written: ";
    ends(&run(send, ""), 1, words);
    let mut tail = program(house.address(), "ann", &["tail", "everyone", "--from", "1"]);
    tail.stdout(full());
    ends(&run(tail, ""), 1, words);
    let tail = ["tail", "everyone", "--from", "1", "--count", "2", "--json"];
    let done = run(program(house.address(), "bob", &tail), "");
    assert_eq!(texts(&done.objects(), "message"), ["one", "two"]);
}

#[test]
fn input_that_cannot_be_read_is_told_and_is_1() {
    let house = House::open(&[]);
    let directory = || File::open(env!("CARGO_MANIFEST_DIR")).expect("a directory");
    for arguments in [&["send", "--to", "everyone"][..], &[]] {
        let mut command = program(house.address(), "ann", arguments);
        let command = command.stdin(directory()).output().expect("the program runs");
        let aside = String::from_utf8(command.stderr).expect("troubles are text");
        assert_eq!(command.status.code(), Some(1), "{arguments:?}: {aside}");
        let words = "netcomm-client: standard input cannot be read: ";
        assert!(aside.starts_with(words), "{arguments:?}: {aside}");
    }
}
