//! What the program is called with.

use std::env;

use clap::builder::{OsStr, Resettable};
use clap::{Arg, Command as Program, CommandFactory, FromArgMatches, Parser};

use crate::script::args::Command;
use crate::settings::flags::{Flags, address};

/// Talk to the people on a netcomm server, from a terminal, through a pipe, or in a script.
#[derive(Clone, Debug, Parser)]
#[command(name = "netcomm-client", version, after_help = include_str!("after_help.txt").trim_end())]
pub struct Args {
    /// The same as --server
    #[arg(value_name = "ADDR:PORT", value_parser = place)]
    pub address: Option<String>,

    /// What may also stand in a file, or in the environment.
    #[command(flatten)]
    pub flags: Flags,

    /// Instead of talking
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Reads what the program is called with, or ends it where that is wrong.
#[must_use]
pub fn read() -> Args {
    let matches = unset_where_empty(Args::command()).get_matches();
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// A variable of the environment that is empty says nothing.
fn unset_where_empty(program: Program) -> Program {
    let says_nothing =
        |arg: &Arg| arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    program
        .mut_subcommands(unset_where_empty)
        .mut_args(|arg| if says_nothing(&arg) { arg.env(Resettable::<OsStr>::Reset) } else { arg })
}

/// Checks a server that stands where a command may stand.
fn place(typed: &str) -> Result<String, String> {
    let hint = if typed.contains(':') { "" } else { "; is a command meant? --help lists them" };
    address(typed).map_err(|why| format!("{why}{hint}"))
}
