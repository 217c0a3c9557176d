//! Clients and a server under every fault that a network has, in virtual time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::support::cases;
use crate::support::sim::Sim;

/// How many stories are told; `NETCOMM_TEST_SEED` tells one.
const STORIES: u32 = 12;

#[test]
fn what_was_accepted_comes_once_and_in_order_or_is_declared_lost() {
    let one = std::env::var("NETCOMM_TEST_SEED");
    let one: Option<u64> = one.ok().and_then(|seed| seed.parse().ok());
    let all = 0..u64::from(cases(STORIES));
    for seed in one.map_or(all, |seed| seed..seed + 1) {
        let mut sim = Sim::new(seed, Sim::clients(seed));
        let story = AssertUnwindSafe(|| sim.run());
        if let Err(failure) = catch_unwind(story) {
            eprintln!("{}", sim.trace());
            eprintln!("failed with NETCOMM_TEST_SEED={seed}");
            resume_unwind(failure);
        }
    }
}

/// Two users, and a server that remembers them for as long as any loss lasts.
#[test]
fn two_hundred_cuts_lose_double_and_reorder_nothing() {
    for seed in 0..u64::from(cases(1)) {
        let mut sim = Sim::patient(seed);
        sim.run_with_cuts(200);
        let trace = sim.trace();
        for word in ["Gone", "Unknown", "Restarted", "ConversationEnded"] {
            assert!(!trace.contains(word), "{word} in seed {seed}");
        }
        assert!(trace.matches("Lost").count() >= 100, "the cuts were noticed");
    }
}
