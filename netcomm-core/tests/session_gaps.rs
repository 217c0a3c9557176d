//! What a client's session makes of gaps, of its own posts in history, and of too much of either.

use std::time::Duration;

use netcomm_core::client::{Answer, Event, Output, Session};
use netcomm_core::limits::Limit;
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    self, ClientMessage, Conversation, ConversationItem, HistoryItem, LimitValue, Position,
    RefusalCode, ServerMessage,
};

use crate::support::script::{EVERYONE, welcome};
use crate::support::script::{
    NOW, Said, again, asked, drain, greeted, item, message, requests, tell, texts,
};

const ALL: Conversation<'static> = Conversation::EVERYONE;
const DEN: Conversation<'static> = Conversation::room("den");

/// Logged in, in no room, and with nothing that waits for an answer.
fn settled() -> Session {
    let mut session = greeted();
    let said = tell(&mut session, 1, &welcome(false));
    let said = tell(&mut session, asked(&said, "Join").0, &refused(RefusalCode::ROOMS_PER_USER));
    listed(&mut session, &said, &[(ALL, 7, 0)]);
    session
}

/// The connection breaks, and the server remembers the session, or not.
fn come_back(session: &mut Session, resumed: bool) -> Said {
    again(session);
    let login = asked(&drain(session), "Login");
    tell(session, login.0, &welcome(resumed))
}

/// The only page of the list of conversations.
fn list<'a>(places: &[(Conversation<'a>, u64, u64)]) -> ServerMessage<'a> {
    let item = |&(conversation, epoch, seq): &(Conversation<'a>, _, _)| {
        let last = Position { epoch, seq };
        ConversationItem { conversation, last }
    };
    ServerMessage::Conversations { conversations: places.iter().map(item).collect(), next: None }
}

fn history<'a>(
    conversation: Conversation<'a>,
    epoch: u64,
    items: Vec<HistoryItem<'a>>,
) -> ServerMessage<'a> {
    let last = items.last().map_or(0, |item| item.seq);
    ServerMessage::History { conversation, epoch, first_kept: 1, last, items }
}

fn refused<'a>(code: RefusalCode) -> ServerMessage<'a> {
    ServerMessage::Refused { code, retry_after: None, text: "" }
}

/// The nonces of the posts among some frames.
fn nonces(mut bytes: &[u8]) -> Vec<u64> {
    let mut nonces = Vec::new();
    while let Some((header, after)) = bytes.split_first_chunk() {
        let (payload, rest) = after.split_at(u32::from_be_bytes(*header) as usize);
        if let Ok((_, ClientMessage::Post { nonce, .. })) = wire::decode(payload) {
            nonces.push(nonce);
        }
        bytes = rest;
    }
    nonces
}

/// Answers the list of conversations that was asked for with `said`.
fn listed(session: &mut Session, said: &Said, places: &[(Conversation<'_>, u64, u64)]) -> Said {
    tell(session, asked(said, "Conversations").0, &list(places))
}

#[test]
fn what_is_said_in_a_room_waits_until_it_is_known_where_ones_part_of_it_begins() {
    let mut session = settled();
    let join = session.request(NOW, &ClientMessage::Join { room: "den" }).expect("a request");
    let back = come_back(&mut session, true);
    // The join was executed at 2, which nobody has heard yet.
    let early = tell(&mut session, 0, &message(DEN, (9, 5), "five"));
    assert_eq!(early.events, []);
    let room = "den";
    let joined = ServerMessage::Joined { room, position: Position { epoch: 9, seq: 2 } };
    let said = tell(&mut session, join.0, &joined);
    assert!(matches!(said.events[..], [Event::Answered { answer: Answer::Joined { .. }, .. }]));
    let said = listed(&mut session, &back, &[(ALL, 7, 0), (DEN, 9, 5)]);
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("first: 3, last: 4"), "{sent:?}");
    let page = history(DEN, 9, vec![item(3, 0, "three"), item(4, 0, "four")]);
    let said = tell(&mut session, sent[0].0.0, &page);
    assert_eq!(texts(&said), ["three", "four", "five"]);
}

#[test]
fn an_own_post_in_history_is_not_shown_to_its_author() {
    let mut session = settled();
    let id = session.post(NOW, ALL, "mine").expect("a post");
    let nonce = nonces(&drain(&mut session).bytes)[0];
    let back = come_back(&mut session, true);
    let said = listed(&mut session, &back, &[(ALL, 7, 2)]);
    let page = history(ALL, 7, vec![item(1, 0, "theirs"), item(2, nonce, "mine")]);
    let said = tell(&mut session, asked(&said, "History").0, &page);
    assert_eq!(texts(&said), ["theirs"]);
    let position = Position { epoch: 7, seq: 2 };
    let time = UnixMillis(0);
    let said = tell(&mut session, id.0, &ServerMessage::Posted { position, time, earlier: 0 });
    assert!(matches!(said.events[..], [Event::Answered { answer: Answer::Posted { .. }, .. }]));
    let next = tell(&mut session, 0, &message(ALL, (7, 3), "next"));
    assert_eq!(texts(&next), ["next"]);
}

#[test]
fn of_many_posts_that_nobody_knows_the_fate_of_the_latest_are_found_in_history() {
    const KEPT: usize = 1024;
    let mut session = settled();
    let mut sent = Vec::new();
    let mut said = Said::default();
    while sent.len() <= KEPT {
        while session.post(NOW, ALL, "mine").is_ok() {}
        sent.extend(nonces(&drain(&mut session).bytes));
        said = come_back(&mut session, false);
    }
    let join = asked(&said, "Join");
    let said = tell(&mut session, join.0, &refused(RefusalCode::ROOMS_PER_USER));
    let said = listed(&mut session, &said, &[(ALL, 7, 3)]);
    let (forgotten, kept) = (sent.len() - KEPT - 1, sent.len() - KEPT);
    let items = [forgotten, kept, sent.len() - 1].into_iter().zip(1..);
    let items = items.map(|(index, seq)| item(seq, sent[index], "mine")).collect();
    let said = tell(&mut session, asked(&said, "History").0, &history(ALL, 7, items));
    let arrived = |event: &&Event| matches!(event, Event::Arrived { .. });
    assert_eq!(texts(&said), ["mine"]);
    assert_eq!(said.events.iter().filter(arrived).count(), 2);
}

#[test]
fn what_comes_too_early_and_is_too_much_is_read_from_history() {
    let mut session = settled();
    let words: Vec<_> = (1..=100).map(|seq| format!("message {seq}")).collect();
    let (mut heard, mut said) = (Vec::new(), Said::default());
    for (seq, text) in (1..).zip(&words).skip(1) {
        said.bytes.extend(tell(&mut session, 0, &message(ALL, (7, seq), text)).bytes);
    }
    for (first, last) in [(1, 1), (66, 100)] {
        let sent = requests(&said.bytes);
        assert!(sent[0].1.contains(&format!("first: {first}, last: {last}")), "{sent:?}");
        let items = (first..=last).zip(&words[first - 1..]);
        let items = items.map(|(seq, text)| item(seq as u64, 0, text)).collect();
        said = tell(&mut session, sent[0].0.0, &history(ALL, 7, items));
        heard.extend(texts(&said).iter().map(ToString::to_string));
    }
    assert_eq!(heard, words);
}

#[test]
fn of_more_conversations_than_are_kept_messages_come_as_they_come() {
    const KEPT: usize = 4096;
    let mut session = settled();
    // One of them is that of everyone.
    let names: Vec<_> = (1..=KEPT).map(|number| format!("user{number}")).collect();
    for (epoch, name) in (100..).zip(&names) {
        let said = tell(&mut session, 0, &message(Conversation::private(name), (epoch, 1), "hi"));
        assert_eq!(texts(&said), ["hi"]);
    }
    let (kept, other) = (&names[KEPT - 2], &names[KEPT - 1]);
    let epoch = 100 + KEPT as u64;
    for (name, epoch, shown) in [(kept, epoch - 2, false), (other, epoch - 1, true)] {
        let late = message(Conversation::private(name), (epoch, 3), "late");
        assert_eq!(!tell(&mut session, 0, &late).events.is_empty(), shown);
    }
    let said = come_back(&mut session, true);
    let other = Conversation::private(other);
    let said = listed(&mut session, &said, &[(ALL, 7, 0), (other, epoch - 1, 3)]);
    let gone = Event::Gone { conversation: other.into(), first: 1, last: 3 };
    assert_eq!(said.events[0], gone);
}

#[test]
fn a_list_that_is_refused_is_asked_for_more_and_more_seldom() {
    let mut session = greeted();
    let value = 3_600_000;
    let ServerMessage::Welcome { nickname, token, time, .. } = welcome(false) else {
        panic!("a welcome");
    };
    let quiet = ServerMessage::Welcome {
        nickname,
        resumed: true,
        hidden: false,
        token,
        time,
        everyone: EVERYONE,
        limits: vec![LimitValue { limit: Limit::PingMs as u16, value }],
        features: 0,
        extensions: Vec::new(),
    };
    let mut said = tell(&mut session, 1, &quiet);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let list = asked(&said, "Conversations");
        said = tell(&mut session, list.0, &refused(RefusalCode::UNSUPPORTED));
        assert_eq!(requests(&said.bytes), []);
        let due = NOW + Duration::from_secs(seconds);
        assert_eq!(session.poll_output(), Output::Wait(Some(due)));
        session.handle_timeout(due);
        said = drain(&mut session);
    }
    // Who says when is believed.
    let code = RefusalCode::RATE_LIMITED;
    let later = ServerMessage::Refused { code, retry_after: Some(5), text: "" };
    tell(&mut session, asked(&said, "Conversations").0, &later);
    let due = NOW + Duration::from_millis(10);
    assert_eq!(session.poll_output(), Output::Wait(Some(due)));
    session.handle_timeout(due);
    let said = drain(&mut session);
    let said = listed(&mut session, &said, &[(ALL, 7, 0)]);
    assert_eq!(requests(&said.bytes), []);
}

#[test]
fn a_gap_in_an_epoch_that_is_over_is_declared_and_the_next_is_read_from_its_beginning() {
    let mut session = settled();
    let bob = Conversation::private("bob");
    assert_eq!(texts(&tell(&mut session, 0, &message(bob, (8, 1), "one"))), ["one"]);
    let said = tell(&mut session, 0, &message(bob, (8, 3), "three"));
    let gap = asked(&said, "History");
    let said = tell(&mut session, gap.0, &refused(RefusalCode::WRONG_EPOCH));
    assert_eq!(said.events, [Event::Restarted { conversation: bob.into() }]);
    let said = listed(&mut session, &said, &[(ALL, 7, 0), (bob, 9, 1)]);
    assert_eq!(said.events, [], "it is told once");
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("epoch: Some(9), first: 1, last: 1"), "{sent:?}");
    let page = history(bob, 9, vec![item(1, 0, "anew")]);
    assert_eq!(texts(&tell(&mut session, sent[0].0.0, &page)), ["anew"]);
}

#[test]
fn a_page_may_tell_one_that_was_left_and_goes_on_of_more_than_it_knows() {
    let mut session = settled();
    let bob = Conversation::private("bob");
    tell(&mut session, 0, &message(bob, (8, 1), "one"));
    let asked = asked(&tell(&mut session, 0, &message(bob, (8, 6), "six")), "History");
    // Another is called so, and then it is the first again.
    tell(&mut session, 0, &message(bob, (9, 1), "another"));
    assert_eq!(texts(&tell(&mut session, 0, &message(bob, (8, 2), "two"))), ["two"]);
    let items = vec![item(5, 0, "five")];
    let (epoch, last) = (8, 6);
    let page = ServerMessage::History { conversation: bob, epoch, first_kept: 5, last, items };
    let said = tell(&mut session, asked.0, &page);
    let gone = Event::Gone { conversation: bob.into(), first: 3, last: 4 };
    assert_eq!((&said.events[0], texts(&said)), (&gone, vec!["five"]));
    let said = tell(&mut session, 0, &message(bob, (8, 7), "seven"));
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("first: 6, last: 6"), "{sent:?}");
}

#[test]
fn a_list_that_names_an_epoch_that_is_over_is_not_believed_for_ever() {
    let mut session = settled();
    let bob = Conversation::private("bob");
    tell(&mut session, 0, &message(bob, (8, 1), "one"));
    let said = tell(&mut session, 0, &message(bob, (8, 3), "three"));
    let wrong = refused(RefusalCode::WRONG_EPOCH);
    let said = tell(&mut session, asked(&said, "History").0, &wrong);
    let said = listed(&mut session, &said, &[(ALL, 7, 0), (bob, 8, 3)]);
    let said = tell(&mut session, asked(&said, "History").0, &wrong);
    assert_eq!(said.events, [Event::Gone { conversation: bob.into(), first: 2, last: 3 }]);
    assert_eq!(requests(&said.bytes), []);
}

#[test]
fn a_conversation_that_was_left_goes_on_where_it_was_under_another_name() {
    let mut session = settled();
    let (bob, eve) = (Conversation::private("bob"), Conversation::private("eve"));
    assert_eq!(texts(&tell(&mut session, 0, &message(bob, (8, 1), "one"))), ["one"]);
    // Somebody else is called bob now; that the first took another name was not heard.
    let said = tell(&mut session, 0, &message(bob, (9, 1), "I am another"));
    assert_eq!(texts(&said), ["I am another"]);
    let back = come_back(&mut session, true);
    let said = listed(&mut session, &back, &[(ALL, 7, 0), (bob, 9, 1), (eve, 8, 2)]);
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("epoch: Some(8), first: 2, last: 2"), "{sent:?}");
    let page = history(eve, 8, vec![item(2, 0, "two")]);
    assert_eq!(texts(&tell(&mut session, sent[0].0.0, &page)), ["two"]);
}

#[test]
fn a_list_is_read_once_more_where_somebody_in_it_was_renamed_meanwhile() {
    let (carol, abe) = (Conversation::private("carol"), Conversation::private("abe"));
    for goes_on in [true, false] {
        let mut session = settled();
        assert_eq!(texts(&tell(&mut session, 0, &message(carol, (8, 1), "one"))), ["one"]);
        let back = come_back(&mut session, true);
        // Perhaps it is another who was called so after the first had gone.
        tell(&mut session, 0, &ServerMessage::Renamed { from: "carol", to: "abe" });
        let said = listed(&mut session, &back, &[(ALL, 7, 0)]);
        assert_eq!(said.events, []);
        let rest = [(ALL, 7, 0), (abe, 8, 1)];
        let said = listed(&mut session, &said, if goes_on { &rest } else { &rest[..1] });
        let ended = Event::ConversationEnded { conversation: abe.into() };
        assert_eq!(said.events, if goes_on { vec![] } else { vec![ended] });
        assert_eq!(requests(&said.bytes), []);
    }
}

#[test]
fn who_loses_a_name_to_somebody_known_is_told_of_before_and_goes_on_under_another() {
    let [ann, bob, cy] = ["ann2", "bob2", "cy2"].map(Conversation::private);
    let mut session = settled();
    tell(&mut session, 0, &message(ann, (8, 1), "one"));
    tell(&mut session, 0, &message(bob, (9, 1), "two"));
    // Meanwhile bob has become cy, and ann bob.
    let back = come_back(&mut session, true);
    let said = listed(&mut session, &back, &[(ALL, 7, 0), (bob, 8, 1), (cy, 9, 1)]);
    let renamed = Event::Renamed { from: "ann2".into(), to: "bob2".into() };
    assert_eq!(said.events, [Event::ConversationEnded { conversation: bob.into() }, renamed]);
    for (name, epoch) in [(bob, 8), (cy, 9)] {
        let said = tell(&mut session, 0, &message(name, (epoch, 2), "on"));
        assert_eq!((texts(&said), said.events.len()), (vec!["on"], 1));
    }
}

#[test]
fn an_answer_that_comes_again_does_not_keep_what_has_ended() {
    let bob = Conversation::private("bob");
    for goes_on in [true, false] {
        let mut session = settled();
        let id = session.post(NOW, bob, "hi").expect("a post");
        drain(&mut session);
        let back = come_back(&mut session, true);
        // It was said before, and perhaps all that was private has ended since.
        let position = Position { epoch: 8, seq: 1 };
        let posted = ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 };
        tell(&mut session, id.0, &posted);
        let rest = [(ALL, 7, 0), (bob, 8, 1)];
        let said = listed(&mut session, &back, if goes_on { &rest } else { &rest[..1] });
        let ended = Event::ConversationEnded { conversation: bob.into() };
        assert_eq!(said.events, if goes_on { vec![] } else { vec![ended] });
    }
}

#[test]
fn a_conversation_is_called_as_the_server_writes_it_now() {
    let mut session = settled();
    for (name, seq) in [("bob", 1), ("Bob", 2)] {
        tell(&mut session, 0, &message(Conversation::private(name), (8, seq), "hi"));
    }
    let said = tell(&mut session, 0, &message(Conversation::private("BOB"), (8, 4), "hi"));
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("\"BOB\"") && sent[0].1.contains("first: 3"), "{sent:?}");
}

/// There are no more pages than conversations that are kept.
#[test]
fn a_list_without_end_is_not_read_for_ever() {
    let mut session = settled();
    let mut said = come_back(&mut session, true);
    let page = ServerMessage::Conversations { conversations: Vec::new(), next: Some(DEN) };
    let mut pages = 0;
    while let [(id, request)] = &requests(&said.bytes)[..] {
        assert!(request.starts_with("Conversations"));
        said = tell(&mut session, id.0, &page);
        pages += 1;
    }
    assert_eq!(pages, 4097);
}

#[test]
fn a_ping_takes_no_place_among_what_the_user_may_ask() {
    let mut session = settled();
    let Output::Wait(Some(due)) = session.poll_output() else { panic!("no heartbeat") };
    session.handle_timeout(due);
    asked(&drain(&mut session), "Ping");
    for _ in 0..64 {
        session.post(due, ALL, "hi").expect("a place");
    }
    assert!(session.post(due, ALL, "one too many").is_err());
}
