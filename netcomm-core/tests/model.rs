//! The router does what a chat written for obviousness does, step by step, for all to hear.
//!
//! `NETCOMM_TEST_EFFORT` multiplies the number of traces.

use proptest::prelude::*;

use crate::support::both::Both;
use crate::support::random;
use crate::support::traces::{actions, limits};

proptest! {
    #![proptest_config(random(600))]

    #[test]
    fn the_router_is_as_the_model(set in limits(), trace in actions(60)) {
        let mut both = Both::new(&set);
        for (number, (action, repeat)) in trace.iter().enumerate() {
            let heard = both.step(action, *repeat);
            prop_assert_eq!(&heard.0, &heard.1, "step {}: {:?}", number, action);
        }
    }
}
