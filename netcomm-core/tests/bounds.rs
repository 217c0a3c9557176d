//! Limits, pages and ends: what the router does where there is too much.

use std::time::Duration;

use allocation_counter::measure;
use netcomm_core::server::{After, ConnId, Face, Incoming, Origin};
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, NoticeCode, RefusalCode, ResumeToken, ServerMessage,
};

use crate::support::chat::{Chat, create, history, join, login, position, post, refusal};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;
const LOBBY: Conversation<'static> = Conversation::room("lobby");

#[test]
fn an_ownerless_room_ends_when_it_is_idle() {
    let mut chat = Chat::with(&[("room_idle_ms", 60_000), ("resume_ms", 10_000)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let before = position(&chat.ask(alice, &create("lobby")));
    chat.done(bob, &join("lobby"));
    chat.pass(Duration::from_mins(10));
    chat.say(bob, LOBBY, "an owned room never ends");
    chat.done(alice, &ClientMessage::Quit);
    chat.pass(Duration::from_secs(50));
    chat.say(bob, LOBBY, "still here");
    chat.pass(Duration::from_secs(59));
    chat.heard(bob);
    chat.pass(Duration::from_secs(1));
    let heard = chat.heard(bob);
    assert!(matches!(
        heard.events()[..],
        [ServerMessage::Notice { code: NoticeCode::ROOM_CLOSED, subject: "lobby", .. }]
    ));
    let unknown = chat.ask(bob, &post(LOBBY, "?"));
    assert_eq!(refusal(&unknown), RefusalCode::UNKNOWN_ROOM);
    let after = position(&chat.ask(bob, &create("lobby")));
    assert_ne!(before.epoch, after.epoch);
}

#[test]
fn history_says_what_is_gone() {
    let mut chat = Chat::with(&[("history_messages", 10)]);
    let alice = chat.user("alice");
    for number in 1..=25 {
        chat.say(alice, EVERYONE, &format!("message {number}"));
    }
    let page = chat.ask(alice, &history(EVERYONE));
    let ServerMessage::History { first_kept: 16, last: 25, items, .. } = &page.messages()[0].1
    else {
        panic!("{page:?}");
    };
    let seqs: Vec<_> = items.iter().map(|item| item.seq).collect();
    assert_eq!(seqs, (16..=25).collect::<Vec<_>>());
    assert_eq!(items[0].text, "message 16");
    let latest = ClientMessage::History {
        conversation: EVERYONE,
        epoch: None,
        first: 1,
        last: 22,
        latest: true,
        most: 3,
    };
    let page = chat.ask(alice, &latest);
    let ServerMessage::History { items, .. } = &page.messages()[0].1 else { panic!("{page:?}") };
    assert_eq!(items.iter().map(|item| item.seq).collect::<Vec<_>>(), [20, 21, 22]);
}

#[test]
fn the_oldest_messages_of_all_go_first() {
    let mut chat = Chat::with(&[("histories_bytes", 64 * 1024), ("history_messages", 100_000)]);
    let alice = chat.user("alice");
    chat.done(alice, &create("lobby"));
    let text = "x".repeat(4000);
    for _ in 0..10 {
        chat.say(alice, EVERYONE, &text);
    }
    for _ in 0..10 {
        chat.say(alice, LOBBY, &text);
    }
    let first_kept = |chat: &mut Chat, conversation| {
        let page = chat.ask(alice, &history(conversation));
        match page.messages()[0].1 {
            ServerMessage::History { first_kept, .. } => first_kept,
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(first_kept(&mut chat, LOBBY), 1);
    let everyone = first_kept(&mut chat, EVERYONE);
    assert!((2..=10).contains(&everyone), "{everyone}");
}

#[test]
fn lists_come_in_pages_to_the_end() {
    let mut chat = Chat::with(&[("rooms_per_user", 1000)]);
    let alice = chat.user("alice");
    let rooms: Vec<_> = (0..250).map(|number| format!("room-{number:03}")).collect();
    for room in &rooms {
        chat.done(alice, &create(room));
    }
    let (mut seen, mut from) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = chat.ask(alice, &ClientMessage::Rooms { from: &from });
        let ServerMessage::Rooms { rooms, next } = &page.messages()[0].1 else {
            panic!("{page:?}")
        };
        assert!(!rooms.is_empty() && rooms.len() <= 100);
        seen.extend(rooms.iter().map(|item| (item.room.to_owned(), item.members)));
        from = (*next).to_owned();
        if from.is_empty() {
            break;
        }
    }
    assert_eq!(seen, rooms.into_iter().map(|room| (room, 1)).collect::<Vec<_>>());
}

#[test]
fn there_are_as_many_rooms_as_may_be_until_one_ends() {
    let mut chat = Chat::with(&[("rooms", 2), ("room_idle_ms", 1000)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(alice, &create("one"));
    chat.done(bob, &create("two"));
    let refused = chat.ask(bob, &create("three"));
    assert_eq!(refusal(&refused), RefusalCode::TOO_MANY_ROOMS);
    chat.done(alice, &ClientMessage::Quit);
    chat.pass(Duration::from_secs(1));
    chat.done(bob, &create("three"));
    let refused = chat.ask(bob, &create("four"));
    assert_eq!(refusal(&refused), RefusalCode::TOO_MANY_ROOMS);
}

#[test]
fn who_makes_rooms_and_leaves_them_still_has_them() {
    let mut chat = Chat::with(&[("rooms_per_user", 2), ("room_idle_ms", 1000)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(bob, &create("lobby"));
    for room in ["one", "two"] {
        chat.done(alice, &create(room));
        chat.done(alice, &ClientMessage::Leave { room });
    }
    chat.pass(Duration::from_mins(1));
    let too_many = |chat: &mut Chat| {
        for ask in [create("three"), join("lobby")] {
            assert_eq!(refusal(&chat.ask(alice, &ask)), RefusalCode::ROOMS_PER_USER);
        }
    };
    too_many(&mut chat);
    // Her own are open to her, and are not counted twice.
    chat.done(alice, &join("one"));
    too_many(&mut chat);
    chat.done(alice, &join("two"));
    // A hidden owner is still one, until its identity has ended.
    chat.done(alice, &ClientMessage::Hide);
    chat.done(alice, &ClientMessage::Leave { room: "one" });
    let ask = chat.ask(alice, &join("lobby"));
    assert_eq!(refusal(&ask), RefusalCode::ROOMS_PER_USER);
    chat.pass(Duration::from_mins(6));
    chat.done(alice, &join("lobby"));
}

#[test]
fn notices_go_to_acquaintances_where_many_are_online() {
    let mut chat = Chat::with(&[("notice_audience", 2)]);
    let (alice, bob, carol) = (chat.user("alice"), chat.user("bob"), chat.user("carol"));
    let dave = chat.user("dave");
    chat.done(alice, &create("lobby"));
    chat.done(bob, &join("lobby"));
    chat.say(bob, Conversation::private("carol"), "hi");
    for ear in [alice, carol, dave] {
        chat.heard(ear);
    }
    chat.lose(bob);
    let offline = [ServerMessage::Offline { nickname: "bob" }];
    assert_eq!(chat.heard(alice).events(), offline);
    assert_eq!(chat.heard(carol).events(), offline);
    assert!(chat.heard(dave).is_silent());
}

#[test]
fn everybody_is_told_of_the_end() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let silent = chat.try_connect(Origin::Exempt).expect("a connection");
    for ear in [alice, bob] {
        chat.heard(ear);
    }
    chat.router.shut_down(chat.now, Duration::from_secs(5), &mut chat.ears);
    for ear in [alice, bob] {
        let heard = chat.heard(ear);
        assert!(matches!(
            heard.events()[..],
            [ServerMessage::Closing {
                code: CloseCode::SHUTTING_DOWN,
                retry_after: Some(5000),
                ..
            }]
        ));
        assert!(heard.closed);
    }
    assert!(chat.heard(silent).closed);
    assert_eq!(chat.try_connect(Origin::Exempt), Err(CloseCode::SHUTTING_DOWN));
}

#[test]
fn connections_are_limited_in_all_by_address_and_before_login() {
    let set = [("connections", 6), ("connections_per_address", 2), ("pending_logins", 3)];
    let mut chat = Chat::with(&set);
    let somewhere = Origin::Address("192.0.2.1".parse().expect("an address"));
    let oldest = chat.try_connect(somewhere).expect("the first");
    chat.try_connect(somewhere).expect("the second");
    assert_eq!(chat.try_connect(somewhere), Err(CloseCode::ADDRESS_LIMIT));
    chat.try_connect(Origin::Exempt).expect("three that have not logged in");
    assert!(!chat.heard(oldest).closed);
    chat.try_connect(Origin::Exempt).expect("one too many that has not logged in");
    assert!(chat.heard(oldest).closed);
    chat.lose(oldest);
    chat.try_connect(somewhere).expect("there is room again");
    let (alice, bob) = (chat.open(Face::Text), chat.open(Face::Text));
    assert_eq!(chat.try_connect(Origin::Exempt), Err(CloseCode::FULL));
    for conn in [alice, bob] {
        chat.lose(conn);
    }
    chat.try_connect(Origin::Exempt).expect("there is room again");
}

#[test]
fn of_connections_that_came_at_one_instant_the_first_is_the_oldest() {
    let mut chat = Chat::with(&[("pending_logins", 1)]);
    let before = chat.try_connect(Origin::Exempt).expect("a connection");
    chat.lose(before);
    // One takes the place of the one before, the next has a place that was never taken.
    let oldest = chat.try_connect(Origin::Exempt).expect("the first");
    let newest = chat.try_connect(Origin::Exempt).expect("one too many that has not logged in");
    assert!(chat.heard(oldest).closed);
    assert!(chat.heard(newest).is_silent());
}

#[test]
fn lost_sessions_are_limited_by_address() {
    for hidden in [false, true] {
        let mut chat = Chat::with(&[("detached_per_address", 1)]);
        let users = [("alice", 1), ("bob", 2), ("carol", 1)]
            .map(|(nickname, last)| enter_from(&mut chat, last, nickname, hidden));
        for (conn, ..) in &users {
            chat.lose(*conn);
        }
        let resumed = users.map(|(_, token)| {
            let conn = chat.connect();
            chat.login(conn, "whoever", hidden, Some(token)).0
        });
        // Of the two from one address the older has ended.
        assert_eq!(resumed, [false, true, true], "hidden: {hidden}");
    }
}

#[test]
fn a_hidden_session_counts_for_the_address_that_it_was_lost_from() {
    let mut chat = Chat::with(&[("detached_per_address", 1)]);
    let (alice, token) = enter_from(&mut chat, 1, "alice", true);
    chat.lose(alice);
    // She comes back from elsewhere, and is lost there: where she was before there is room.
    let elsewhere = open_from(&mut chat, 2);
    let (is_resumed, alice) = chat.login(elsewhere, "alice", true, Some(token));
    assert!(is_resumed);
    chat.lose(elsewhere);
    let (bob, bob_token) = enter_from(&mut chat, 1, "bob", true);
    chat.lose(bob);
    for token in [alice, bob_token] {
        let conn = open_from(&mut chat, 3);
        assert!(chat.login(conn, "whoever", true, Some(token)).0);
    }
}

/// A framed connection from one of several addresses.
fn open_from(chat: &mut Chat, last: u8) -> ConnId {
    let conn = chat.try_connect(Origin::Address([192, 0, 2, last].into())).expect("a connection");
    let opened = Incoming::Opened(Face::Framed);
    assert_eq!(chat.router.handle(chat.now, conn, &opened, &mut chat.ears), After::Nothing);
    conn
}

fn enter_from(chat: &mut Chat, last: u8, name: &str, hidden: bool) -> (ConnId, ResumeToken) {
    let conn = open_from(chat, last);
    (conn, chat.login(conn, name, hidden, None).1)
}

#[test]
fn lost_sessions_are_limited_in_all_and_hidden_ones_among_themselves() {
    for hidden in [false, true] {
        let mut chat = Chat::with(&[("detached_sessions", 2)]);
        let users = ["alice", "bob", "carol"].map(|nickname| {
            let conn = chat.connect();
            (conn, nickname, chat.login(conn, nickname, hidden, None).1)
        });
        for (conn, ..) in &users {
            chat.lose(*conn);
            chat.pass(Duration::from_secs(1));
        }
        let resumed = users.map(|(_, nickname, token)| {
            let conn = chat.connect();
            chat.login(conn, nickname, hidden, Some(token)).0
        });
        assert_eq!(resumed, [false, true, true], "the oldest has ended");
    }
}

#[test]
fn private_conversations_are_limited_by_user_and_in_all() {
    let with = |nickname| post(Conversation::private(nickname), "hi");
    let mut chat = Chat::with(&[("pairs_per_user", 1)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let (carol, _dave) = (chat.user("carol"), chat.user("dave"));
    chat.done(alice, &with("bob"));
    // Neither who has enough of them, nor with whom has.
    for (conn, other) in [(alice, "carol"), (carol, "alice")] {
        assert_eq!(refusal(&chat.ask(conn, &with(other))), RefusalCode::TOO_MANY_PAIRS);
    }
    chat.done(bob, &with("alice"));
    chat.done(carol, &with("dave"));
    chat.done(bob, &ClientMessage::Quit);
    let eve = chat.user("eve");
    chat.done(eve, &with("alice"));

    let mut chat = Chat::with(&[("pairs", 1)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    let carol = chat.user("carol");
    chat.done(alice, &with("bob"));
    assert_eq!(refusal(&chat.ask(carol, &with("bob"))), RefusalCode::TOO_MANY_PAIRS);
    chat.done(bob, &ClientMessage::Quit);
    chat.done(carol, &with("alice"));
}

/// Keys of names are made of tables, slowly, and while the router is locked nobody else is served.
#[test]
fn conversations_that_have_ended_make_no_rename_dearer() {
    let allocations = |ended: usize| {
        let mut chat = Chat::new();
        let (alice, bob) = (chat.user("alice"), chat.user("bob"));
        let with_bob = post(Conversation::private("bob"), "hi");
        chat.done(alice, &with_bob);
        for number in 0..ended {
            let guest = chat.user(&format!("invit\u{e9}-{number}"));
            chat.done(guest, &with_bob);
            chat.done(guest, &ClientMessage::Quit);
        }
        chat.heard(bob);
        let rename = ClientMessage::Rename { nickname: "alicia" };
        measure(|| chat.done(alice, &rename)).count_total
    };
    let (few, many) = (allocations(0), allocations(32));
    assert!(many < few + 32, "{few} allocations, and {many}");
}

#[test]
fn a_page_of_history_is_of_the_incarnation_that_is_meant() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let epoch = position(&chat.ask(alice, &post(EVERYONE, "hi"))).epoch;
    for (meant, is_granted) in [(None, true), (Some(epoch), true), (Some(epoch ^ 1), false)] {
        let mut asked = history(EVERYONE);
        if let ClientMessage::History { epoch, .. } = &mut asked {
            *epoch = meant;
        }
        let page = chat.ask(alice, &asked);
        match page.messages()[0].1 {
            ServerMessage::History { .. } => assert!(is_granted),
            _ => assert!(!is_granted && refusal(&page) == RefusalCode::WRONG_EPOCH),
        }
    }
}

/// An item counts its author's name, its text and 48 bytes, and there is room for 16,128. The text
/// face begins each line with two spaces, so that less fits.
#[test]
fn a_page_of_history_holds_what_fits_a_frame_and_no_more() {
    for (bytes, fit) in [(3979, 4), (3980, 3)] {
        let mut chat = Chat::new();
        let alice = chat.user("alice");
        let reader = chat.open(Face::Text);
        chat.ask(reader, &login("bob", false, None));
        let lines = format!("x{}y", "\n".repeat(bytes - 2));
        for _ in 0..5 {
            chat.say(alice, EVERYONE, &lines);
        }
        let page = chat.ask(alice, &history(EVERYONE));
        let ServerMessage::History { items, .. } = &page.messages()[0].1 else {
            panic!("{page:?}")
        };
        assert_eq!(items.len(), fit);
        let page = chat.ask(reader, &history(EVERYONE));
        let page = String::from_utf8(page.bytes).expect("lines");
        assert_eq!(page.matches("<alice> x").count(), 1);
    }
}

#[test]
fn the_last_private_conversations_that_ended_are_remembered() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    for number in 0..33 {
        let guest = chat.user(&format!("guest-{number:02}"));
        chat.say(guest, Conversation::private("alice"), "hi");
        chat.done(guest, &ClientMessage::Quit);
    }
    let all = chat.ask(alice, &ClientMessage::Conversations { from: EVERYONE });
    let ServerMessage::Conversations { conversations, .. } = &all.messages()[0].1 else {
        panic!("{all:?}")
    };
    let names: Vec<_> = conversations.iter().map(|item| item.conversation.name).collect();
    assert_eq!(names.len(), 1 + 32, "with everyone");
    assert_eq!((names[1], names[32]), ("guest-01", "guest-32"), "the oldest is forgotten");
}

#[test]
fn what_a_room_kept_is_free_for_others_when_it_ends() {
    let mut chat = Chat::with(&[("histories_bytes", 64 * 1024), ("room_idle_ms", 1000)]);
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(bob, &create("lobby"));
    let text = "x".repeat(4000);
    let fill = |chat: &mut Chat, who, conversation| {
        for _ in 0..7 {
            chat.say(who, conversation, &text);
        }
    };
    fill(&mut chat, alice, EVERYONE);
    fill(&mut chat, bob, LOBBY);
    chat.done(bob, &ClientMessage::Quit);
    chat.pass(Duration::from_secs(1));
    fill(&mut chat, alice, EVERYONE);
    let page = chat.ask(alice, &history(EVERYONE));
    let kept = matches!(page.events()[0], ServerMessage::History { first_kept: 1, last: 14, .. });
    assert!(kept, "{:?}", page.events()[0]);
    fill(&mut chat, alice, EVERYONE);
    let page = chat.ask(alice, &history(EVERYONE));
    let kept = matches!(page.events()[0], ServerMessage::History { first_kept: 2.., last: 21, .. });
    assert!(kept, "there is no room for so many");
}
