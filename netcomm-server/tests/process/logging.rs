//! What the operator reads.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Person, Program};

const TEXT: &str = "two words\u{85}";
const HOSTILE: &str = "eve\u{1b}[2J\u{9b}31m\u{202e}\"\u{2028}{}";

fn scratch(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&directory).ok();
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// What is logged of people who try to forge it.
fn logged(arguments: &[&str]) -> String {
    let program = Program::start(arguments);
    let mut eve = Person::knock(program.address);
    eve.say(HOSTILE);
    eve.until("*");
    eve.say("/nick eve");
    eve.until("/help");
    eve.say("/create_room tea");
    eve.until("#tea");
    eve.say("milk or lemon?");
    eve.say(TEXT);
    eve.say(&format!("/join {HOSTILE}"));
    eve.say(&format!("/dm {HOSTILE} hush"));
    eve.say("/nick ann");
    eve.say("/leave tea");
    eve.say("/quit");
    eve.rest();
    program.terminate();
    let (code, said) = program.outcome();
    assert_eq!(code, Some(0), "{said}");
    let moves = |c: char| c != '\n' && netcomm_core::text::disturbs(c);
    assert!(!said.contains(moves), "{said:?}");
    said
}

fn find<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["fields"]["message"] == message);
    &found.unwrap_or_else(|| panic!("no {message:?} in {lines:#?}"))["fields"]
}

#[test]
fn every_event_is_a_line_of_json_with_its_fields() {
    let said = logged(&["--log", "debug", "--log-format", "json", "--log-content"]);
    let lines: Result<Vec<Value>, _> = said.lines().map(serde_json::from_str).collect();
    let lines = lines.unwrap();
    let connected = find(&lines, "connected");
    assert!(connected["peer"].is_string() && connected["conn"].is_u64());
    for line in &lines {
        let fields = line["fields"].as_object().unwrap();
        assert!(fields.get("conn").is_none_or(|conn| *conn == connected["conn"]), "{line}");
    }
    assert!(find(&lines, "logged in")["conn"].is_u64());
    assert_eq!(find(&lines, "request")["request"], "join");
    for debug in ["Some(", "ConnId", "CreateRoom", " { "] {
        assert!(!said.contains(debug), "{said}");
    }
    let refused = find(&lines, "login refused")["nickname"].as_str().unwrap();
    assert!(refused.starts_with("eve\\u{1b}[2J\\u{9b}31m"), "{refused}");
    assert_eq!(find(&lines, "logged in")["nickname"], "eve");
    assert_eq!(find(&lines, "room created")["room"], "tea");
    let message = find(&lines, "message");
    assert_eq!(message["sender"], "eve");
    assert_eq!(message["conversation"], "#tea");
    assert_eq!(message["seq"], 1);
    assert_eq!(message["bytes"], 14);
    assert_eq!(message["text"], "milk or lemon?");
    assert_eq!(find(&lines, "renamed")["before"], "eve");
    assert_eq!(find(&lines, "room left")["nickname"], "ann");
    let gone = find(&lines, "disconnected");
    assert_eq!((&gone["nickname"], &gone["why"]), (&"ann".into(), &"quit".into()));
}

#[test]
fn who_was_sent_away_before_it_said_a_word_was_sent_away_for_a_reason() {
    let limits = ["--limit=silent_login_ms=100", "--limit=login_ms=100"];
    let program = Program::start(&[&limits[..], &["--log-format=json"]].concat());
    let preface = [0x9e, b'N', b'E', b'T'];
    let mut whys = Vec::new();
    for (said, why) in [
        (vec![], "login_timeout"),
        (preface.to_vec(), "login_timeout"),
        ([&preface[..], &[0, 8, 0, 9]].concat(), "no_common_version"),
        (vec![0x9e; 8], "bad_preface"),
    ] {
        let mut socket = TcpStream::connect(program.address).unwrap();
        socket.write_all(&said).unwrap();
        socket.read_to_end(&mut Vec::new()).unwrap();
        whys.push(why);
    }
    program.terminate();
    let (_, log) = program.outcome();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields = lines.iter().map(|line| &line["fields"]);
    let gone = fields.filter(|fields| fields["message"] == "disconnected");
    // One may be through before another that came earlier.
    let mut gone: Vec<_> =
        gone.map(|it| (it["conn"].as_u64(), it["why"].as_str().unwrap())).collect();
    gone.sort_unstable();
    assert!(gone.into_iter().map(|(_, why)| why).eq(whys), "{log}");
}

#[test]
fn nothing_typed_begins_a_line_for_people_or_shows_a_text_that_is_not_asked_for() {
    let said = logged(&["--log", "debug"]);
    for line in said.lines() {
        assert!(line.starts_with("20"), "{line:?}");
    }
    assert!(said.contains("login refused") && !said.contains("lemon"), "{said}");
    assert!(!said.contains("hush") && !said.contains("two words"), "{said}");
    // Not a line for what is said or asked unless that changes who is where.
    let usual = logged(&["--log", "info"]);
    assert!(usual.contains("connected") && usual.contains("room created"), "{usual}");
    assert!(!usual.contains(" message") && !usual.contains("request"), "{usual}");
    assert_eq!(usual.matches("memory at most").count(), 1, "{usual}");
    let quiet = logged(&["--log", "warn"]);
    assert_eq!(quiet, "");
}

#[test]
fn a_log_file_that_is_moved_away_is_opened_again() {
    let directory = scratch("moved");
    let (file, moved) = (directory.join("log"), directory.join("log.1"));
    let program = Program::start(&["--log-file", file.to_str().unwrap()]);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Its first line is written when it comes to it.
    while std::fs::read_to_string(&file).unwrap().is_empty() {
        std::thread::yield_now();
    }
    std::fs::rename(&file, &moved).unwrap();
    Person::enter(program.address, "ann");
    program.terminate();
    assert_eq!(program.outcome(), (Some(0), String::new()));
    let (before, after) = (std::fs::read_to_string(moved), std::fs::read_to_string(file));
    assert!(before.unwrap().contains("memory at most"));
    let after = after.unwrap();
    assert!(after.contains("logged in") && after.contains("draining"), "{after}");
}

#[test]
fn a_log_file_that_cannot_be_opened_is_named() {
    let file = scratch("missing").join("directory/log");
    let file = file.to_str().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_netcomm-server"))
        .args(["--listen", "127.0.0.1:0", "--log-file", file])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(file), "{error}");
}
