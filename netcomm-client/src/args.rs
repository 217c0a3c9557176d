//! What the program is called with.

use clap::Parser;

/// Where a server is looked for when nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:44444";

/// Talk to the people on a netcomm server, from a terminal or through a pipe.
#[derive(Clone, Debug, Parser)]
#[command(name = "netcomm-client", version, after_help = AFTER_HELP)]
pub struct Args {
    /// The server: a host name or address, and a port [default: 127.0.0.1:44444]
    #[arg(value_name = "ADDR:PORT", value_parser = address)]
    pub address: Option<String>,

    /// The nickname to log in with; asked for on a terminal
    #[arg(long, value_name = "NAME", value_parser = nickname)]
    pub nick: Option<String>,

    /// Come hidden: nobody sees you until /reveal, but what you say shows your name
    #[arg(long)]
    pub hidden: bool,

    /// A room to enter after the login, made if there is none; may be given more than once
    #[arg(long, value_name = "ROOM", value_parser = room)]
    pub join: Vec<String>,

    /// Plain lines, without colours and without a full screen, even on a terminal
    #[arg(long)]
    pub plain: bool,

    /// How the full screen is to be.
    #[command(flatten)]
    pub full_screen: crate::full_screen::screen::Options,
}

const AFTER_HELP: &str = "\
Each line that is read is a message or a command; /help lists the commands. Where standard input
is no terminal, the program ends at the end of input, once every line has been answered.
A message is for the room entered last; before that, and after leaving it, for everyone.
`//x` says `/x`. For /history, a conversation is * (everyone), #room or @nick.
A server that cannot be reached is tried again, without an end; an interrupt ends the program.
Where standard output is no terminal, only the conversation is written to it; refused logins and
troubles with the connection are told on standard error.

Exit codes:
    0  everything was done
    1  a line was refused, failed, or is not known to have arrived (not on a terminal); or nobody
       read what was written
    2  wrong usage, or a nickname that cannot be
    3  could not log in: the nickname is taken, say
    4  the server ended the connection for good
  130  interrupted";

pub(crate) fn address(typed: &str) -> Result<String, String> {
    let (host, port) = typed.rsplit_once(':').ok_or("a port is needed: ADDR:PORT")?;
    if host.is_empty() {
        return Err(String::from("a host is needed: ADDR:PORT"));
    }
    port.parse::<u16>().map_err(|error| format!("the port {port:?}: {error}"))?;
    Ok(String::from(typed))
}

pub(crate) fn nickname(typed: &str) -> Result<String, String> {
    netcomm_core::name::Nickname::new(typed)
        .map(|name| name.to_string())
        .map_err(|error| error.to_string())
}

fn room(typed: &str) -> Result<String, String> {
    netcomm_core::name::RoomName::new(typed.strip_prefix('#').unwrap_or(typed))
        .map(|name| name.to_string())
        .map_err(|error| error.to_string())
}
