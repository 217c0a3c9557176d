use std::collections::BTreeSet;

use netcomm_core::client::Answer;
use netcomm_core::wire::{CloseCode, Conversation, NoticeCode, RequestId};
use proptest::prelude::*;

use super::*;

/// Every event that there is, with these strings and numbers.
fn events(name: &str, text: &str, number: u64) -> Vec<Event> {
    let conversation = || ConversationName::from(Conversation::room(name));
    let position = Position { epoch: number, seq: number };
    let (name, text) = (|| String::from(name), || String::from(text));
    let retry_in = Duration::from_millis(number);
    let code = RefusalCode::NAME_TAKEN;
    vec![
        Event::LoggedIn {
            nickname: name(),
            resumed: true,
            hidden: false,
            first: true,
            limits: Vec::new(),
        },
        Event::LoginRefused { code, text: text() },
        Event::Lost { why: Loss::Closed { code: CloseCode::FULL, text: text() }, retry_in },
        Event::Ended { why: Ending::Closed { code: CloseCode::BANNED, text: text() } },
        Event::Answered { id: RequestId(1), answer: Answer::Done },
        Event::Message {
            conversation: conversation(),
            position,
            time: UnixMillis(number),
            author: name(),
            text: text(),
            replayed: true,
        },
        Event::CaughtUp { conversation: conversation(), count: number },
        Event::Gone { conversation: conversation(), first: number, last: number },
        Event::Restarted { conversation: conversation() },
        Event::ConversationEnded { conversation: conversation() },
        Event::Unknown { id: RequestId(1), conversation: conversation(), text: text() },
        Event::Arrived { id: RequestId(1), position },
        Event::RoomEntered { room: name(), position },
        Event::RoomRefused { room: name(), code, text: text() },
        Event::MemberJoined { room: name(), nickname: name() },
        Event::MemberLeft { room: name(), nickname: name() },
        Event::Online { nickname: name() },
        Event::Offline { nickname: name() },
        Event::Renamed { from: name(), to: name() },
        Event::Notice { code: NoticeCode::ROOM_CLOSED, subject: name(), text: text() },
    ]
}

/// Everything that is ever written, each type at least once.
fn objects(name: &str, text: &str, number: u64) -> Vec<Object> {
    let conversation = ConversationName::from(Conversation::private(name));
    let position = Position { epoch: number, seq: number };
    let (of, nickname) = (conversation.to_string(), String::from(name));
    let mut objects: Vec<_> = events(name, text, number).iter().filter_map(Object::of).collect();
    objects.extend([
        Object::posted(&conversation, position, UnixMillis(number), text),
        Object::arrived(&conversation, position, text),
        Object::refused(&conversation, Some(RefusalCode::UNKNOWN_NAME), text, text),
        Object::refused(&conversation, None, text, text),
        Object::NotSent { conversation: of.clone(), text: text.into() },
        Object::Member { conversation: of.clone(), nickname },
        Object::Room { conversation: of, members: 7 },
    ]);
    objects
}

fn read(line: &str) -> Line {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn type_of(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).expect("an object");
    value["type"].as_str().expect("a type").into()
}

#[test]
fn every_event_but_answers_to_requests_has_an_object() {
    for event in events("a", "b", 1) {
        let is_answer = matches!(event, Event::Answered { .. } | Event::Arrived { .. });
        assert_eq!(Object::of(&event).is_none(), is_answer, "{event:?}");
    }
}

#[test]
fn the_examples_of_the_document_are_what_is_written_and_every_type_has_one() {
    let document = include_str!("../../../SCRIPTING.md");
    let mut explained = BTreeSet::new();
    for block in document.split("```json lines\n").skip(1) {
        let (examples, _) = block.split_once("```").expect("its end");
        for example in examples.lines() {
            let Line { v, object } = read(example);
            assert_eq!(v, VERSION);
            assert_eq!(object.into_line().trim_end(), example);
            assert!(explained.insert(type_of(example)), "twice: {example}");
        }
    }
    let written: BTreeSet<_> =
        objects("a", "b", 1).into_iter().map(|object| type_of(&object.into_line())).collect();
    assert_eq!(explained, written);
}

#[test]
fn the_table_of_the_document_has_every_exit_code() {
    let document = include_str!("../../../SCRIPTING.md");
    let codes: Vec<u8> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")?.0.parse().ok())
        .collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_one_line_and_is_read_as_the_same(
        name in any::<String>(),
        text in any::<String>(),
        number in any::<u64>(),
    ) {
        for object in objects(&name, &text, number) {
            let line = object.clone().into_line();
            prop_assert_eq!(line.matches('\n').count(), 1);
            let begins = line.starts_with(r#"{"v":1,"type":""#);
            prop_assert!(begins);
            prop_assert_eq!(read(&line), Line { v: VERSION, object });
        }
    }
}
