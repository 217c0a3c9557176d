//! What a client's session makes of the pages that it repairs gaps with.

use std::time::Duration;

use netcomm_core::client::{Event, Output, Session};
use netcomm_core::wire::{
    ClientMessage, Conversation, ConversationItem, HistoryItem, Position, RefusalCode,
    ServerMessage,
};

use crate::support::script::{
    NOW, Said, again, asked, drain, greeted, item, message, requests, tell, texts, welcome,
};

const ALL: Conversation<'static> = Conversation::EVERYONE;
const DEN: Conversation<'static> = Conversation::room("den");

/// Logged in, and in its only room, the den.
fn settled() -> Session {
    let mut session = greeted();
    let said = tell(&mut session, 1, &welcome(false));
    let said = refuse(&mut session, asked(&said, "Join").0, RefusalCode::ROOMS_PER_USER);
    list(&mut session, &said);
    let join = session.request(NOW, &ClientMessage::Join { room: "den" }).expect("a request");
    let leave = session.request(NOW, &ClientMessage::Leave { room: "lobby" }).expect("a request");
    tell(&mut session, join.0, &joined());
    tell(&mut session, leave.0, &ServerMessage::Done);
    session
}

fn joined() -> ServerMessage<'static> {
    ServerMessage::Joined { room: "den", position: Position { epoch: 9, seq: 0 } }
}

fn refuse(session: &mut Session, id: u32, code: RefusalCode) -> Said {
    tell(session, id, &ServerMessage::Refused { code, retry_after: Some(5), text: "" })
}

/// Answers the list that was asked for with `said`: nothing but everyone.
fn list(session: &mut Session, said: &Said) -> Said {
    let last = Position { epoch: 7, seq: 0 };
    let conversations = vec![ConversationItem { conversation: ALL, last }];
    let page = ServerMessage::Conversations { conversations, next: None };
    tell(session, asked(said, "Conversations").0, &page)
}

fn come_back(session: &mut Session, resumed: bool) -> Said {
    again(session);
    let login = asked(&drain(session), "Login");
    tell(session, login.0, &welcome(resumed))
}

/// A page of what everyone said.
fn page(first_kept: u64, last: u64, items: Vec<HistoryItem<'_>>) -> ServerMessage<'_> {
    ServerMessage::History { conversation: ALL, epoch: 7, first_kept, last, items }
}

/// The session is missing the messages 1 to 3.
fn with_a_gap() -> (Session, Said) {
    let mut session = settled();
    let said = tell(&mut session, 0, &message(ALL, (7, 4), "four"));
    assert!(requests(&said.bytes)[0].1.contains("first: 1, last: 3"));
    (session, said)
}

fn gone(first: u64, last: u64) -> Event {
    Event::Gone { conversation: ALL.into(), first, last }
}

#[test]
fn what_is_on_a_page_twice_or_beyond_the_gap_is_shown_once_or_not() {
    let (mut session, said) = with_a_gap();
    let items = [(1, "one"), (1, "one again"), (2, "two"), (3, "three"), (4, "4"), (9, "nine")];
    let items = items.map(|(seq, text)| item(seq, 0, text)).to_vec();
    let said = tell(&mut session, asked(&said, "History").0, &page(1, 9, items));
    assert_eq!(texts(&said), ["one", "two", "three", "four"]);
}

#[test]
fn a_page_that_ends_early_is_followed_by_another_and_one_without_progress_is_not() {
    let (mut session, said) = with_a_gap();
    let said = tell(&mut session, asked(&said, "History").0, &page(1, 4, vec![item(1, 0, "one")]));
    assert_eq!(texts(&said), ["one"]);
    let sent = requests(&said.bytes);
    assert!(sent[0].1.contains("first: 2, last: 3"), "{sent:?}");
    let said = tell(&mut session, sent[0].0.0, &page(1, 4, Vec::new()));
    assert_eq!((&said.events[0], texts(&said)), (&gone(2, 3), vec!["four"]));
    assert_eq!(requests(&said.bytes), []);
}

#[test]
fn what_is_kept_no_more_is_declared() {
    let (mut session, said) = with_a_gap();
    let said =
        tell(&mut session, asked(&said, "History").0, &page(3, 4, vec![item(3, 0, "three")]));
    assert_eq!((&said.events[0], texts(&said)), (&gone(1, 2), vec!["three", "four"]));
}

#[test]
fn a_page_that_is_refused_for_now_is_asked_for_later_and_one_for_good_is_declared_gone() {
    let (mut session, said) = with_a_gap();
    let history = asked(&said, "History");
    let said = refuse(&mut session, history.0, RefusalCode::RATE_LIMITED);
    assert_eq!((said.events, requests(&said.bytes)), (vec![], vec![]));
    let due = NOW + Duration::from_millis(10);
    assert_eq!(session.poll_output(), Output::Wait(Some(due)), "5 ms are too soon");
    session.handle_timeout(due);
    let history = asked(&drain(&mut session), "History");
    let said = refuse(&mut session, history.0, RefusalCode::UNKNOWN_CONVERSATION);
    assert_eq!((&said.events[0], texts(&said)), (&gone(1, 3), vec!["four"]));
}

#[test]
fn a_room_that_ended_while_one_was_away_is_not_made_again() {
    let mut session = settled();
    let said = come_back(&mut session, true);
    let said = list(&mut session, &said);
    assert_eq!(said.events, [Event::ConversationEnded { conversation: DEN.into() }]);
    let said = come_back(&mut session, false);
    assert!(requests(&said.bytes)[0].1.starts_with("Conversations"));
}

#[test]
fn a_room_that_could_not_be_entered_stays_wanted() {
    let mut session = settled();
    let said = come_back(&mut session, false);
    let said = refuse(&mut session, asked(&said, "Join").0, RefusalCode::ROOMS_PER_USER);
    list(&mut session, &said);
    let said = come_back(&mut session, false);
    asked(&said, "Join { room: \"den\"");
}

#[test]
fn what_was_read_from_history_is_counted_when_all_of_it_is_there() {
    let (mut session, said) = with_a_gap();
    let first = page(1, 4, vec![item(1, 0, "one")]);
    let said = tell(&mut session, asked(&said, "History").0, &first);
    assert_eq!(said.events.len(), 1);
    let rest = page(1, 4, vec![item(2, 0, "two"), item(3, 0, "three")]);
    let said = tell(&mut session, asked(&said, "History").0, &rest);
    let caught_up = Event::CaughtUp { conversation: ALL.into(), count: 3 };
    assert_eq!(
        (texts(&said), said.events.last()),
        (vec!["two", "three", "four"], Some(&caught_up))
    );
    let said = tell(&mut session, 0, &message(ALL, (7, 5), "five"));
    assert_eq!((texts(&said), said.events.len()), (vec!["five"], 1));
}

#[test]
fn what_a_page_leaves_out_is_declared_gone() {
    let (mut session, said) = with_a_gap();
    let items = vec![item(1, 0, "one"), item(3, 0, "three")];
    let said = tell(&mut session, asked(&said, "History").0, &page(1, 4, items));
    assert_eq!(texts(&said), ["one", "three", "four"]);
    assert_eq!((&said.events[1], requests(&said.bytes)), (&gone(2, 2), vec![]));
}

#[test]
fn who_is_not_let_out_of_a_room_stays_in_it() {
    for (code, stays) in [(RefusalCode::RATE_LIMITED, true), (RefusalCode::UNKNOWN_ROOM, false)] {
        let mut session = settled();
        let leave = session.request(NOW, &ClientMessage::Leave { room: "den" }).expect("a request");
        refuse(&mut session, leave.0, code);
        let said = come_back(&mut session, false);
        let joins = requests(&said.bytes)[0].1.starts_with("Join { room: \"den\"");
        assert_eq!(joins, stays, "{code:?}");
    }
}

#[test]
fn one_page_is_asked_for_at_a_time() {
    let (mut session, said) = with_a_gap();
    let history = asked(&said, "History");
    let said = tell(&mut session, 0, &message(ALL, (7, 5), "five"));
    assert_eq!(requests(&said.bytes), []);
    let items = [(1, "one"), (2, "two"), (3, "three")];
    let items = items.map(|(seq, text)| item(seq, 0, text)).to_vec();
    let said = tell(&mut session, history.0, &page(1, 5, items));
    assert_eq!(texts(&said), ["one", "two", "three", "four", "five"]);
}
