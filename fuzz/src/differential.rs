//! The router against the model of core's tests.

use arbitrary::{Result, Unstructured};

use crate::support::both::Both;
use crate::traces::{action, limits};

/// The router does what a chat written for obviousness does, step by step, for all to hear.
pub fn differential(data: &[u8]) {
    // Where choices end the trace ends.
    let _ended = run(&mut Unstructured::new(data));
}

fn run(choices: &mut Unstructured<'_>) -> Result<()> {
    let mut both = Both::new(&limits(choices)?);
    for number in 0.. {
        if choices.is_empty() {
            break;
        }
        let action = action(choices)?;
        // Some requests are said to have been asked before.
        let repeats = choices.arbitrary::<u8>()? > 240;
        let (router, model) = both.step(&action, repeats);
        assert_eq!(router, model, "step {number}: {action:?}");
    }
    Ok(())
}
