//! The netcomm chat client.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(netcomm_client::run(netcomm_client::args::read()))
}
