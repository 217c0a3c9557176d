//! What the program is called with.

use clap::Parser;

use crate::script::args::Command;
use crate::settings::flags::{Flags, address};

/// Talk to the people on a netcomm server, from a terminal, through a pipe, or in a script.
#[derive(Clone, Debug, Parser)]
#[command(name = "netcomm-client", version, after_help = AFTER_HELP)]
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

const AFTER_HELP: &str = "\
Without a command, one talks. On a terminal that is a full screen: F1 explains its keys, /help the
commands of the chat, /quit ends. `//x` says `/x`. A server that cannot be reached is tried again,
without an end; an interrupt ends the program.
With --plain, with TERM=dumb, or where standard input or output is no terminal, lines are read and
written: each is a message or a command. A message is for the room entered last; before that, and
after leaving it, for everyone. Where standard input is no terminal, the program ends at the end of
input, once every line has been answered. Where standard output is none, only the conversation is
written to it; refused logins and troubles with the connection are told on standard error.
Commands are for scripts: `netcomm-client send --help` tells more, SCRIPTING.md all. A nickname
belongs to one session at a time, so programs that run at once each need a --nick of their own.
`netcomm-client config --write` writes a file for the settings, with each of them explained.

Exit codes:
    0  everything was done
    1  a line was refused, failed, or is not known to have arrived (not on a terminal); or nobody
       read what was written
    2  wrong usage or settings, or a nickname that cannot be
    3  could not log in: the nickname is taken, say
    4  the server ended the connection for good
    5  a command: no connection within --timeout
    6  a command: connected, but what was waited for did not come within --timeout
    7  a command: a message may be missing, or it is not known whether it arrived
  130  interrupted";
