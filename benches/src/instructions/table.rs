//! Runs every case and shows what it costs.

use std::io::{Error, Result, Write};
use std::process::Command;

use crate::{Case, cases};

/// How many messages the two runs handle.
const FEW: u64 = 2_000;
const MANY: u64 = 6_000;

/// Prints a row for each case whose name has `filter` in it.
pub(crate) fn print(filter: &str) -> Result<()> {
    let all = cases();
    let mut found: Vec<(&Case, f64)> = Vec::new();
    let mut out = std::io::stdout();
    writeln!(out, "| case | instructions | × floor | allocations |\n|---|---|---|---|")?;
    for case in all.iter().filter(|case| case.name.contains(filter)) {
        let each = instructions(case)?;
        let of = |name: &String| found.iter().find(|(other, _)| other.name == *name);
        let floor = case.floor.as_ref().and_then(of);
        let ratio = floor.map_or_else(String::new, |(_, floor)| format!("{:.2}", each / floor));
        writeln!(out, "| {} | {each:.0} | {ratio} | {:.2} |", case.name, allocations(case))?;
        found.push((case, each));
    }
    Ok(())
}

fn instructions(case: &Case) -> Result<f64> {
    let (few, many) = (count(case, FEW)?, count(case, MANY)?);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok((many - few) as f64 / (MANY - FEW) as f64)
}

/// All instructions of a process that runs the case so many times.
fn count(case: &Case, times: u64) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe()?);
    command.args(["--case", &case.name, "--times", &times.to_string()]);
    let output = command.output().map_err(|error| {
        Error::new(error.kind(), format!("valgrind, of the package valgrind: {error}"))
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let total = collected.and_then(|(_, total)| total.trim().parse().ok());
    total.filter(|_| output.status.success()).ok_or_else(|| Error::other(said.into_owned()))
}

fn allocations(case: &Case) -> f64 {
    let count = |times| {
        let run = || (case.run)(case.size, times);
        allocation_counter::measure(run).count_total
    };
    let (few, many) = (count(FEW), count(MANY));
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let each = many.saturating_sub(few) as f64 / (MANY - FEW) as f64;
    each
}
