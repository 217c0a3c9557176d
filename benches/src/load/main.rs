//! Loads a chat server, counts every delivery, and tells what each costs the server.
//!
//! It fails where anything is missing, doubled or out of order. It speaks netcomm's two faces and
//! what the servers of others speak, so that they can be compared: see `peers/README.md`.

mod args;
mod compare;
mod connection;
mod crowd;
mod dialects;
mod fairness;
mod figures;
mod idle;
mod ledger;
mod scenarios;
mod servers;
mod table;
mod texts;
mod traffic;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use servers::Target;

fn main() -> ExitCode {
    let args = Args::parse();
    let awake = args.awake();
    let outcome = netcomm_benches::process::raise_file_limit().and_then(|()| match args.command {
        Command::Run { server, language, pid, what } => {
            let (answers, at_once) = (false, servers::AT_ONCE);
            let target = Target { address: server, language, answers, at_once, awake, pid };
            compare::run(target, &what)
        }
        Command::Compare { what, whom } => compare::compare(&what, &whom, awake),
        Command::Scaling { seconds, whom } => {
            compare::scaling(args::seconds(seconds), &whom, awake)
        }
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do where even this cannot be said.
            writeln!(std::io::stderr(), "load: {error}").ok();
            ExitCode::from(2)
        }
    }
}
