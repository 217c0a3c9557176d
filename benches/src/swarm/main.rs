//! Loads a server with thousands of clients, and judges what it delivers.
//!
//! Ends with success only where nothing was lost, doubled or out of order, and everybody was in
//! their room at the end; the server may be killed and started again meanwhile.

mod args;
mod client;
mod judge;
mod member;
mod report;
mod swarm;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use netcomm_benches::latency;
use netcomm_benches::process::{self, Usage};
use report::{Phase, Report};
use swarm::Swarm;

fn main() -> ExitCode {
    let args = Args::parse();
    let is_json = args.json;
    let report = process::raise_file_limit().and_then(|()| run(args));
    let outcome = report.and_then(|report| {
        let text = if is_json {
            format!(
                "{}
",
                report.value
            )
        } else {
            report.lines()
        };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(report.is_good)
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do where even this cannot be said.
            writeln!(std::io::stderr(), "swarm: {error}").ok();
            ExitCode::from(2)
        }
    }
}

fn run(args: Args) -> std::io::Result<Report> {
    let (baseline, seconds) = (args.baseline, args.seconds);
    let mut swarm = Swarm::new(args)?;
    let gathered = swarm.gather()?;
    say(&format!("{gathered} clients are in their rooms"))?;
    let mut phases = Vec::new();
    if let Some(seconds) = baseline {
        phases.push(measure(&mut swarm, "baseline", seconds)?);
        swarm.settle()?;
    }
    swarm.crowd()?;
    say("measuring")?;
    phases.push(measure(&mut swarm, "load", seconds)?);
    swarm.settle()?;
    let back = swarm.inside();
    say(&format!("{back} clients are in their rooms; leaving"))?;
    swarm.leave()?;
    Ok(Report::new(&swarm, &phases, gathered, back))
}

fn measure(swarm: &mut Swarm, name: &'static str, seconds: u64) -> std::io::Result<Phase> {
    let pid = swarm.args.server_pid;
    swarm.counts.latency = latency::Histogram::default();
    let deliveries = swarm.verdict().deliveries;
    let begin = swarm.now();
    let before = pid.and_then(Usage::of);
    swarm.post(seconds)?;
    Ok(Phase {
        name,
        seconds: swarm.now().since(begin).as_secs_f64(),
        deliveries: swarm.verdict().deliveries - deliveries,
        latency: swarm.counts.latency.clone(),
        before,
        after: pid.and_then(Usage::of),
    })
}

fn say(what: &str) -> std::io::Result<()> {
    writeln!(std::io::stderr(), "swarm: {what}")
}
