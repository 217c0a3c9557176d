//! What the program is called with.

use clap::Parser;

use crate::script::args::Command;
use crate::settings::flags::{Flags, address};

/// Talk to the people on a netcomm server, from a terminal, through a pipe, or in a script.
#[derive(Clone, Debug, Parser)]
#[command(name = "netcomm-client", version, after_help = include_str!("after_help.txt").trim_end())]
pub struct Args {
    /// The same as --server
    #[arg(value_name = "ADDR:PORT", value_parser = address)]
    pub address: Option<String>,

    /// What may also stand in a file, or in the environment.
    #[command(flatten)]
    pub flags: Flags,

    /// Instead of talking
    #[command(subcommand)]
    pub command: Option<Command>,
}
