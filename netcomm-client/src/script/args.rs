//! What a script may ask for.

use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use jiff::SignedDuration;
use netcomm_core::client::ConversationName;
use regex::Regex;

use super::conversation;

/// How long is waited where nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What to do instead of talking.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Say something: each TEXT is a message; without any, each line of standard input
    #[command(after_help = SEND_HELP)]
    Send(Send),
    /// Write down what is said, until interrupted
    #[command(after_help = TAIL_HELP)]
    Tail(Tail),
    /// Wait for a message that matches, and write it
    #[command(after_help = "\
The expression is looked for in the text alone. What is missed is told on standard error.
Exit codes: 0 it came; 5 no connection, 6 connected but it did not come, each after --timeout.")]
    Wait(Wait),
    /// List who is online, or who is in a room
    Members(Members),
    /// List the rooms
    Rooms(Rooms),
    /// Write what was said, as far as it is kept; a room is entered for it, and must exist
    History(History),
    /// Print the settings in force, or all of them explained
    Config(Config),
    /// Print the manual page
    Man,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const SEND_HELP: &str = "\
A room is entered first, and made if there is none. Messages are sent one after the other, each
when the one before was answered, so their order holds. Empty lines are skipped.
With --wait the program stays until every message was accepted or refused, whatever connections that
takes. Without it the program says goodbye once the last message was handed over; should the
connection break just then, that message's fate is not known.
Either way nothing is lost in silence: what was refused, was not sent, or is not known to have
arrived is told on standard error, and by the exit code. What is not known is not said twice.
Exit codes: 0 all accepted; 1 a message was refused, or was not sent; 5 no connection, 6 no answer, each for longer
than --timeout; 7 it is not known whether a message arrived.";

const TAIL_HELP: &str = "\
Without a CONVERSATION: all that one hears. A room is entered first, and made if there is none.
Messages that are no longer kept are told as a gap. After a lost connection the program connects
again, for ever unless --timeout is given, and goes on where it was.
Exit codes: 0 --count was reached, or nobody reads any more; 5 no connection for longer than
--timeout; 7 as 0, but a message is or may be missing; 130 interrupted.";

/// How long to wait, and in which form to write.
#[derive(Clone, Debug, Args)]
pub struct Manner {
    /// Write a JSON object per line (SCRIPTING.md)
    #[arg(long)]
    pub json: bool,

    /// How long to wait: 500ms, 30s, 5m, never [default: 30s; for tail: never]
    #[arg(long, value_name = "TIME", env = "NETCOMM_TIMEOUT", value_parser = timeout)]
    pub timeout: Option<Timeout>,
}

/// How long is waited; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(pub Option<Duration>);

impl Manner {
    /// The time that was asked for.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        self.timeout.map_or(Some(DEFAULT_TIMEOUT), |timeout| timeout.0)
    }
}

/// Says something.
#[derive(Clone, Debug, Args)]
pub struct Send {
    /// Where: '*' or everyone, '#ROOM' or room:ROOM, '@NICK' or user:NICK
    #[arg(long, value_name = "CONVERSATION", value_parser = conversation::parse)]
    pub to: ConversationName,

    /// Stay until every message was accepted or refused; --timeout is the longest wait without an
    /// answer
    #[arg(long)]
    pub wait: bool,

    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,

    /// What to say, one message each
    #[arg(value_name = "TEXT")]
    pub texts: Vec<String>,
}

/// Writes down what is said.
#[derive(Clone, Debug, Args)]
pub struct Tail {
    /// Which: '*' or everyone, '#ROOM' or room:ROOM, '@NICK' or user:NICK
    #[arg(value_name = "CONVERSATION", value_parser = conversation::parse)]
    pub conversations: Vec<ConversationName>,

    /// Begin with the history, from this message on; 1 is the first (one CONVERSATION is needed)
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub from: Option<u64>,

    /// End after so many messages
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Tell also who comes, goes, or takes another name
    #[arg(long)]
    pub events: bool,

    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// Waits for a message.
#[derive(Clone, Debug, Args)]
pub struct Wait {
    /// Where: '*' or everyone, '#ROOM' or room:ROOM, '@NICK' or user:NICK [default: anywhere]
    #[arg(value_name = "CONVERSATION", value_parser = conversation::parse)]
    pub conversations: Vec<ConversationName>,

    /// What its text has to match, a regular expression
    #[arg(long = "match", value_name = "REGEX", value_parser = Regex::new)]
    pub pattern: Regex,

    /// Look through the history first, from this message on; 1 is the first (one CONVERSATION is
    /// needed)
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub from: Option<u64>,

    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// Lists people.
#[derive(Clone, Debug, Args)]
pub struct Members {
    /// The room: '#ROOM' or room:ROOM; '*' or everyone: who is online
    #[arg(value_name = "CONVERSATION", value_parser = conversation::parse_public)]
    pub conversation: Option<ConversationName>,

    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// Lists rooms.
#[derive(Clone, Debug, Args)]
pub struct Rooms {
    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// Writes what was said.
#[derive(Clone, Debug, Args)]
pub struct History {
    /// Of what: '*' or everyone, '#ROOM' or room:ROOM, '@NICK' or user:NICK
    #[arg(value_name = "CONVERSATION", value_parser = conversation::parse)]
    pub conversation: ConversationName,

    /// From this message on; 1 is the first [default: the first that is kept]
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub from: Option<u64>,

    /// Only so many messages, the last ones
    #[arg(long, value_name = "NUMBER", conflicts_with = "from",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub last: Option<u64>,

    /// How it is done.
    #[command(flatten)]
    pub manner: Manner,
}

/// Prints settings.
#[derive(Clone, Copy, Debug, Args)]
pub struct Config {
    /// Print a file with every key, explained
    #[arg(long)]
    pub print_default: bool,

    /// Print where the file is looked for
    #[arg(long, conflicts_with = "print_default")]
    pub path: bool,

    /// Write a file with every key, explained, where it is looked for, if there is none
    #[arg(long, conflicts_with_all = ["print_default", "path"])]
    pub write: bool,
}

impl Command {
    /// In which form the command writes, and how long it waits; `None`: it needs no server.
    #[must_use]
    pub const fn manner(&self) -> Option<&Manner> {
        match self {
            Self::Send(send) => Some(&send.manner),
            Self::Tail(tail) => Some(&tail.manner),
            Self::Wait(wait) => Some(&wait.manner),
            Self::Members(members) => Some(&members.manner),
            Self::Rooms(rooms) => Some(&rooms.manner),
            Self::History(history) => Some(&history.manner),
            Self::Config(_) | Self::Man | Self::Completions { .. } => None,
        }
    }
}

fn timeout(typed: &str) -> Result<Timeout, String> {
    if typed == "never" {
        return Ok(Timeout(None));
    }
    let time = typed.parse::<SignedDuration>().map_err(|error| error.to_string())?;
    let time = Duration::try_from(time).map_err(|_| String::from("a time before now"))?;
    Ok(Timeout(Some(time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_never_is_one() {
        let time = |millis| Ok(Timeout(Some(Duration::from_millis(millis))));
        assert_eq!(timeout("30s"), time(30_000));
        assert_eq!(timeout("1m 500ms"), time(60_500));
        assert_eq!(timeout("never"), Ok(Timeout(None)));
        for wrong in ["30", "", "-1s", "soon"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }
}
