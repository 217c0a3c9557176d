//! One test for each way in which a hidden user could be noticed.
//!
//! Every step runs in the real run and in its twin, and fails where bob or cat are sent different
//! bytes. What is asserted beside that says that there was something to see.

use netcomm_core::wire::Conversation;

use super::world::{ANN, BOB, CAT, LOBBY, TEA, VISIBLY, World, silence};
use crate::support::twin::act::{Act, EVERYONE, Visibility, WINDOW};

#[test]
fn member_lists() {
    let mut world = World::new(&[]);
    assert!(world.bob(Act::Members(None, "")).contains("ann"));
    world.ann(Act::Hide);
    assert!(!world.bob(Act::Members(None, "")).contains("ann"));
    world.ann(Act::Say(EVERYONE, "boo"));
    assert!(!world.bob(Act::Members(None, "")).contains("ann"));
}

#[test]
fn room_member_lists() {
    let mut world = World::new(&[]);
    world.cat(Act::Create("tea"));
    world.ann(Act::Hide);
    world.ann(Act::Join("tea"));
    for room in ["lobby", "tea"] {
        assert!(!world.bob(Act::Members(Some(room), "")).contains("ann"));
    }
}

#[test]
fn counts_in_room_lists() {
    let mut world = World::new(&[]);
    assert!(world.bob(Act::Rooms).contains("members: 3"));
    world.ann(Act::Hide);
    assert!(world.bob(Act::Rooms).contains("members: 2"));
    world.ann(Act::Leave("lobby"));
    assert!(world.bob(Act::Rooms).contains("members: 2"));
    world.ann(Act::Reveal);
    assert!(world.bob(Act::Rooms).contains("members: 2"));
}

#[test]
fn pages_and_cursors() {
    let mut world = World::new(&[("page_items", 1)]);
    world.ann(Act::Hide);
    for room in [None, Some("lobby")] {
        let page = world.cat(Act::Members(room, ""));
        assert!(page.contains("[\"bob\"]") && page.contains("next: \"cat\""));
    }
}

#[test]
fn counts_of_who_is_told() {
    let mut world = World::empty(&[("notice_audience", 2)]);
    world.ann(Act::Login("ann", VISIBLY));
    assert_eq!(world.cat(Act::Rename("zoe")).matches("Renamed").count(), 0);
    assert_eq!(world.0.told(0), silence(), "bob, who shares nothing");
    world.ann(Act::Hide);
    world.cat(Act::Rename("cat"));
    assert_eq!(world.0.told(0).len(), 1, "two are few");
}

#[test]
fn welcomes() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    world.ann(Act::Say(LOBBY, "boo"));
    world.bob(Act::Lose);
    assert!(world.bob(Act::Resume).contains("resumed: true"));
    assert!(world.cat(Act::Probe("zoe")).contains("resumed: false"));
}

#[test]
fn join_and_leave_notices() {
    let mut world = World::new(&[]);
    world.cat(Act::Create("tea"));
    world.bob(Act::Join("tea"));
    world.ann(Act::Hide);
    assert!(world.ann_hears(Act::Join("tea")).contains("Joined"));
    assert_eq!(world.0.told(0), silence());
    assert!(world.ann_hears(Act::Leave("lobby")).contains("Done"));
    assert_eq!(world.0.told(0), silence());
    assert!(world.cat(Act::Say(TEA, "hi")).contains("Posted"));
    assert!(world.0.hider_told().concat().contains("hi"));
}

#[test]
fn rename_notices() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    assert_eq!(world.ann(Act::Rename("zoe")), silence());
    assert!(world.bob(Act::Probe("zoe")).contains("Welcome"), "a wish");
    assert!(world.bob(Act::Probe("ann")).contains("name_taken"));
    assert_eq!(
        world.ann(Act::Reveal),
        ["Online { nickname: \"ann\" }", "Renamed { from: \"ann\", to: \"zoe\" }"]
    );
}

#[test]
fn offline_notices() {
    let offline = ["Offline { nickname: \"ann\" }"];
    for goes in [Act::Hide, Act::Lose, Act::Quit, Act::Overflow] {
        assert_eq!(World::new(&[]).ann(goes), offline);
    }
    for goes in [Act::Lose, Act::Quit, Act::Overflow, Act::Hide] {
        let mut world = World::new(&[]);
        world.ann(Act::Hide);
        assert_eq!(world.ann(goes), silence());
        assert_eq!(world.pass(WINDOW), silence());
    }
}

#[test]
fn transitions() {
    let mut world = World::new(&[]);
    world.bob(Act::Create("tea"));
    world.cat(Act::Create("Zoo"));
    world.ann(Act::Hide);
    world.ann(Act::Leave("lobby"));
    world.ann(Act::Join("tea"));
    assert_eq!(
        world.ann(Act::Reveal),
        [
            "Online { nickname: \"ann\" }",
            "MemberLeft { room: \"lobby\", nickname: \"ann\" }",
            "MemberJoined { room: \"tea\", nickname: \"ann\" }"
        ]
    );
    world.ann(Act::Hide);
    world.pass(WINDOW);
    assert_eq!(
        world.ann(Act::Reveal),
        ["Online { nickname: \"ann\" }", "MemberJoined { room: \"tea\", nickname: \"ann\" }"]
    );
}

#[test]
fn more_rooms_than_allowed_in_a_transition() {
    let mut world = World::empty(&[("rooms_per_user", 2)]);
    world.bob(Act::Create("tea"));
    world.bob(Act::Create("lobby"));
    world.cat(Act::Create("zoo"));
    world.ann(Act::Login("ann", VISIBLY));
    world.ann(Act::Join("tea"));
    world.ann(Act::Join("zoo"));
    world.ann(Act::Hide);
    world.ann(Act::Leave("tea"));
    world.ann(Act::Join("lobby"));
    assert_eq!(
        world.ann(Act::Reveal),
        [
            "Online { nickname: \"ann\" }",
            "MemberLeft { room: \"tea\", nickname: \"ann\" }",
            "MemberJoined { room: \"lobby\", nickname: \"ann\" }"
        ]
    );
}

#[test]
fn login_order() {
    let mut world = World::empty(&[]);
    let hidden = Act::Login("ann", Visibility::Hidden);
    assert!(world.ann_hears(hidden).contains("hidden: true"));
    assert_eq!(world.0.told(0), silence());
    assert!(!world.bob(Act::Members(None, "")).contains("ann"));
    assert_eq!(world.ann(Act::Reveal), ["Online { nickname: \"ann\" }"]);
}

#[test]
fn messages_to_a_hidden_user() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    assert!(world.bob(Act::Say(ANN, "psst")).contains("Posted"));
    assert!(world.0.hider_told().concat().contains("psst"));
    world.pass(WINDOW - 1);
    assert!(world.bob(Act::Say(ANN, "psst")).contains("Posted"));
    world.pass(1);
    assert!(world.bob(Act::Say(ANN, "psst")).contains("unknown_name"));
    world.ann(Act::Rename("zoe"));
    let to_wish = Act::Say(Conversation::private("zoe"), "psst");
    assert!(world.bob(to_wish).contains("unknown_name"));
}

#[test]
fn taken_names() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    for name in ["ann", "ANN"] {
        assert!(world.bob(Act::Probe(name)).contains("name_taken"));
        assert!(world.cat(Act::Rename(name)).contains("name_taken"));
    }
    world.pass(WINDOW);
    assert!(world.cat(Act::Rename("ANN")).contains("Done"));
    assert!(world.ann_hears(Act::Reveal).contains("name_lost"));
    let boo = Act::Say(EVERYONE, "boo");
    assert!(world.ann_hears(boo).contains("name_lost"));
    world.ann(Act::Rename("zoe"));
    assert_eq!(world.ann(Act::Reveal)[0], "Online { nickname: \"zoe\" }");
}

#[test]
fn failed_logins() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    let again = Act::Login("zoe", VISIBLY);
    assert!(world.ann_hears(again).contains("already_logged_in"));
    assert_eq!(world.0.told(0), silence());
    world.ann(Act::Quit);
    assert!(world.ann_hears(Act::Resume).contains("name_taken"));
    assert!(world.bob(Act::Probe("ann")).contains("name_taken"));
    assert!(world.ann_hears(Act::Login("ann", VISIBLY)).contains("name_taken"));
    world.pass(WINDOW);
    assert_eq!(world.ann(Act::Resume), ["Online { nickname: \"ann\" }"]);
}

#[test]
fn room_existence_and_idle_expiry() {
    let mut world = World::new(&[("room_idle_ms", 5000)]);
    world.ann(Act::Hide);
    assert!(world.ann_hears(Act::Create("tea")).contains("reveal_first"));
    assert!(world.cat(Act::Create("tea")).contains("Joined"));
    world.cat(Act::Quit);
    world.pass(4000);
    world.ann(Act::Join("tea"));
    assert!(world.bob(Act::Rooms).contains("tea"));
    world.pass(1000);
    assert!(!world.bob(Act::Rooms).contains("tea"), "idle all the time");
    assert!(world.0.hider_told().is_empty());
    assert!(world.ann_hears(Act::Say(TEA, "boo")).contains("unknown_room"));
}

#[test]
fn a_room_that_ended_while_a_hidden_user_was_away() {
    let mut world = World::new(&[("room_idle_ms", 1500)]);
    world.cat(Act::Create("tea"));
    world.ann(Act::Hide);
    world.ann(Act::Join("tea"));
    world.pass(WINDOW - 1);
    world.cat(Act::Quit);
    world.ann(Act::Lose);
    world.pass(WINDOW - 1);
    assert!(!world.bob(Act::Rooms).contains("tea"));
    assert!(world.ann_hears(Act::Resume).contains("hidden: true"));
    assert!(world.ann_hears(Act::Say(TEA, "boo")).contains("unknown_room"));
    assert!(world.bob(Act::Probe("ann")).contains("Welcome"), "no name");
    world.bob(Act::Create("tea"));
    world.ann(Act::Join("tea"));
    world.bob(Act::Say(TEA, "anybody?"));
    assert!(world.0.hider_told().concat().contains("anybody?"));
}

#[test]
fn ownership() {
    let mut world = World::new(&[("room_idle_ms", 5000)]);
    world.ann(Act::Create("tea"));
    world.bob(Act::Join("tea"));
    world.pass(5000);
    assert!(world.bob(Act::Rooms).contains("tea"), "owned");
    world.ann(Act::Hide);
    world.pass(WINDOW - 1);
    assert!(world.bob(Act::Rooms).contains("tea"), "owned still");
    let told = world.pass(1).concat();
    assert!(told.contains("room_closed") && told.contains("tea"));
    assert!(world.0.hider_told().concat().contains("room_closed"));
}

#[test]
fn sequence_numbers_and_epochs() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    for refused in [Act::Say(TEA, "boo"), Act::Create("tea"), Act::Say(ANN, "I")] {
        assert!(world.ann_hears(refused).contains("Refused"));
    }
    world.ann(Act::Leave("lobby"));
    world.ann(Act::Join("lobby"));
    assert!(world.bob(Act::Say(EVERYONE, "hi")).contains("seq: 1"));
    assert!(world.bob(Act::Say(LOBBY, "hi")).contains("seq: 1"));
    assert!(world.bob(Act::Say(ANN, "hi")).contains("seq: 1"));
    world.pass(WINDOW);
    world.ann(Act::Reveal);
    assert!(world.bob(Act::Say(ANN, "hi")).contains("seq: 1"), "anew");
    assert!(world.ann(Act::Say(BOB, "hello"))[0].contains("seq: 2"));
}

#[test]
fn epochs_of_private_conversations() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    world.ann(Act::Lose);
    world.ann(Act::Resume);
    assert!(world.bob(Act::Say(ANN, "hi")).contains("seq: 1"), "she came back in secret");
}

#[test]
fn history() {
    let mut world = World::new(&[("history_messages", 2)]);
    world.bob(Act::Say(LOBBY, "one"));
    world.ann(Act::Hide);
    world.ann(Act::Leave("lobby"));
    world.ann(Act::Join("lobby"));
    world.ann(Act::Rename("zoe"));
    world.ann(Act::Say(CAT, "psst"));
    assert!(world.bob(Act::History(LOBBY)).contains("first_kept: 1, last: 1"));
    world.ann(Act::Say(LOBBY, "boo"));
    let page = world.bob(Act::History(LOBBY));
    assert!(page.contains("author: \"zoe\"") && page.contains("first_kept: 1, last: 2"));
    let pair = Act::History(Conversation::private("zoe"));
    assert!(world.cat(pair).contains("psst"));
    assert!(world.bob(pair).contains("unknown_conversation"));
}

#[test]
fn conversation_lists() {
    let mut world = World::new(&[]);
    world.bob(Act::Say(ANN, "hi"));
    world.ann(Act::Hide);
    world.ann(Act::Rename("zoe"));
    let all = world.bob(Act::Conversations);
    assert!(all.contains("ann") && !all.contains("zoe"));
    world.pass(WINDOW);
    let all = world.bob(Act::Conversations);
    assert!(all.contains("ann") && !all.contains("zoe"), "as it stood when it ended");
}

#[test]
fn speech() {
    let mut world = World::empty(&[]);
    world.ann(Act::Login("ann", Visibility::Hidden));
    let told = world.ann(Act::Say(EVERYONE, "boo"));
    assert_eq!(told.len(), 1, "the message and nothing else: {told:?}");
    assert!(told[0].contains("author: \"ann\"") && told[0].contains("seq: 1"));
    assert!(world.bob(Act::Probe("ann")).contains("name_taken"));
    world.pass(WINDOW - 1);
    world.ann(Act::Say(BOB, "psst"));
    world.pass(WINDOW - 1);
    assert!(world.bob(Act::Say(ANN, "who?")).contains("Posted"));
    world.pass(1);
    assert!(world.bob(Act::Probe("ann")).contains("Welcome"));
}

#[test]
fn receipts() {
    let mut world = World::new(&[]);
    world.bob(Act::Create("tea"));
    world.ann(Act::Hide);
    world.ann(Act::Join("tea"));
    // More than is handed out at once, were there anybody to hear it.
    let told = world.bob(Act::SayMuch(TEA, 8));
    assert!(told.contains("Posted"), "{told}");
    assert!(world.cat(Act::SayMuch(LOBBY, 8)).contains("Posted"));
}
