use std::string::String;
use std::{format, vec};

use proptest::prelude::*;

use super::samples::{MESSAGES, asked, message, number, place};
use super::*;
use crate::command;
use crate::preface::ServerPreface;
use crate::time::UnixMillis;
use crate::wire::{Conversation, HistoryItem, RequestId};

fn shown(content: &Content<'_>) -> String {
    let mut out = Vec::new();
    render(content, &mut out);
    String::from_utf8(out).expect("lines are UTF-8")
}

fn answer(message: &ServerMessage<'_>, answers: Asked<'_>) -> String {
    let id = RequestId(1);
    shown(&Content::Message { id, message, answers })
}

fn event(message: &ServerMessage<'_>) -> String {
    answer(message, Asked::Nothing)
}

#[test]
fn each_message_has_its_words() {
    let words = [
        "* welcome, bob\n* /help lists the commands\n",
        "",
        "* refused: hi\n",
        "",
        "* you are in #bob\n",
        "* online: bob, bob, bob, bob, bob, bob, bob, bob, bob\n* … more: /members * bob\n",
        "* #bob (3)\n* #bob (3)\n* … more: /rooms bob\n",
        "* history of everyone\n12:34:56 <bob> hi\n12:34:56 <bob> hi\n\
         * … earlier: /history * 100 5\n",
        "* everyone: 5 messages\n* … and more\n",
        "",
        "12:34:56 <bob> hi\n",
        "* bob joined #bob\n",
        "* bob left #bob\n",
        "* bob is online\n",
        "* bob is offline\n",
        "* bob is now hi\n",
        "",
        "* #bob: hi\n",
        "* closing: hi\n",
        "",
    ];
    assert_eq!(words.len(), MESSAGES);
    for (number, words) in words.into_iter().enumerate() {
        // 200: of a kind with everyone, without a time to wait, and `room_closed`.
        let message = message(number, "bob", "hi", 200);
        assert_eq!(place(&message), number);
        assert_eq!(event(&message), words);
    }
}

#[test]
fn each_request_has_its_answer() {
    for (position, asked) in asked("bob").into_iter().enumerate() {
        assert_eq!(number(asked), position);
        assert_eq!(answer(&message(2, "bob", "no", 200), asked), "* refused: no\n");
        let words = match asked {
            Asked::Leave(_) => "* you left #bob\n",
            Asked::Rename(_) => "* you are now bob\n",
            Asked::Hide => {
                "* you are hidden: others see you as gone; what you say still shows your name\n"
            }
            Asked::Reveal => "* you are visible again\n",
            Asked::Nothing
            | Asked::Post(_)
            | Asked::Enter(_)
            | Asked::Create(_)
            | Asked::Members(_)
            | Asked::Other(_) => "",
        };
        assert_eq!(answer(&ServerMessage::Done, asked), words);
    }
}

#[test]
fn words_depend_on_what_is_told() {
    let hidden = "* welcome, bob\n* you are hidden: nobody sees you; what you say still shows \
         your name\n* /help lists the commands\n";
    assert_eq!(event(&message(0, "bob", "", 1)), hidden);
    assert_eq!(event(&message(2, "bob", "no", 1)), "* refused: no; try again in 2 s\n");
    assert_eq!(event(&message(2, "bob", "", 200)), "* refused: rate_limited\n");
    assert_eq!(event(&message(18, "bob", "bye", 201)), "* closing: bye; come back in 2 s\n");
    assert_eq!(event(&message(10, "bob", "hi", 1)), "12:34:56 #bob <bob> hi\n");
    assert_eq!(event(&message(10, "bob", "hi", 2)), "12:34:56 [private] <bob> hi\n");
    assert_eq!(event(&message(10, "bob", "hi\nyou\n", 0)), "12:34:56 <bob> hi\n  you\n  \n");
    assert_eq!(event(&message(17, "bob", "hi", 1)), "* hi\n");
    let none = ServerMessage::Rooms { rooms: vec![], next: "" };
    assert_eq!(event(&none), "* no rooms\n");
    let nobody = ServerMessage::Members { members: vec![], next: "" };
    assert_eq!(answer(&nobody, Asked::Members(None)), "* online: nobody\n");
    let two = ServerMessage::Members { members: vec!["ann", "bob"], next: "cy" };
    assert_eq!(
        answer(&two, Asked::Members(Some("lobby"))),
        "* in #lobby: ann, bob\n* … more: /members #lobby cy\n"
    );
}

#[test]
fn history_tells_what_is_before_it() {
    let page = |first_kept, last, seqs: &[u64]| {
        let item = |seq: &u64| HistoryItem {
            seq: *seq,
            time: UnixMillis(0),
            author: "bob",
            nonce: 0,
            text: "hi",
        };
        event(&ServerMessage::History {
            conversation: Conversation::room("lobby"),
            epoch: 9,
            first_kept,
            last,
            items: seqs.iter().map(item).collect(),
        })
    };
    let one = "* history of #lobby\n00:00:00 #lobby <bob> hi\n";
    assert_eq!(page(1, 9, &[1]), one);
    assert_eq!(page(1, 9, &[2]), format!("{one}* … earlier: /history #lobby 100 2\n"));
    assert_eq!(page(8, 9, &[8]), format!("{one}* messages 1 to 7 are no longer kept\n"));
    assert_eq!(page(1, 0, &[]), "* history of #lobby: nothing was said yet\n");
    assert_eq!(page(10, 9, &[]), "* history of #lobby: nothing is kept any longer\n");
    assert_eq!(page(4, 9, &[]), "* history of #lobby: nothing there\n");
    assert_eq!(page(9, 9, &[]), "* history of #lobby: nothing there\n");
    assert_eq!(page(2, 9, &[2]), format!("{one}* message 1 is no longer kept\n"));
}

#[test]
fn what_the_words_tell_to_type_is_a_command() {
    let everyone = Asked::Members(None);
    let told = [
        answer(&message(5, "bob", "", 0), everyone),
        answer(&message(5, "bob", "", 0), Asked::Members(Some("lobby"))),
        event(&message(6, "bob", "", 0)),
        event(&message(7, "", "hi", 0)),
        event(&message(7, "bob", "hi", 1)),
        event(&message(7, "bob", "hi", 2)),
    ];
    for words in told {
        let (_, typed) = words.trim_end().rsplit_once(": ").expect("it says what to type");
        assert!(matches!(command::parse(typed), Ok(command::Line::Command(_))), "{words}");
    }
}

#[test]
fn long_lists_are_wrapped() {
    let names = vec!["0123456789"; 100];
    let list = ServerMessage::Members { members: names, next: "" };
    let words = answer(&list, Asked::Members(None));
    assert_eq!(words.matches("0123456789").count(), 100);
    assert!(words.lines().all(|line| line.len() <= 78), "{words}");
    assert!(words.lines().count() <= 18, "{words}");
}

/// `* online:` and what follows, up to the 78th column.
#[test]
fn a_list_is_wrapped_where_its_line_is_full_and_not_before() {
    let listed = |lengths: &[usize]| {
        let names: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let members = names.iter().map(String::as_str).collect();
        answer(&ServerMessage::Members { members, next: "" }, Asked::Members(None))
    };
    for (lengths, lines) in [
        (&[68][..], 1),
        (&[69], 2),
        (&[30, 36], 1),
        (&[30, 37], 2),
        (&[30, 60, 14], 2),
        (&[30, 60, 15], 3),
    ] {
        let words = listed(lengths);
        assert_eq!(words.lines().count(), lines, "{words}");
    }
}

#[test]
fn help_is_made_of_system_lines() {
    let all = shown(&Content::Help(None));
    assert_eq!(all.lines().count(), command::COMMANDS.len());
    assert!(all.lines().all(|line| line.starts_with("* /")), "{all}");
    assert_eq!(shown(&Content::Help(Some("/dm"))).lines().count(), 1);
    assert_eq!(
        shown(&Content::Help(Some("x\n* y"))),
        "* refused: no such command; /help lists them\n"
    );
    let preface = ServerPreface::Accepted(crate::preface::Version::V1);
    assert_eq!(shown(&Content::Preface(preface)), "");
}

#[test]
fn a_web_browser_is_told_where_it_is() {
    let words = event(&message(18, "", "text", CloseCode::HTTP.0));
    let (head, body) = words.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    assert!(head.ends_with("\r\nConnection: close"), "{head}");
    assert!(body.contains("netcomm"), "{body}");
}

/// Strings that try to break out of their line, and any others.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\n* you are banned\n"),
        Just("\r\n12:34:56 <bob> "),
        Just("\r* closing"),
        Just("\u{2028}* x"),
        Just("\u{85}* x"),
        Just("\u{202e}x\u{2066}"),
        Just("\u{1b}[2K\u{9b}1A"),
        Just("\n"),
        Just("lobby"),
    ];
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces, 1..6).prop_map(|pieces| pieces.concat()),
    ]
    .prop_filter("not empty", |text| !text.is_empty())
}

/// What kind of line each is, without those that only go on.
fn kinds(words: &str) -> Vec<&str> {
    words
        .lines()
        .filter(|line| !line.starts_with("  "))
        .map(|line| line.get(..if line.starts_with("* ") { 2 } else { 9 }).unwrap_or(line))
        .collect()
}

proptest! {
    #[test]
    fn nobody_can_forge_a_line(
        place in 0..MESSAGES,
        kind in 0..11_usize,
        number in any::<u16>().prop_filter("lines", |number| *number != CloseCode::HTTP.0),
        name in hostile(),
        text in hostile(),
    ) {
        let words = answer(&message(place, &name, &text, number), asked(&name)[kind]);
        let calm = answer(&message(place, "x", "x", number), asked("x")[kind]);
        prop_assert_eq!(kinds(&words), kinds(&calm));
        for kind in kinds(&words) {
            prop_assert!(kind == "* " || kind == "12:34:56 ", "{:?}", words);
        }
        let forbidden = |c: char| {
            c.is_control() && c != '\n'
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        prop_assert!(!words.contains(forbidden), "{:?}", words);
        prop_assert!(words.is_empty() || words.ends_with('\n'), "{:?}", words);
    }

    #[test]
    fn harmless_text_is_shown_unchanged(text in "[ -~äß漢🎉]{1,60}") {
        prop_assert_eq!(event(&message(10, "bob", &text, 0)), format!("12:34:56 <bob> {text}\n"));
    }
}
