//! The text face line by line, and what is told before any face is chosen.

use super::*;
use crate::preface::{PrefaceRefusal, ServerPreface};

/// A text connection that has logged in.
fn typing(limits: &Limits) -> Driven {
    let mut driven = Driven::new(limits);
    driven.give(b"ann\n");
    driven.said.clear();
    driven
}

#[test]
fn only_a_request_of_http_looks_like_one() {
    assert!(opening::is_http(b"GET / HTTP/1.1"));
    for line in [
        &b"get / HTTP/1.1"[..],
        b" / HTTP/1.1",
        b"GET  HTTP/1.1",
        b"GET / FTP/1",
        b"GET / HTTP/1.1 more",
        b"GET /",
        b"GET",
        b"",
    ] {
        assert!(!opening::is_http(line), "{line:?}");
    }
}

#[test]
fn each_refusal_has_its_reason_in_the_preface() {
    for (code, reason) in [
        (CloseCode::NO_COMMON_VERSION, PrefaceRefusal::NONE_IN_COMMON),
        (CloseCode::FULL, PrefaceRefusal::FULL),
        (CloseCode::SHUTTING_DOWN, PrefaceRefusal::SHUTTING_DOWN),
        (CloseCode::ADDRESS_LIMIT, PrefaceRefusal::ADDRESS_LIMIT),
        (CloseCode::LOGIN_TIMEOUT, PrefaceRefusal::TOO_LATE),
        (CloseCode::BAD_PREFACE, PrefaceRefusal::REFUSED),
    ] {
        assert_eq!(opening::in_preface(code), ServerPreface::Refused(reason).to_bytes());
    }
}

#[test]
fn a_line_may_be_as_long_as_the_limit_in_one_piece_or_many() {
    let limits = limits(&[("line_bytes", 64)]);
    for (length, is_taken) in [(63, true), (64, true), (65, false), (66, false)] {
        let line = [vec_of(b'x', length), b"\n".to_vec()].concat();
        for piece in [1, 7, line.len()] {
            let mut driven = typing(&limits);
            for chunk in line.chunks(piece) {
                driven.give(chunk);
            }
            assert_eq!(driven.said.len(), 1);
            assert_eq!(driven.last().contains("Post"), is_taken, "{length} by {piece}");
            assert!(is_taken || driven.last().contains("which is 64"), "{}", driven.last());
        }
    }
}

#[test]
fn what_no_line_ends_with_is_part_of_it() {
    for pieces in [&["a\0b\n"][..], &["a", "\0b\n"]] {
        let mut driven = typing(&unlimited());
        for piece in pieces {
            driven.give(piece.as_bytes());
        }
        assert!(driven.said.len() == 1 && driven.last().contains(r"a\0b"), "{}", driven.last());
    }
    let mut driven = typing(&unlimited());
    driven.give(b"\r");
    driven.give(b"x\n");
    assert!(driven.said.len() == 1 && driven.last().contains(r"\rx"), "{}", driven.last());
    driven.give(&[255]);
    driven.give(&[251, 1, b'h', b'i', b'\n']);
    assert!(driven.said.len() == 2 && driven.last().contains("\"hi\""), "{}", driven.last());
}

#[test]
fn a_line_that_has_to_wait_is_taken_after_the_pause_whole_or_too_long() {
    let limits = limits(&[("post_burst", 1), ("line_bytes", 64)]);
    let mut driven = typing(&limits);
    let long = vec_of(b'x', 65);
    for chunk in [b"one\ntw", b"o\nthre", b"e\n    "] {
        driven.give(chunk);
    }
    driven.give(&[&long[..], b"\nend\n"].concat());
    for (said, part) in driven.said.iter().zip(["one", "two", "three", "line_bytes", "end"]) {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(driven.said.len(), 5);
}

#[test]
fn lines_are_numbered_from_one() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"ann\nhi\n\xc3\nbye\n");
    for (number, said) in (1..).zip(&driven.said[1..]) {
        assert!(said.contains(&format!("RequestId({number})")), "{said}");
    }
    assert_eq!(driven.said.len(), 1 + 4);
}

#[test]
fn who_goes_before_logging_in_leaves_nothing_to_do() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"\n");
    assert_eq!(driven.connection.end_of_input(at(1)), Next::Finished);
    let mut driven = Driven::new(&unlimited());
    driven.give(b"/quit\n");
    assert_eq!(driven.said[1..], [format!("{:?}", Incoming::Close(CloseCode::QUIT))]);
}

#[test]
fn the_end_of_input_is_a_quit_once() {
    let mut driven = typing(&unlimited());
    let next = driven.connection.end_of_input(at(1));
    assert!(matches!(next, Next::Message(Incoming::Request { message: ClientMessage::Quit, .. })));
    assert_eq!(driven.connection.end_of_input(at(1)), Next::Finished);
}

#[test]
fn who_is_not_logged_in_is_told_what_to_type() {
    let mut driven = Driven::new(&unlimited());
    driven.give(b"/members\n");
    assert!(driven.last().contains("the first line is your nickname"), "{}", driven.last());
    driven.give(b"taken\nhello\n");
    assert!(driven.last().contains("choose a nickname first"), "{}", driven.last());
}
