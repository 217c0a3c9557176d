//! The screen as it looks.

use insta::assert_snapshot;
use netcomm_core::client::Event;
use netcomm_core::wire::Conversation as Address;
use ratatui::style::{Color, Modifier};

use super::*;

/// A day in the life of ann.
fn day(width: u16, height: u16) -> Screen {
    let mut screen = screen(width, height);
    let tea = Address::room("tea");
    enters(&mut screen, "tea", 0);
    screen.event(&Event::MemberJoined { room: "tea".into(), nickname: "bob".into() });
    screen.event(&message(tea, 1, "bob", "milk or lemon? It is going to be a long afternoon."));
    screen.event(&message(tea, 2, "bob", "ann: you"));
    screen.event(&message(tea, 9000, "日本語の人", "これは長い文章です。👨‍👩‍👧 e\u{301}"));
    screen.event(&message(Address::EVERYONE, 1, "carol", "good morning"));
    screen.event(&message(Address::private("dave"), 1, "dave", "psst"));
    sends(&mut screen, "lemon");
    types(&mut screen, "half a line");
    screen
}

#[test]
fn a_wide_window_has_a_list_and_a_column_of_nicknames() {
    assert_snapshot!(shown(&day(80, 20), 80, 20));
}

#[test]
fn a_narrow_window_is_compact() {
    assert_snapshot!(shown(&day(40, 20), 40, 20));
}

#[test]
fn a_tiny_window_still_shows_what_is_said() {
    assert_snapshot!(shown(&day(16, 6), 16, 6));
}

#[test]
fn without_utf_8_everything_is_ascii() {
    let mut screen = day(80, 20);
    screen.look.ascii = true;
    let shown = shown(&screen, 80, 20);
    assert!(shown.is_ascii());
    assert_snapshot!(shown);
}

#[test]
fn the_keys_are_explained() {
    let mut screen = day(100, 34);
    press(&mut screen, "F1");
    assert_snapshot!(shown(&screen, 100, 34));
}

#[test]
fn colours_are_what_the_terminal_has() {
    let colours = |depth: Depth| {
        let mut screen = day(80, 20);
        screen.look.depth = depth;
        let buffer = cells(&screen, 80, 20);
        let bold = |it: &&ratatui::buffer::Cell| it.modifier.contains(Modifier::BOLD);
        assert!(buffer.content().iter().any(|it| bold(&it)), "names stand out");
        let mut colours: Vec<Color> = buffer.content().iter().map(|it| it.fg).collect();
        colours.retain(|colour| *colour != Color::Reset);
        colours
    };
    assert_eq!(colours(Depth::Mono), []);
    assert!(!colours(Depth::Sixteen).is_empty());
    let is_indexed = |colour: &Color| matches!(colour, Color::Indexed(_));
    assert!(!colours(Depth::Sixteen).iter().any(is_indexed));
    assert!(colours(Depth::Indexed).iter().any(is_indexed));
    assert!(colours(Depth::True).iter().any(|colour| matches!(colour, Color::Rgb(..))));
}
