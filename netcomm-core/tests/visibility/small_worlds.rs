//! Every trace of a small world, as far as time allows: one who hides, two others, two rooms.
//!
//! The search goes breadth first from a world in which all have met. States that go on alike are
//! searched once; the public states are compared at every step, which finds what observers have
//! not asked for yet.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use netcomm_core::server::Face;
use netcomm_core::wire::Conversation;

use crate::support::cases;
use crate::support::twin::Twins;
use crate::support::twin::act::{Act, EVERYONE, Setting, Step, Visibility, WINDOW, Who};

/// How many steps are tried where no more effort is asked for.
const STEPS: u32 = 4_000;

const BEGINNING: [Step; 5] = [
    Step::By(Who::Observer(0), Act::Login("bob", Visibility::Visible)),
    Step::By(Who::Observer(1), Act::Login("cat", Visibility::Visible)),
    Step::By(Who::Observer(0), Act::Create("tea")),
    Step::By(Who::Hider, Act::Login("ann", Visibility::Visible)),
    Step::By(Who::Hider, Act::Join("tea")),
];

/// What may happen next, at each point.
const STEPS_OF: [Step; 22] = [
    hider(Act::Hide),
    hider(Act::Reveal),
    hider(Act::Lose),
    hider(Act::Resume),
    hider(Act::Quit),
    hider(Act::Login("ann", Visibility::Hidden)),
    hider(Act::Login("ann", Visibility::Visible)),
    hider(Act::Rename("zoe")),
    hider(Act::Join("lobby")),
    hider(Act::Leave("tea")),
    hider(Act::Create("lobby")),
    hider(Act::Say(EVERYONE, "a")),
    hider(Act::Say(Conversation::room("tea"), "b")),
    hider(Act::Say(Conversation::private("bob"), "c")),
    observer(0, Act::Create("lobby")),
    observer(0, Act::Say(Conversation::private("ann"), "d")),
    observer(0, Act::Quit),
    observer(1, Act::Rename("ann")),
    observer(1, Act::Probe("ann")),
    observer(1, Act::Lose),
    Step::Pass(WINDOW / 2),
    Step::Pass(WINDOW),
];

const fn hider(act: Act) -> Step {
    Step::By(Who::Hider, act)
}

const fn observer(number: usize, act: Act) -> Step {
    Step::By(Who::Observer(number), act)
}

fn setting() -> Setting {
    let limits = [
        ("room_idle_ms", WINDOW + WINDOW / 2),
        ("notice_audience", 2),
        ("detached_sessions", 2),
        ("pairs", 1),
    ];
    let mut setting = Setting::new(&limits, 2);
    setting.faces = vec![Face::Framed, Face::Text];
    setting
}

/// The world after some steps.
fn after(trace: &[Step]) -> Result<Twins, String> {
    let mut twins = Twins::new(setting());
    twins.run(&BEGINNING)?;
    twins.run(trace)?;
    twins.same_public_state()?;
    Ok(twins)
}

#[test]
fn every_short_trace_looks_the_same_as_its_twin() {
    let mut left = cases(STEPS);
    let mut known = BTreeSet::new();
    let mut waiting = VecDeque::from([Vec::new()]);
    while let Some(trace) = waiting.pop_front() {
        for step in STEPS_OF {
            if left == 0 {
                return;
            }
            left -= 1;
            let mut longer = trace.clone();
            longer.push(step);
            match after(&longer) {
                Ok(twins) if known.insert(digest(&twins.state())) => waiting.push_back(longer),
                Ok(_) => {}
                Err(error) => panic!("{longer:?}: {error}"),
            }
        }
    }
}

/// States are long, and many.
fn digest(state: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
