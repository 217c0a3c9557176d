//! Texts that nobody here wrote, piped through the client to three members of a room: one behind
//! the client, one behind a client whose connection is cut three times, one at the text face.
//! Each ends with exactly the same lines, in order; what the rules forbid is refused by name.

mod cutter;
mod people;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use cutter::Cutter;
use netcomm_core::text::Text;
use people::{House, Person};

/// Letters, marks, emoji, controls and directions; see the licence beside it.
const TEXTS: &str = include_str!("real/unicode.txt");

/// What tells the members that all was said.
const LAST: &str = "that was the last line";

#[test]
fn real_texts_reach_every_member_whole_and_in_order() {
    let house = House::open(&[
        ("post_burst", 1_000_000),
        ("posts_per_minute", 1_000_000_000),
        ("query_burst", 1_000_000),
        ("queries_per_minute", 1_000_000_000),
        ("history_messages", 20_000),
        ("history_bytes", 64 << 20),
        ("mailbox_frames", 1_000_000),
        ("mailbox_bytes", 64 << 20),
    ]);
    let cutter = Cutter::before(house.address(), &[60_000, 150_000, 200_000]);
    let mut host = Person::with_socket(house.address(), "host");
    host.types("/create_room den");
    host.reads(&["* you are in #den"]);
    let in_den = ["--join", "den"];
    let steady = Person::with_client_and(house.address(), "steady", &in_den);
    let shaken = Person::with_client_and(cutter.address(), "shaken", &in_den);
    for name in ["steady", "shaken"] {
        host.reads(&[&format!("* {name} joined #den")]);
    }
    let (allowed, refused): (Vec<&str>, Vec<&str>) = TEXTS.lines().partition(|text| is_text(text));
    assert!(allowed.len() >= 10_000 && !refused.is_empty());

    // Everybody listens while the sender is at it.
    let listeners = [host, steady, shaken].map(|person| thread::spawn(move || said_in_den(person)));
    assert_eq!(pipe(&house), refused.len(), "refused with the reason");
    let mut speaker = Person::with_client_and(house.address(), "herald", &in_den);
    speaker.types(LAST);
    let heard = listeners.map(|listener| listener.join().expect("a listener"));
    assert_eq!(cutter.cuts(), 3);
    for lines in heard {
        let difference = lines.iter().zip(&allowed).find(|(one, other)| one != other);
        assert_eq!(difference, None);
        assert_eq!(hash(&lines), hash(&allowed), "{} lines", lines.len());
    }
}

/// Pipes all texts through the client; answers how many it said were refused, with the reason.
fn pipe(house: &House) -> usize {
    let mut client = Command::new(env!("CARGO_BIN_EXE_netcomm-client"))
        .args([&house.address().to_string(), "--nick", "sender", "--join", "den"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the client");
    let mut input = client.stdin.take().expect("its input");
    let writer = thread::spawn(move || input.write_all(TEXTS.as_bytes()).expect("all is read"));
    let output = client.wait_with_output().expect("its end");
    writer.join().expect("a writer");
    assert_eq!(output.status.code(), Some(1), "some were refused");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let reasons = ["a text may not contain", "no such command"];
    let gives = |line: &&str| reasons.iter().any(|reason| line.contains(reason));
    output.lines().filter(gives).count()
}

/// Whether a line is said as it stands: it has nothing that is forbidden, and is no command.
fn is_text(line: &str) -> bool {
    Text::new(line, Text::MAX_BYTES).is_ok() && !line.starts_with('/')
}

/// What `sender` said, without time and author, until the last line.
fn said_in_den(mut person: Person) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = person.next_line();
        if line.ends_with(LAST) {
            return lines;
        }
        let text = line
            .split_once("#den <sender> ")
            .or_else(|| line.split_once("sender #den | "))
            .map(|(_, text)| text.to_owned());
        lines.extend(text);
    }
}

fn hash<T: Hash>(lines: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for line in lines {
        line.hash(&mut hasher);
    }
    hasher.finish()
}
