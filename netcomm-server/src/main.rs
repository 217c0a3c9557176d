//! Starts the server, and ends it on SIGINT or SIGTERM.

use std::io::Write;
use std::path::Path;
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
        Some(Command::CheckConfig { file }) => check(file),
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

fn check(file: &Path) -> Result<(), (u8, String)> {
    let config = Config::from_file(file).map_err(|why| (USAGE, why))?;
    let file = file.display();
    let most = memory::judge(&config.limits).map_err(|why| (USAGE, format!("{file}: {why}")))?;
    say(&format!("{file} is right\nmemory at most:\n{most}"))
}

fn run(args: &Args) -> Result<(), (u8, String)> {
    let config = Config::from_args(args, std::env::vars_os()).map_err(|why| (USAGE, why))?;
    memory::judge(&config.limits).map_err(|why| (USAGE, why))?;
    log::start(&config.log).map_err(|why| (USAGE, why))?;
    let failed = |error: std::io::Error| (1, error.to_string());
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let server = Server::start(&config).map_err(failed)?;
    for address in server.addresses() {
        say(&format!("listening on {address}\n"))?;
    }
    signals.forever().next();
    // Another signal ends it at once.
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
