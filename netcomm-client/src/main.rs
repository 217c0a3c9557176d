//! The netcomm chat client.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    ExitCode::from(netcomm_client::run(netcomm_client::args::Args::parse()))
}
