//! Hidden means absent: whatever a hidden user does, all others are sent the same bytes as in the
//! run in which its connection is lost instead (PROTOCOL.md, "Visibility").

mod channels;
mod edges;
mod small_worlds;
mod world;

use netcomm_core::wire::Conversation;
use proptest::prelude::*;

use crate::support::chat::Chat;
use crate::support::random;
use crate::support::twin::Twins;
use crate::support::twin::act::{Act, EVERYONE, NAMES, ROOMS, Step, WINDOW, Who, setting, trace};

proptest! {
    #![proptest_config(random(300))]

    #[test]
    fn others_are_sent_the_same_bytes_as_in_the_twin((setting, trace) in (setting(), trace())) {
        let mut twins = Twins::new(setting);
        let outcome = twins
            .run(&trace)
            .and_then(|()| twins.run(&census()))
            .and_then(|()| twins.run(&[Step::Pass(WINDOW)]))
            .and_then(|()| twins.run(&census()));
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }

    #[test]
    fn no_step_makes_the_public_states_differ((setting, trace) in (setting(), trace())) {
        let mut twins = Twins::new(setting);
        for (number, step) in trace.into_iter().enumerate() {
            let outcome = twins.step(step).and_then(|()| twins.same_public_state());
            prop_assert!(outcome.is_ok(), "step {number}, {step:?}: {}", outcome.unwrap_err());
        }
    }
}

/// Or else the property above would compare nothing.
#[test]
fn whoever_comes_in_the_open_changes_the_public_state() {
    let mut chat = Chat::new();
    let before = chat.router.public_state();
    chat.user("alice");
    assert_ne!(chat.router.public_state(), before);
}

/// Observers ask for all that there is.
fn census() -> Vec<Step> {
    let mut acts = vec![Act::Members(None, ""), Act::Rooms, Act::Conversations];
    acts.extend(ROOMS.map(|room| Act::Members(Some(room), "")));
    acts.extend(ROOMS.map(|room| Act::History(Conversation::room(room))));
    acts.extend(NAMES.map(|name| Act::History(Conversation::private(name))));
    acts.push(Act::History(EVERYONE));
    let steps = (0..4).flat_map(|who| {
        let acts = acts.iter();
        acts.map(move |act| Step::By(Who::Observer(who), *act))
    });
    let probes = NAMES.map(|name| Step::By(Who::Observer(0), Act::Probe(name)));
    steps.chain(probes).collect()
}
