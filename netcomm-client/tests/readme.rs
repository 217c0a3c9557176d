//! The session that the README shows is what a server really says.

mod people;

use people::{House, Person};

#[test]
fn the_session_of_the_readme() {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("```text session\n").expect("a session");
    let (session, _) = after.split_once("```").expect("its end");
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
