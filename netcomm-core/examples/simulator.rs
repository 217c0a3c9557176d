//! Many clients and a server under every fault that a network has, in virtual time.
//!
//! ```sh
//! cargo run -p netcomm-core --example simulator -- --seed 7
//! cargo run --release -p netcomm-core --example simulator -- --seeds 1000
//! ```
//!
//! The same as `tests/simulation.rs`, whose code it shares: clients are real sessions, the server
//! has real connections, mailboxes and a real router. One seed is told as a story, a line for each
//! thing that somebody learns: the time in seconds, the user's number, and what it was. Of many
//! seeds only those are named in which a promise was broken.
#![expect(clippy::print_stdout, reason = "it is what the example shows")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use sim::Sim;

#[path = "../tests/support/sim/mod.rs"]
#[allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "it belongs to the tests, and they use more of it"
)]
mod sim;

const USAGE: &str = "usage: simulator [--seed N] [--seeds COUNT] [--clients N]";

/// What is to be simulated.
struct Wanted {
    first: u64,
    /// So many seeds, of which only a summary is told; `None`: one, with its story.
    count: Option<u64>,
    clients: Option<u64>,
}

impl Wanted {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut wanted = Self { first: 0, count: None, clients: None };
        while let Some(name) = arguments.next() {
            let value = arguments.next()?.parse().ok()?;
            match name.as_str() {
                "--seed" => wanted.first = value,
                "--seeds" => wanted.count = Some(value),
                "--clients" => wanted.clients = Some(value),
                _ => return None,
            }
        }
        // There is nobody to talk to for less than two.
        wanted.clients.is_none_or(|clients| (2..=64).contains(&clients)).then_some(wanted)
    }
}

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let (mut failed, mut messages, mut seconds) = (0_u64, 0, 0);
    let last = wanted.first.saturating_add(wanted.count.unwrap_or(1));
    for seed in wanted.first..last {
        let mut sim = Sim::new(seed, wanted.clients.unwrap_or_else(|| Sim::clients(seed)));
        // What broke is said by the panic itself.
        let is_kept = catch_unwind(AssertUnwindSafe(|| sim.run())).is_ok();
        if wanted.count.is_none() {
            println!("{}", sim.trace());
        }
        if !is_kept {
            println!("seed {seed} breaks a promise");
            failed += 1;
        }
        let (accepted, time) = sim.summary();
        messages += accepted;
        seconds += time.as_secs();
    }
    let count = last - wanted.first;
    println!("{count} seeds, {failed} failed: {messages} messages in {seconds} virtual seconds");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
