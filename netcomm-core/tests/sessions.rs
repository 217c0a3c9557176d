//! Sessions: what a user keeps when its connection is lost, and what ends.

use std::time::Duration;

use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, NoticeCode, RefusalCode, RequestId, ServerMessage,
};

use crate::support::chat::{
    Chat, create, history, join, login, members, names, position, post, refusal,
};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;
const LOBBY: Conversation<'static> = Conversation::room("lobby");

#[test]
fn a_lost_session_is_resumed_with_its_rooms_and_nothing_is_missing() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let bob = chat.connect();
    let (_, token) = chat.login(bob, "bob", false, None);
    chat.done(alice, &create("lobby"));
    chat.done(bob, &join("lobby"));
    chat.heard(alice);
    chat.lose(bob);
    assert_eq!(chat.heard(alice).events(), [ServerMessage::Offline { nickname: "bob" }]);
    assert_eq!(names(&chat.ask(alice, &members(Some("lobby")))), ["alice"]);
    chat.say(alice, LOBBY, "one");
    chat.say(alice, Conversation::private("bob"), "two");

    let again = chat.connect();
    let (resumed, _) = chat.login(again, "whoever", false, Some(token));
    assert!(resumed);
    assert_eq!(chat.heard(alice).events(), [ServerMessage::Online { nickname: "bob" }]);
    let all = chat.ask(again, &ClientMessage::Conversations { from: EVERYONE });
    let ServerMessage::Conversations { conversations, next: None } = &all.messages()[0].1 else {
        panic!("{all:?}");
    };
    let standing: Vec<_> =
        conversations.iter().map(|item| (item.conversation, item.last.seq)).collect();
    assert_eq!(standing, [(EVERYONE, 0), (LOBBY, 1), (Conversation::private("alice"), 1)]);
    for (conversation, said) in [(LOBBY, "one"), (Conversation::private("alice"), "two")] {
        let page = chat.ask(again, &history(conversation));
        let ServerMessage::History { items, first_kept: 1, last: 1, .. } = &page.messages()[0].1
        else {
            panic!("{page:?}");
        };
        assert_eq!(items[0].text, said);
    }
}

#[test]
fn a_resume_detaches_the_old_connection_and_nobody_notices() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let bob = chat.connect();
    let (_, token) = chat.login(bob, "bob", false, None);
    chat.heard(alice);
    let again = chat.connect();
    let (resumed, _) = chat.login(again, "bob", false, Some(token));
    assert!(resumed);
    let last = chat.heard(bob);
    assert!(last.closed);
    assert!(matches!(
        last.events()[..],
        [ServerMessage::Closing { code: CloseCode::SUPERSEDED, .. }]
    ));
    assert!(chat.ask(bob, &post(EVERYONE, "late")).is_silent());
    chat.lose(bob);
    assert!(chat.heard(alice).is_silent());
    chat.say(alice, EVERYONE, "hi");
    assert_eq!(chat.heard(again).texts(), ["hi"]);
}

#[test]
fn the_old_token_works_until_the_new_one_is_known_to_have_arrived() {
    let mut chat = Chat::new();
    let first = chat.connect();
    let (_, token) = chat.login(first, "bob", false, None);
    let second = chat.connect();
    let (resumed, lost) = chat.login(second, "bob", false, Some(token));
    assert!(resumed);
    // The welcome never arrived: the client comes again with what it has.
    let third = chat.connect();
    let (resumed, newest) = chat.login(third, "bob", false, Some(token));
    assert!(resumed);
    chat.done(third, &post(EVERYONE, "here I am"));
    for (void, conn) in [(token, chat.connect()), (lost, chat.connect())] {
        let heard = chat.ask(conn, &login("bob", false, Some(void)));
        assert_eq!(refusal(&heard), RefusalCode::NAME_TAKEN, "an ordinary login");
    }
    let fourth = chat.connect();
    assert!(chat.login(fourth, "bob", false, Some(newest)).0);
}

#[test]
fn a_repeated_request_is_answered_as_before_and_executed_once() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let first = chat.ask_as(alice, RequestId(900), &post(EVERYONE, "once"));
    let again = chat.ask_as(alice, RequestId(900), &post(EVERYONE, "once"));
    assert_eq!(first, again);
    assert_eq!(chat.heard(bob).texts(), ["once"]);
    for id in 901..=963 {
        chat.ask_as(alice, RequestId(id), &post(EVERYONE, "more"));
    }
    let oldest = chat.ask_as(alice, RequestId(900), &post(EVERYONE, "once"));
    assert_eq!(oldest, first, "the last 64 answers are kept");
    chat.ask_as(alice, RequestId(964), &post(EVERYONE, "more"));
    let stale = chat.ask_as(alice, RequestId(900), &post(EVERYONE, "once"));
    assert_eq!(refusal(&stale), RefusalCode::STALE_REQUEST);
}

#[test]
fn a_refusal_is_not_kept() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let refused = chat.ask_as(alice, RequestId(50), &join("lobby"));
    assert_eq!(refusal(&refused), RefusalCode::UNKNOWN_ROOM);
    chat.done(bob, &create("lobby"));
    let joined = chat.ask_as(alice, RequestId(50), &join("lobby"));
    assert_eq!(position(&joined).seq, 0);
}

#[test]
fn a_name_is_free_when_its_reservation_ends_and_its_conversations_never_return() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let before = position(&chat.ask(alice, &post(Conversation::private("bob"), "hi")));
    chat.lose(bob);
    let other = chat.connect();
    let taken = chat.ask(other, &login("bob", false, None));
    assert_eq!(refusal(&taken), RefusalCode::NAME_TAKEN);
    chat.heard(alice);
    chat.pass(Duration::from_mins(5));
    assert!(chat.heard(alice).is_silent(), "nothing further");
    let gone = chat.ask(alice, &post(Conversation::private("bob"), "hi"));
    assert_eq!(refusal(&gone), RefusalCode::UNKNOWN_NAME);
    let (resumed, _) = chat.login(other, "bob", false, None);
    assert!(!resumed);
    let after = position(&chat.ask(alice, &post(Conversation::private("bob"), "hi")));
    assert_ne!(before.epoch, after.epoch);
    assert_eq!(after.seq, 1);
}

#[test]
fn a_visible_quit_frees_the_name_at_once_and_looks_like_a_loss() {
    let mut chat = Chat::new();
    let (alice, bob, carol) = (chat.user("alice"), chat.user("bob"), chat.user("carol"));
    chat.heard(alice);
    let last = chat.ask(bob, &ClientMessage::Quit);
    assert!(last.closed);
    assert!(matches!(
        last.events()[..],
        [ServerMessage::Done, ServerMessage::Closing { code: CloseCode::QUIT, .. }]
    ));
    let quit = chat.heard(alice);
    chat.lose(bob);
    assert!(chat.heard(alice).is_silent());
    let bob = chat.user("bob");
    chat.heard(alice);
    chat.lose(bob);
    assert_eq!(chat.heard(alice), quit);
    assert_eq!(names(&chat.ask(carol, &members(None))), ["alice", "carol"]);
}

#[test]
fn who_was_away_learns_what_it_will_never_read() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let bob = chat.connect();
    let (_, token) = chat.login(bob, "bob", false, None);
    chat.lose(bob);
    chat.say(alice, Conversation::private("bob"), "I have to go");
    chat.say(alice, Conversation::private("bob"), "for good");
    chat.done(alice, &ClientMessage::Quit);

    let again = chat.connect();
    assert!(chat.login(again, "bob", false, Some(token)).0);
    let ended = |chat: &mut Chat| {
        let all = chat.ask(again, &ClientMessage::Conversations { from: EVERYONE });
        match &all.messages()[0].1 {
            ServerMessage::Conversations { conversations, .. } => conversations
                .iter()
                .map(|item| (item.conversation.to_string(), item.last))
                .next_back(),
            other => panic!("{other:?}"),
        }
    };
    let (name, before) = ended(&mut chat).expect("a conversation");
    assert_eq!((name.as_str(), before.seq), ("@alice", 2));
    let page = chat.ask(again, &history(Conversation::private("alice")));
    assert_eq!(refusal(&page), RefusalCode::UNKNOWN_NAME);

    let alice = chat.user("alice");
    chat.say(alice, Conversation::private("bob"), "I am another");
    let (_, after) = ended(&mut chat).expect("a conversation");
    assert_eq!(after.seq, 1);
    assert_ne!(before.epoch, after.epoch);
}

#[test]
fn what_was_refused_is_not_done_after_what_came_later() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(alice, &create("lobby"));
    let leave = ClientMessage::Leave { room: "lobby" };
    let said = post(LOBBY, "too early");
    for (id, request) in [(50, &leave), (51, &said)] {
        let refused = chat.ask_as(bob, RequestId(id), request);
        assert_eq!(refusal(&refused), RefusalCode::NOT_A_MEMBER);
    }
    let joined = chat.ask_as(bob, RequestId(52), &join("lobby"));
    chat.heard(alice);
    // The answers were lost, and everything comes again.
    for (id, request) in [(50, &leave), (51, &said)] {
        let refused = chat.ask_as(bob, RequestId(id), request);
        assert_eq!(refusal(&refused), RefusalCode::STALE_REQUEST);
    }
    assert_eq!(chat.ask_as(bob, RequestId(52), &join("lobby")), joined);
    assert!(chat.heard(alice).is_silent());
    chat.say(alice, LOBBY, "welcome");
    assert_eq!(chat.heard(bob).texts(), ["welcome"]);
}

#[test]
fn who_was_away_hears_that_its_name_was_released_until_it_must_have_heard() {
    let mut chat = Chat::with(&[("resume_ms", 10_000)]);
    let alice = chat.user("alice");
    let bob = chat.connect();
    let (_, mut token) = chat.login(bob, "bob", false, None);
    chat.done(bob, &ClientMessage::Hide);
    chat.pass(Duration::from_secs(5));
    chat.lose(bob);
    chat.say(alice, Conversation::private("bob"), "are you there?");
    chat.pass(Duration::from_secs(5));
    for (asks, hears) in [(false, true), (true, true), (false, false)] {
        let again = chat.connect();
        let heard = chat.ask(again, &login("bob", false, Some(token)));
        let events = heard.events();
        let ServerMessage::Welcome { resumed: true, token: newest, .. } = events[0] else {
            panic!("{events:?}");
        };
        token = newest;
        let released = |event: &ServerMessage<'_>| {
            let code = NoticeCode::NAME_RELEASED;
            matches!(event, ServerMessage::Notice { code: told, .. } if *told == code)
        };
        assert_eq!(events.iter().any(released), hears);
        if asks {
            chat.ask(again, &members(None));
        }
        chat.lose(again);
    }
}
