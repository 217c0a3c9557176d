//! The router does what a chat written for obviousness does, step by step, for all to hear.
//!
//! `NETCOMM_TEST_EFFORT` multiplies the number of traces.

mod support;

use proptest::prelude::*;
use proptest::test_runner::Config;
use support::both::Both;
use support::traces::{actions, limits};

proptest! {
    #![proptest_config(Config {
        cases: support::cases(600),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn the_router_is_as_the_model(set in limits(), trace in actions(60)) {
        let mut both = Both::new(&set);
        for (number, (action, repeat)) in trace.iter().enumerate() {
            let heard = both.step(action, *repeat);
            prop_assert_eq!(&heard.0, &heard.1, "step {}: {:?}", number, action);
        }
    }
}
