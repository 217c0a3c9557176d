//! Starts the server, and ends it on SIGINT or SIGTERM.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use netcomm_server::config::{Args, Command, Config, annotated_default};
use netcomm_server::{Server, log, memory};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The configuration or the command line is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.command {
        Some(Command::Config) => say(&annotated_default()),
        Some(Command::CheckConfig { file }) => Config::from_file(file)
            .map_err(|error| (USAGE, error.to_string()))
            .and_then(|config| memory::judge(&config.limits).map_err(|why| (USAGE, why)))
            .and_then(|most| say(&most)),
        None => run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, why)) => {
            // Nothing is left to do where even this cannot be said.
            writeln!(std::io::stderr(), "netcomm-server: {why}").ok();
            ExitCode::from(code)
        }
    }
}

fn run(args: &Args) -> Result<(), (u8, String)> {
    let config = Config::from_args(args, |name| std::env::var_os(name))
        .map_err(|error| (USAGE, error.to_string()))?;
    let most = memory::judge(&config.limits).map_err(|why| (USAGE, why))?;
    log::start(&config.log).map_err(|why| (USAGE, why))?;
    for part in most.lines() {
        tracing::info!("memory at most: {part}");
    }
    let failed = |error: std::io::Error| (1, error.to_string());
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let server = Server::start(&config).map_err(failed)?;
    for address in server.addresses() {
        say(&format!("listening on {address}\n"))?;
    }
    signals.forever().next();
    tracing::info!("draining; another signal ends at once");
    let second = std::thread::Builder::new();
    let second = second.spawn(move || {
        signals.forever().next();
        std::process::exit(1);
    });
    second.map_err(failed)?;
    server.shut_down();
    Ok(())
}

fn say(text: &str) -> Result<(), (u8, String)> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| (1, error.to_string()))
}
