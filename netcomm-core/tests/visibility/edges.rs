//! The channels that open only at a limit, at a mistake, or as time runs out.

use netcomm_core::server::Face;
use netcomm_core::wire::Conversation;

use super::world::{ANN, BOB, CAT, LOBBY, TEA, VISIBLY, World, silence};
use crate::support::twin::Twins;
use crate::support::twin::act::{Act, EVERYONE, Setting, Step, Visibility, WINDOW, Who};

const HIDDEN: Visibility = Visibility::Hidden;

#[test]
fn back_pressure() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    world.bob(Act::Say(LOBBY, "too much"));
    assert_eq!(world.ann(Act::Overflow), silence());
    assert_eq!(world.ann(Act::Resume), silence());
    assert_eq!(world.ann(Act::Reveal), ["Online { nickname: \"ann\" }"]);
    assert_eq!(world.ann(Act::Overflow), ["Offline { nickname: \"ann\" }"]);
}

#[test]
fn error_order() {
    // Each with two things wrong at once, one of them that ann is not to be seen.
    let wrong = [
        (Act::Say(ANN, ""), "invalid_text"),
        (Act::Say(ANN, "\u{85}"), "invalid_text"),
        (Act::History(ANN), "unknown_conversation"),
        (Act::Rename("ann"), "name_taken"),
        (Act::Members(Some("tea"), "ann"), "unknown_room"),
    ];
    for (act, code) in wrong {
        let mut world = World::new(&[]);
        assert!(world.bob(act).contains(code), "{act:?}");
        world.ann(Act::Hide);
        assert!(world.bob(act).contains(code), "{act:?}");
        world.pass(WINDOW);
        let gone = match act {
            Act::History(_) => "unknown_name",
            Act::Rename(_) => "Done",
            _ => code,
        };
        assert!(world.cat(act).contains(gone), "{act:?}");
    }
}

#[test]
fn resume_and_time_outs() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    world.ann(Act::Rename("zoe"));
    assert_eq!(world.ann(Act::Lose), silence());
    world.pass(WINDOW - 1);
    assert!(world.ann_hears(Act::Resume).contains("hidden: true"));
    assert_eq!(world.0.told(0), silence());
    assert_eq!(world.pass(1), silence());
    assert!(world.0.hider_told().concat().contains("name_released"));
    world.ann(Act::Lose);
    assert_eq!(world.pass(WINDOW), silence());
    assert_eq!(world.ann(Act::Resume), ["Online { nickname: \"ann\" }"]);
}

#[test]
fn a_second_connection_of_the_same_user() {
    let mut world = World::new(&[]);
    world.ann(Act::Hide);
    assert_eq!(world.ann(Act::Resume), silence(), "it supersedes the first");
    assert_eq!(world.ann(Act::Reveal), ["Online { nickname: \"ann\" }"]);
    assert_eq!(world.ann(Act::Resume), silence());
}

#[test]
fn limits_of_reservations() {
    let mut world = World::new(&[("detached_sessions", 1)]);
    world.ann(Act::Hide);
    assert!(world.cat(Act::Probe("ann")).contains("name_taken"));
    world.pass(1);
    world.bob(Act::Lose);
    assert!(world.0.hider_told().concat().contains("name_released"));
    assert!(world.cat(Act::Probe("ann")).contains("Welcome"));
    assert!(world.cat(Act::Probe("bob")).contains("name_taken"));
    world.ann(Act::Lose);
    assert!(world.cat(Act::Probe("bob")).contains("name_taken"));
}

#[test]
fn limits_of_reservations_in_hiding() {
    let mut world = World::new(&[("detached_sessions", 1)]);
    world.bob(Act::Lose);
    world.pass(1);
    assert!(world.cat(Act::Probe("bob")).contains("name_taken"));
    world.ann(Act::Hide);
    assert!(world.cat(Act::Probe("bob")).contains("Welcome"));
}

#[test]
fn limits_of_private_conversations() {
    let mut world = World::new(&[("pairs", 1), ("pairs_per_user", 1)]);
    world.ann(Act::Say(BOB, "hi"));
    world.ann(Act::Hide);
    assert!(world.ann_hears(Act::Say(CAT, "hi")).contains("too_many_pairs"));
    assert!(world.bob(Act::Say(CAT, "hi")).contains("too_many_pairs"));
    world.pass(WINDOW);
    assert!(world.bob(Act::Say(CAT, "hi")).contains("Posted"), "gone");
}

#[test]
fn limits_of_rooms() {
    let mut world = World::new(&[("rooms", 2), ("rooms_per_user", 1)]);
    world.ann(Act::Hide);
    assert!(world.ann_hears(Act::Create("tea")).contains("reveal_first"));
    world.ann(Act::Leave("lobby"));
    world.cat(Act::Leave("lobby"));
    assert!(world.cat(Act::Create("tea")).contains("Joined"));
    assert!(world.ann_hears(Act::Join("tea")).contains("Joined"));
    assert!(world.ann_hears(Act::Join("lobby")).contains("rooms_per_user"));
}

#[test]
fn limits_of_history() {
    let long = "x".repeat(4096).leak();
    let mut world = World::new(&[("histories_bytes", 65_536)]);
    world.bob(Act::Say(LOBBY, "first of all"));
    world.bob(Act::Say(ANN, "psst"));
    world.ann(Act::Hide);
    for _ in 0..15 {
        world.cat(Act::Say(EVERYONE, long));
    }
    assert!(world.bob(Act::History(ANN)).contains("psst"));
    world.ann(Act::Say(LOBBY, long));
    let lobby = world.bob(Act::History(LOBBY));
    assert!(lobby.contains("first_kept: 2, last: 2"), "{lobby}");
    assert!(world.bob(Act::History(ANN)).contains("first_kept: 2, last: 1"));
}

#[test]
fn addresses() {
    let mut setting = Setting::new(&[("detached_per_address", 1)], 2);
    setting.exempt = false;
    let ann = |act| Step::By(Who::Hider, act);
    let bob = |act| Step::By(Who::Observer(0), act);
    let cat = |act| Step::By(Who::Observer(1), act);
    // Ann comes from one address, resumes from another, and is a new identity there.
    let mut steps = vec![bob(Act::Login("bob", VISIBLY)), cat(Act::Login("cat", VISIBLY))];
    steps.extend([ann(Act::Login("ann", HIDDEN)), ann(Act::Resume)]);
    steps.extend([ann(Act::Resume), ann(Act::Reveal), ann(Act::Hide)]);
    for _ in 0..3 {
        steps.extend([bob(Act::Lose), bob(Act::Resume), bob(Act::Probe("ann"))]);
        steps.extend([cat(Act::Lose), cat(Act::Login("cat", VISIBLY))]);
        steps.extend([ann(Act::Resume), ann(Act::Reveal), ann(Act::Hide)]);
    }
    assert_eq!(Twins::new(setting).run(&steps), Ok(()));
}

#[test]
fn words_of_the_text_face() {
    let mut setting = Setting::new(&[], 2);
    setting.faces.fill(Face::Text);
    let mut twins = Twins::new(setting);
    let mut tell = |who, act| {
        let outcome = twins.step(Step::By(who, act));
        assert_eq!(outcome, Ok(()), "{act:?}");
        twins.told(0).concat()
    };
    tell(Who::Observer(0), Act::Login("bob", VISIBLY));
    tell(Who::Hider, Act::Login("ann", VISIBLY));
    assert!(tell(Who::Hider, Act::Hide).contains("ann"));
    assert!(!tell(Who::Observer(0), Act::Members(None, "")).contains("ann"));
    tell(Who::Observer(0), Act::Say(ANN, "psst"));
    assert!(tell(Who::Hider, Act::Say(BOB, "boo")).contains("<ann>"));
    assert!(tell(Who::Observer(0), Act::Rename("ann")).contains("taken"));
    assert!(tell(Who::Hider, Act::Say(EVERYONE, "boo")).contains("<ann>"));
    let to_zoe = Act::Say(Conversation::private("zoe"), "psst");
    tell(Who::Hider, Act::Rename("zoe"));
    assert!(!tell(Who::Observer(0), to_zoe).contains("psst"));
    assert!(tell(Who::Hider, Act::Reveal).contains("zoe"));
    assert!(tell(Who::Observer(0), Act::Say(TEA, "")).contains('*'));
}
