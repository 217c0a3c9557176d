//! The sessions that the README shows are what a server and a client really say.

mod people;
mod window;

use people::{House, Person};
use window::{Window, client};

const README: &str = include_str!("../../README.md");

/// The block of this name.
fn block(name: &str) -> &'static str {
    let (_, after) = README.split_once(&format!("```text {name}\n")).expect("a session");
    after.split_once("```").expect("its end").0
}

#[test]
fn the_session_of_the_readme() {
    let session = block("session");
    let house = House::open(&[]);
    let mut person = Person::at_socket(house.address(), "somebody");
    let mut heard = 0;
    for line in session.lines() {
        if let Some(typed) = line.strip_prefix("> ") {
            person.types(typed);
        } else {
            let expected = line.strip_prefix("< ").expect("a line typed or read");
            assert_eq!(masked(&person.next_line()), masked(expected));
            heard += 1;
        }
    }
    assert!(heard > 5, "only {heard} lines were read");
}

#[test]
fn the_plain_session_of_the_readme() {
    let recorded = block("plain session");
    let (_, recorded) = recorded.split_once('\n').expect("how the client was called");
    let house = House::open(&[]);
    let mut bob = Person::with_socket(house.address(), "bob");
    let mut ann = Window::open(client(house.address(), &["--plain"]));
    for line in recorded.lines() {
        if let Some((_, said)) = line.split_once(" | ") {
            bob.types(said);
            ann.shows(&format!("bob #tea | {said}"));
        } else if line.starts_with("* ") {
            if line.contains("bob joined") {
                bob.types("/join tea");
            }
            let words = line.split("127.").next().unwrap_or_default();
            ann.shows(words);
        } else {
            ann.types(&format!("{line}\n"));
            ann.shows(line);
        }
    }
    assert_eq!(ann.ends().exit_code(), 0);
    let masked = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
    ann.look(|screen| {
        let shown = screen.contents().replace(&house.address().to_string(), "127.0.0.1:44444");
        assert_eq!(masked(shown.trim_end()), masked(recorded.trim_end()));
    });
}

/// A time of day is another each time.
fn masked(line: &str) -> String {
    let digits = |c: char| c.is_ascii_digit() || c == ':';
    match line.split_once(' ') {
        Some((time, rest)) if time.len() == 8 && time.chars().all(digits) => {
            format!("HH:MM:SS {rest}")
        }
        _ => line.into(),
    }
}
