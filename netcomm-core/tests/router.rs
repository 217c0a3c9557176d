//! Names, rooms, messages: the rules of the router, one conversation each.

use netcomm_core::wire::{ClientMessage, Conversation, Position, RefusalCode, ServerMessage};

use crate::support::chat::{Chat, create, join, login, members, names, position, post, refusal};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;
const LOBBY: Conversation<'static> = Conversation::room("lobby");

#[test]
fn a_post_reaches_all_but_its_author_once() {
    let mut chat = Chat::new();
    let (alice, bob, carol) = (chat.user("alice"), chat.user("bob"), chat.user("carol"));
    let posted = chat.ask(alice, &post(EVERYONE, "hello"));
    assert!(matches!(posted.events()[..], [ServerMessage::Posted { .. }]));
    assert_eq!(chat.heard(bob).texts(), ["hello"]);
    assert_eq!(chat.heard(carol).texts().last(), Some(&"hello"));
}

#[test]
fn a_ping_is_answered_with_its_nonce() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let heard = chat.ask(alice, &ClientMessage::Ping { nonce: 7 });
    assert_eq!(heard.events(), [ServerMessage::Pong { nonce: 7 }]);
}

#[test]
fn a_pong_is_not_answered() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    assert!(chat.ask(alice, &ClientMessage::Pong { nonce: 7 }).is_silent());
}

#[test]
fn a_name_that_nobody_may_have_is_refused_with_the_reason() {
    let mut chat = Chat::new();
    for (nickname, code) in
        [("server", RefusalCode::NAME_RESERVED), ("two words", RefusalCode::INVALID_NAME)]
    {
        let conn = chat.connect();
        let refused = chat.ask(conn, &login(nickname, false, None));
        assert_eq!(refusal(&refused), code);
    }
}

#[test]
fn a_room_is_heard_by_its_members_only() {
    let mut chat = Chat::new();
    let (alice, bob, carol) = (chat.user("alice"), chat.user("bob"), chat.user("carol"));
    chat.done(alice, &create("lobby"));
    chat.done(bob, &join("LOBBY"));
    chat.heard(carol);
    chat.say(bob, LOBBY, "hi");
    let heard = chat.heard(alice);
    let [
        ServerMessage::MemberJoined { room, nickname },
        ServerMessage::Message { position, author, .. },
    ] = heard.events()[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((room, nickname, author, position.seq), ("lobby", "bob", "bob", 1));
    assert!(chat.heard(carol).is_silent());
    let refused = chat.ask(carol, &post(LOBBY, "let me in"));
    assert_eq!(refusal(&refused), RefusalCode::NOT_A_MEMBER);
    assert!(chat.heard(alice).is_silent());
}

#[test]
fn a_private_message_is_heard_by_one() {
    let mut chat = Chat::new();
    let (alice, bob, carol) = (chat.user("alice"), chat.user("bob"), chat.user("carol"));
    for ear in [alice, bob, carol] {
        chat.heard(ear);
    }
    chat.say(alice, Conversation::private("BOB"), "psst");
    let heard = chat.heard(bob);
    let [ServerMessage::Message { conversation, author, .. }] = heard.events()[..] else {
        panic!("{heard:?}");
    };
    assert_eq!((conversation, author), (Conversation::private("alice"), "alice"));
    assert!(chat.heard(carol).is_silent());
    let with_self = chat.ask(alice, &post(Conversation::private("alice"), "me"));
    assert_eq!(refusal(&with_self), RefusalCode::UNKNOWN_CONVERSATION);
    let nobody = chat.ask(alice, &post(Conversation::private("dave"), "?"));
    assert_eq!(refusal(&nobody), RefusalCode::UNKNOWN_NAME);
}

#[test]
fn names_are_unique_and_a_failed_rename_changes_nothing() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let other = chat.connect();
    let taken = chat.ask(other, &login("ALICE", false, None));
    assert_eq!(refusal(&taken), RefusalCode::NAME_TAKEN);
    let bob = chat.user("bob");
    let refused = chat.ask(bob, &ClientMessage::Rename { nickname: "Alice" });
    assert_eq!(refusal(&refused), RefusalCode::NAME_TAKEN);
    assert_eq!(names(&chat.ask(alice, &members(None))), ["alice", "bob"]);
    chat.heard(alice);
    chat.done(bob, &ClientMessage::Rename { nickname: "Bob" });
    let heard = chat.heard(alice);
    assert_eq!(heard.events(), [ServerMessage::Renamed { from: "bob", to: "Bob" }]);
    chat.done(bob, &ClientMessage::Rename { nickname: "Bob" });
    assert!(chat.heard(alice).is_silent());
}

#[test]
fn a_post_may_name_the_epoch_it_means() {
    let mut chat = Chat::new();
    let alice = chat.user("alice");
    let Position { epoch, .. } = position(&chat.ask(alice, &post(EVERYONE, "hi")));
    for (meant, granted) in [(Some(epoch), true), (Some(epoch ^ 1), false)] {
        let message =
            ClientMessage::Post { conversation: EVERYONE, epoch: meant, nonce: 0, text: "hi" };
        let heard = chat.ask(alice, &message);
        let posted = matches!(heard.events()[0], ServerMessage::Posted { .. });
        assert_eq!(posted, granted);
    }
}

#[test]
fn who_leaves_a_room_hears_it_no_more_in_the_open_or_in_secret() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(alice, &create("lobby"));
    let leave = ClientMessage::Leave { room: "lobby" };
    for in_secret in [false, true] {
        if in_secret {
            chat.done(bob, &ClientMessage::Hide);
        }
        chat.done(bob, &join("lobby"));
        chat.say(alice, LOBBY, "hi");
        assert_eq!(chat.heard(bob).texts(), ["hi"]);
        chat.heard(alice);
        chat.done(bob, &leave);
        let left = ServerMessage::MemberLeft { room: "lobby", nickname: "bob" };
        assert_eq!(chat.heard(alice).events(), if in_secret { vec![] } else { vec![left] });
        assert_eq!(names(&chat.ask(alice, &members(Some("lobby")))), ["alice"]);
        chat.say(alice, LOBBY, "gone?");
        assert!(chat.heard(bob).is_silent());
        assert_eq!(refusal(&chat.ask(bob, &leave)), RefusalCode::NOT_A_MEMBER);
    }
}

#[test]
fn a_member_is_listed_by_the_name_that_it_has_now_until_it_leaves() {
    let mut chat = Chat::new();
    let (alice, bob) = (chat.user("alice"), chat.user("bob"));
    chat.done(alice, &create("lobby"));
    chat.done(bob, &join("lobby"));
    chat.done(alice, &ClientMessage::Rename { nickname: "zoe" });
    let listed = |chat: &mut Chat| names(&chat.ask(bob, &members(Some("lobby"))));
    assert_eq!(listed(&mut chat), ["bob", "zoe"]);
    chat.done(alice, &ClientMessage::Leave { room: "lobby" });
    assert_eq!(listed(&mut chat), ["bob"]);
}
