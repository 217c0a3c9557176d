//! Counts the instructions and the allocations that a message takes, which can be compared from
//! run to run and from machine to machine: nanoseconds cannot.
//!
//! It runs itself under `valgrind --tool=callgrind`, each case twice with different numbers of
//! messages; the difference is what a message costs. The floors are written by hand.

mod codec;
mod routing;
mod table;
mod typed;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Counts the instructions and the allocations that a message takes
#[derive(Debug, Parser)]
struct Args {
    /// Only cases whose name has this in it
    filter: Option<String>,
    /// Runs a case once, for so many messages, and prints nothing: what valgrind is to look at
    #[arg(long, requires = "times")]
    case: Option<String>,
    /// How many messages
    #[arg(long)]
    times: Option<u64>,
}

/// Something that is done so many times.
#[derive(Debug)]
struct Case {
    /// What is done, how, and with how long a text.
    name: String,
    /// What the same costs at least, if anything is known of that.
    floor: Option<String>,
    run: fn(usize, u64),
    /// The length of a text, or the number of those who hear it.
    size: usize,
}

fn cases() -> Vec<Case> {
    let mut cases = codec::cases();
    cases.extend(typed::cases());
    cases.extend(routing::cases());
    cases
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match (&args.case, args.times) {
        (Some(name), Some(times)) => run(name, times),
        _ => table::print(args.filter.as_deref().unwrap_or_default()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where even this cannot be said.
            writeln!(std::io::stderr(), "instructions: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, times: u64) -> std::io::Result<()> {
    let all = cases();
    let case = all.iter().find(|case| case.name == name);
    let case = case.ok_or_else(|| std::io::Error::other(format!("no case {name}")))?;
    (case.run)(case.size, times);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own_and_a_floor_above_it() {
        let mut names = HashSet::new();
        for case in cases() {
            let floor = case.floor.as_ref();
            assert!(floor.is_none_or(|floor| names.contains(floor)), "{case:?}");
            assert!(names.insert(case.name.clone()), "{}", case.name);
        }
    }

    /// With fewer members: it is slow to let a thousand enter where nothing is optimised.
    #[test]
    fn every_case_can_be_run() {
        for case in cases() {
            for times in [1, 3] {
                (case.run)(case.size.min(100), times);
            }
        }
    }
}
