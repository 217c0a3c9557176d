//! What is done without a server.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::{Command, Config};
use crate::args::Args;
use crate::exit;
use crate::settings::{DEFAULT_FILE, Settings, file};

/// Does what `command` says where that needs no server, or is wrong already; answers the exit code.
#[must_use]
pub fn run(command: &Command, args: &Args) -> Option<u8> {
    if let Some(error) = misuse(command) {
        return Some(told(error.print(), exit::USAGE));
    }
    let mut output = Vec::new();
    let done = match command {
        Command::Config(config) => settings(*config, args, &mut output),
        Command::Man => manual(&mut output).map_err(|error| error.to_string()),
        Command::Completions { shell } => {
            completions(*shell, &mut output);
            Ok(())
        }
        _ => return None,
    };
    Some(match done {
        Ok(()) => told(io::stdout().write_all(&output), exit::OK),
        Err(why) => crate::failed(&why, exit::USAGE),
    })
}

/// Where a command is not used as it can be, why.
fn misuse(command: &Command) -> Option<clap::Error> {
    let (conversations, from) = match command {
        Command::Tail(tail) => (tail.conversations.len(), tail.from),
        Command::Wait(wait) => (wait.conversations.len(), wait.from),
        _ => return None,
    };
    (from.is_some() && conversations != 1).then(|| {
        let why = "--from needs one CONVERSATION: each has numbers of its own";
        Args::command().error(clap::error::ErrorKind::WrongNumberOfValues, why)
    })
}

fn settings(config: Config, args: &Args, output: &mut Vec<u8>) -> Result<(), String> {
    let place = || {
        let place = args.flags.config.clone().or_else(file::place);
        place.ok_or("no place for settings is known here")
    };
    let written = if config.print_default {
        output.write_all(DEFAULT_FILE.as_bytes())
    } else if config.path {
        writeln!(output, "{}", place()?.display())
    } else if config.write {
        let place = place()?;
        write_new(&place, DEFAULT_FILE).map_err(|why| format!("{}: {why}", place.display()))?;
        writeln!(output, "{}", place.display())
    } else {
        let settings = Settings::load(&args.flags).map_err(|error| error.to_string())?;
        settings.write(output)
    };
    written.map_err(|error| error.to_string())
}

/// Writes a file that its owner alone may read, and does not touch one that is there.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Writes the manual page: the program, then each of its commands.
fn manual(output: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Args::command();
    command.build();
    Man::new(command.clone()).render(output)?;
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let heading = format!(".SH \"COMMAND {}\"\n", subcommand.get_name().to_uppercase());
        output.write_all(heading.as_bytes())?;
        let man = Man::new(subcommand.clone());
        man.render_synopsis_section(output)?;
        man.render_description_section(output)?;
        man.render_options_section(output)?;
        man.render_extra_section(output)?;
    }
    Ok(())
}

/// Writes what completes the program's arguments in `shell`.
fn completions(shell: Shell, output: &mut Vec<u8>) {
    clap_complete::generate(shell, &mut Args::command(), "netcomm-client", output);
}

fn told(written: io::Result<()>, code: u8) -> u8 {
    match written {
        Ok(()) => code,
        // Whoever read it has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(error) => crate::failed(&error, exit::TROUBLE),
    }
}
