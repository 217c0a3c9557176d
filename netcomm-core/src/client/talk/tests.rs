//! What a person reads who talks line by line.

use core::fmt::Write as _;
use core::time::Duration;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use super::*;
use crate::client::{HistoryMessage, RoomSummary};
use crate::time::UnixMillis;
use crate::wire::{ClientMessage, Position, RefusalCode};
use crate::words::Said;

type Talk = super::Talk<Paper>;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Paper(String);

impl Page for Paper {
    fn system(&mut self, words: fmt::Arguments<'_>) {
        writeln!(self.0, "* {words}").expect("a string takes all");
    }

    fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]) {
        writeln!(self.0, "* {title} {}", items.join(", ")).expect("a string takes all");
    }

    fn said(&mut self, said: Said<'_>) {
        let Said { conversation, author, text, .. } = said;
        writeln!(self.0, "{conversation} <{author}> {text}").expect("a string takes all");
    }
}

impl Paper {
    pub(super) fn take(&mut self) -> String {
        core::mem::take(&mut self.0)
    }
}

pub(super) const PLACE: Position = Position { epoch: 1, seq: 1 };

fn talk(rooms: &[&str]) -> Talk {
    let rooms: Vec<_> = rooms.iter().map(|room| String::from(*room)).collect();
    let mut talk = Talk::new(Paper::default(), &rooms, true);
    log_in(&mut talk, false, false, true);
    talk.page().take();
    talk
}

fn log_in(talk: &mut Talk, resumed: bool, hidden: bool, first: bool) {
    talk.event(&Event::LoggedIn {
        nickname: "ann".into(),
        resumed,
        hidden,
        first,
        limits: Vec::new(),
    });
}

/// Asks and answers; gives what was shown of it.
fn ask(talk: &mut Talk, message: &ClientMessage<'_>, answer: Answer) -> String {
    let id = RequestId(7);
    talk.asks(id, Asked::of(message).kept());
    talk.event(&Event::Answered { id, answer });
    talk.page().take()
}

fn join(talk: &mut Talk, room: &str) -> String {
    let answer = Answer::Joined { room: room.into(), position: PLACE };
    ask(talk, &ClientMessage::Join { room }, answer)
}

fn post(text: &str) -> ClientMessage<'_> {
    ClientMessage::Post { conversation: Conversation::EVERYONE, epoch: None, nonce: 0, text }
}

fn refused(text: &str) -> Answer {
    Answer::Refused {
        code: RefusalCode::NOT_A_MEMBER,
        retry_after: Some(Duration::from_millis(1200)),
        text: text.into(),
    }
}

#[test]
fn text_goes_to_the_room_last_joined_and_to_everyone_when_that_is_left() {
    let mut talk = talk(&[]);
    assert_eq!(talk.current(), Conversation::EVERYONE);
    join(&mut talk, "one");
    join(&mut talk, "Two");
    assert_eq!(talk.current(), Conversation::room("Two"));
    let leave = ClientMessage::Leave { room: "one" };
    assert_eq!(ask(&mut talk, &leave, Answer::Done), "* you left #one\n");
    assert_eq!(talk.current(), Conversation::room("Two"));
    let leave = ClientMessage::Leave { room: "two" };
    assert_eq!(
        ask(&mut talk, &leave, Answer::Done),
        "* you left #two\n* what you type is said to everyone\n"
    );
    assert_eq!(talk.current(), Conversation::EVERYONE);
}

#[test]
fn while_a_room_is_entered_text_has_to_wait() {
    let mut talk = talk(&["one"]);
    assert!(talk.is_moving());
    talk.event(&Event::RoomEntered { room: "One".into(), position: PLACE });
    assert!(!talk.is_moving());
    assert_eq!(talk.current(), Conversation::room("One"));
    talk.asks(RequestId(1), Asked::of(&post("hi")).kept());
    assert!(!talk.is_moving() && !talk.is_settled());
    talk.asks(RequestId(2), Asked::of(&ClientMessage::Join { room: "two" }).kept());
    assert!(talk.is_moving());
}

#[test]
fn a_session_that_was_forgotten_comes_back_to_its_rooms_and_to_the_current_one() {
    let mut talk = talk(&[]);
    join(&mut talk, "one");
    join(&mut talk, "two");
    log_in(&mut talk, false, false, false);
    for room in ["two", "one"] {
        assert!(talk.is_moving());
        talk.event(&Event::RoomEntered { room: room.into(), position: PLACE });
    }
    assert!(talk.is_settled());
    assert_eq!(talk.current(), Conversation::room("two"));
    log_in(&mut talk, true, false, false);
    assert!(talk.is_settled());
}

#[test]
fn a_hidden_user_is_warned_once_before_the_first_text() {
    let mut talk = talk(&[]);
    ask(&mut talk, &ClientMessage::Hide, Answer::Done);
    let posted = Answer::Posted { position: PLACE, time: UnixMillis(0) };
    let shown = ask(&mut talk, &post("hi"), posted.clone());
    assert_eq!(shown, "* you are hidden, but what you say shows your name\n");
    assert_eq!(ask(&mut talk, &post("hi"), posted.clone()), "");
    ask(&mut talk, &ClientMessage::Reveal, Answer::Done);
    assert_eq!(ask(&mut talk, &post("hi"), posted), "");
    assert!(!talk.had_trouble());
}

#[test]
fn what_was_refused_or_is_unknown_is_named_by_its_beginning() {
    let mut talk = talk(&[]);
    let long = "a text that is too long to be repeated whole";
    assert_eq!(
        ask(&mut talk, &post(long), refused("why")),
        "* not sent: \"a text that is too long to be re…\": why\n"
    );
    assert!(talk.had_trouble());
    let join = ClientMessage::Join { room: "one" };
    assert_eq!(
        ask(&mut talk, &join, refused("")),
        "* refused: /join one: not_a_member; try again in 2 s\n\
         * what you type still goes to everyone\n"
    );
    assert_eq!(
        ask(&mut talk, &ClientMessage::Hide, Answer::Lost),
        "* not known whether this was done: /hide\n"
    );
}

#[test]
fn an_unknown_post_that_arrived_after_all_is_no_trouble() {
    let mut talk = talk(&[]);
    let id = RequestId(3);
    talk.asks(id, Asked::of(&post("hi")).kept());
    talk.event(&Event::Unknown {
        id,
        conversation: Conversation::EVERYONE.into(),
        text: "hi".into(),
    });
    assert!(talk.is_settled() && talk.had_trouble());
    talk.event(&Event::Arrived { id, position: PLACE });
    assert!(!talk.had_trouble());
    assert_eq!(
        talk.page().take(),
        "* not known whether this arrived: \"hi\"\n* this did arrive: \"hi\"\n"
    );
}

#[test]
fn lists_say_how_they_go_on() {
    let mut talk = talk(&[]);
    let members = ClientMessage::Members { room: Some("one"), from: "" };
    let answer =
        Answer::Members { members: vec!["ann".into(), "bob".into()], next: "carol".into() };
    assert_eq!(
        ask(&mut talk, &members, answer),
        "* in #one: ann, bob\n* … more: /members #one carol\n"
    );
    let answer = Answer::Rooms {
        rooms: vec![RoomSummary { room: "one".into(), members: 2 }],
        next: "two".into(),
    };
    assert_eq!(
        ask(&mut talk, &ClientMessage::Rooms { from: "" }, answer),
        "* #one (2)\n* … more: /rooms two\n"
    );
}

/// Asks for the last message.
fn last_of(conversation: Conversation<'_>) -> ClientMessage<'_> {
    let (first, last) = (1, u64::MAX);
    ClientMessage::History { conversation, epoch: None, first, last, latest: true, most: 1 }
}

#[test]
fn history_says_where_it_begins_and_ends() {
    let mut talk = talk(&[]);
    let mut history = |first_kept, seq| {
        let conversation = Conversation::room("one");
        let message = last_of(conversation);
        let answer = Answer::History {
            conversation: conversation.into(),
            epoch: 1,
            first_kept,
            last: 9,
            items: vec![HistoryMessage {
                seq,
                time: UnixMillis(0),
                author: "bob".into(),
                text: "hi".into(),
            }],
        };
        ask(&mut talk, &message, answer)
    };
    let lines = "* history of #one\n#one <bob> hi\n";
    let end = "* end of the history of #one\n";
    assert_eq!(history(1, 9), format!("{lines}* … earlier: /history #one 100 9\n{end}"));
    assert_eq!(history(9, 9), format!("{lines}* messages 1 to 8 are no longer kept\n{end}"));
    assert_eq!(history(1, 1), format!("{lines}{end}"));
}

#[test]
fn what_was_missed_is_counted() {
    let mut talk = talk(&[]);
    talk.event(&Event::CaughtUp { conversation: Conversation::room("one").into(), count: 12 });
    talk.event(&Event::Gone { conversation: Conversation::EVERYONE.into(), first: 40, last: 52 });
    assert_eq!(
        talk.page().take(),
        "* #one: 12 messages while you were away\n\
        * everyone: messages 40 to 52 are no longer kept\n"
    );
}

#[test]
fn what_others_do_is_told_and_a_room_that_was_closed_is_left() {
    let mut talk = talk(&[]);
    let name = || String::from("bob");
    for event in [
        Event::MemberJoined { room: "one".into(), nickname: name() },
        Event::MemberLeft { room: "one".into(), nickname: name() },
        Event::Online { nickname: name() },
        Event::Offline { nickname: name() },
        Event::Renamed { from: name(), to: "rob".into() },
    ] {
        talk.event(&event);
        let shown = talk.page().take();
        assert!(shown.starts_with("* ") && shown.contains("bob"), "{shown:?}");
    }
    join(&mut talk, "one");
    let (subject, text) = (String::from("one"), String::new());
    talk.event(&Event::Notice { code: NoticeCode::ROOM_CLOSED, subject, text });
    assert_eq!(talk.current(), Conversation::EVERYONE);
}

#[test]
fn who_comes_back_hidden_is_told_and_warned_again_only_where_that_is_news() {
    let mut talk = talk(&[]);
    let posted = || Answer::Posted { position: PLACE, time: UnixMillis(0) };
    ask(&mut talk, &ClientMessage::Hide, Answer::Done);
    let warning = ask(&mut talk, &post("hi"), posted());
    assert_ne!(warning, "");
    let back = |talk: &mut Talk, resumed, hidden| {
        log_in(talk, resumed, hidden, false);
        talk.page().take()
    };
    assert_eq!(back(&mut talk, true, true), "* back again as ann\n");
    assert_eq!(ask(&mut talk, &post("hi"), posted()), "");
    let forgotten = "* back again as ann; the server does not remember you\n";
    let shown = back(&mut talk, false, true);
    assert!(shown.starts_with(forgotten) && shown.len() > forgotten.len(), "{shown:?}");
    assert_eq!(ask(&mut talk, &post("hi"), posted()), warning);
    assert_eq!(back(&mut talk, true, false), "* back again as ann\n");
    assert_eq!(back(&mut talk, false, false), forgotten);
    let shown = back(&mut talk, true, true);
    assert!(shown.len() > "* back again as ann\n".len(), "{shown:?}");
}

#[test]
fn who_hid_and_revealed_before_saying_anything_is_not_warned() {
    let mut talk = talk(&[]);
    ask(&mut talk, &ClientMessage::Hide, Answer::Done);
    ask(&mut talk, &ClientMessage::Reveal, Answer::Done);
    let posted = Answer::Posted { position: PLACE, time: UnixMillis(0) };
    assert_eq!(ask(&mut talk, &post("hi"), posted), "");
}

#[test]
fn a_history_without_messages_has_no_end() {
    let mut talk = talk(&[]);
    let conversation = Conversation::room("one");
    let message = last_of(conversation);
    let conversation = conversation.into();
    let answer =
        Answer::History { conversation, epoch: 1, first_kept: 1, last: 0, items: Vec::new() };
    assert!(!ask(&mut talk, &message, answer).contains("end of"));
}

#[test]
fn what_has_no_answer_that_makes_sense_is_trouble() {
    for (message, answer, words) in [
        (post("hi"), Answer::Lost, "* not known whether this arrived: \"hi\"\n"),
        (
            post("hi"),
            Answer::Unsupported,
            "* the server answered what this version does not know\n",
        ),
    ] {
        let mut talk = talk(&[]);
        assert_eq!(ask(&mut talk, &message, answer), words);
        assert!(talk.had_trouble());
    }
}

#[test]
fn a_conversation_that_ended_is_named_where_one_was_in_it() {
    let mut talk = talk(&[]);
    join(&mut talk, "one");
    for (conversation, words) in [
        (Conversation::EVERYONE, ""),
        (Conversation::room("two"), ""),
        (Conversation::private("bob"), "* the private conversation with bob ended\n"),
        (
            Conversation::room("one"),
            "* you are no longer in #one\n* what you type is said to everyone\n",
        ),
    ] {
        talk.event(&Event::ConversationEnded { conversation: conversation.into() });
        assert_eq!(talk.page().take(), words);
    }
}
