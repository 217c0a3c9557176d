//! How the server's answers are told to the user, and what conversations are called.

use std::time::Duration;

use netcomm_core::client::{
    Answer, ConversationName, ConversationPlace, Event, HistoryMessage, RoomSummary, Session,
    SessionConfig,
};
use netcomm_core::preface::{ServerPreface, Version};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    self, Conversation, ConversationItem, HistoryItem, Position, RefusalCode, RequestId, RoomItem,
    ServerMessage,
};

use crate::support::script::{NOW, requests, tell, up, welcome};

const PLACE: Position = Position { epoch: 8, seq: 3 };
const TIME: UnixMillis = UnixMillis(5);
const DEN: Conversation<'static> = Conversation::room("den");

#[test]
fn each_answer_is_told_as_it_was_given() {
    let item = HistoryItem { seq: 3, time: TIME, author: "bob", nonce: 9, text: "hi" };
    let (code, text) = (RefusalCode::RATE_LIMITED, "slowly");
    let all = [
        (ServerMessage::Done, Answer::Done),
        (
            ServerMessage::Posted { position: PLACE, time: TIME, earlier: 0 },
            Answer::Posted { position: PLACE, time: TIME },
        ),
        (
            ServerMessage::Joined { room: "den", position: PLACE },
            Answer::Joined { room: "den".into(), position: PLACE },
        ),
        (
            ServerMessage::Members { members: vec!["ann", "bob"], next: "cat" },
            Answer::Members { members: vec!["ann".into(), "bob".into()], next: "cat".into() },
        ),
        (
            ServerMessage::Rooms { rooms: vec![RoomItem { room: "den", members: 2 }], next: "tea" },
            Answer::Rooms {
                rooms: vec![RoomSummary { room: "den".into(), members: 2 }],
                next: "tea".into(),
            },
        ),
        (
            ServerMessage::History {
                conversation: DEN,
                epoch: 8,
                first_kept: 2,
                last: 3,
                items: vec![item],
            },
            Answer::History {
                conversation: DEN.into(),
                epoch: 8,
                first_kept: 2,
                last: 3,
                items: vec![HistoryMessage {
                    seq: 3,
                    time: TIME,
                    author: "bob".into(),
                    text: "hi".into(),
                }],
            },
        ),
        (
            ServerMessage::Conversations {
                conversations: vec![ConversationItem { conversation: DEN, last: PLACE }],
                next: Some(DEN),
            },
            Answer::Conversations {
                conversations: vec![ConversationPlace { conversation: DEN.into(), last: PLACE }],
                next: Some(DEN.into()),
            },
        ),
        (ServerMessage::Pong { nonce: 1 }, Answer::Pong),
        (
            ServerMessage::Refused { code, retry_after: Some(1500), text },
            Answer::Refused {
                code,
                retry_after: Some(Duration::from_millis(1500)),
                text: text.into(),
            },
        ),
        (ServerMessage::Online { nickname: "bob" }, Answer::Unsupported),
    ];
    for (given, told) in all {
        assert_eq!(Answer::from(given), told);
    }
}

#[test]
fn each_event_is_told_as_it_was_heard() {
    let mut session = up();
    let (room, nickname) = ("den", "bob");
    let (to_room, name) = (String::from(room), String::from(nickname));
    let all = [
        (
            ServerMessage::MemberJoined { room, nickname },
            Event::MemberJoined { room: to_room.clone(), nickname: name.clone() },
        ),
        (
            ServerMessage::MemberLeft { room, nickname },
            Event::MemberLeft { room: to_room, nickname: name.clone() },
        ),
        (ServerMessage::Online { nickname }, Event::Online { nickname: name.clone() }),
        (ServerMessage::Offline { nickname }, Event::Offline { nickname: name.clone() }),
        (
            ServerMessage::Renamed { from: nickname, to: "rob" },
            Event::Renamed { from: name, to: "rob".into() },
        ),
    ];
    for (heard, told) in all {
        let said = tell(&mut session, 0, &heard);
        assert_eq!((said.events, said.bytes), (vec![told], vec![]));
    }
    let said = tell(&mut session, 0, &ServerMessage::Ping { nonce: 7 });
    let pong = (RequestId::NONE, "Pong { nonce: 7 }".to_owned());
    assert_eq!((said.events, requests(&said.bytes)), (vec![], vec![pong]));
}

#[test]
fn a_preface_may_come_in_pieces_and_with_what_follows() {
    for cut in 0..=8 {
        let mut session = Session::new(SessionConfig::new("ann"), NOW, 1);
        session.handle_connected(NOW);
        let mut bytes = ServerPreface::Accepted(Version::V1).to_bytes().to_vec();
        wire::encode(RequestId(1), &welcome(false), &mut bytes).expect("a frame");
        session.receive(NOW, &bytes[..cut]);
        assert!(!session.is_logged_in());
        session.receive(NOW, &bytes[cut..]);
        assert!(session.is_logged_in(), "cut at {cut}");
    }
}

#[test]
fn a_conversation_is_displayed_as_it_is_typed() {
    let names = [Conversation::EVERYONE, DEN, Conversation::private("bob")];
    let displayed = names.map(|name| ConversationName::from(name).to_string());
    assert_eq!(displayed, ["*", "#den", "@bob"]);
}

#[test]
fn one_receipt_answers_posts_in_a_row() {
    let mut session = up();
    let mut post = |text| session.post(NOW, DEN, text).expect("room for one more");
    let ids = ["a", "b", "c", "d"].map(&mut post);
    let receipt = |seq, earlier| {
        let position = Position { epoch: 8, seq };
        ServerMessage::Posted { position, time: TIME, earlier }
    };
    let mut told = |id: RequestId, receipt| {
        let events = tell(&mut session, id.0, &receipt).events.into_iter();
        let answers = events.filter_map(|event| match event {
            Event::Answered { id, answer: Answer::Posted { position, time } } => {
                assert_eq!((position.epoch, time), (8, TIME));
                Some((id, position.seq))
            }
            _ => None,
        });
        answers.collect::<Vec<_>>()
    };
    let [a, b, c, d] = ids;
    assert_eq!(told(c, receipt(5, 1)), [(b, 4), (c, 5)]);
    // What was answered already, and what was never asked, is answered no more.
    assert_eq!(told(d, receipt(6, u32::MAX)), [(a, 3), (d, 6)]);
    assert_eq!(told(d, receipt(6, 3)), []);
}
