//! What a person types (PROTOCOL.md, "Commands"): one table of commands for both faces, and the
//! help that is made from it.
//!
//! ```
//! use netcomm_core::command::{self, Command, CommandError, Line};
//!
//! assert_eq!(command::parse("hello")?, Line::Text("hello"));
//! assert_eq!(command::parse("//hello")?, Line::Text("/hello"));
//! assert_eq!(command::parse("/join #lobby")?, Line::Command(Command::Join("lobby")));
//! assert_eq!(command::parse("/dance"), Err(CommandError::Unknown));
//! # Ok::<(), CommandError>(())
//! ```

mod arguments;
mod table;
#[cfg(test)]
mod tests;

use crate::wire::{ClientMessage, Conversation};

pub use table::{COMMANDS, CommandInfo, help};

use arguments::{Arguments, Malformed, is_separator};

/// A line as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// Something to say in the current conversation.
    Text(&'a str),
    /// A command.
    Command(Command<'a>),
}

/// A command with its arguments, which are not validated. Names are without `#` and `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Who is here, or in a room.
    Members {
        /// In this room; `None`: anywhere.
        room: Option<&'a str>,
        /// The nickname to begin at; empty: from the start.
        from: &'a str,
    },
    /// Say something to everyone.
    Broadcast(&'a str),
    /// Say something to one user.
    Private {
        /// To whom.
        nickname: &'a str,
        /// What.
        text: &'a str,
    },
    /// Make a room and enter it.
    CreateRoom(&'a str),
    /// The rooms, from a name on; empty: from the start.
    Rooms(&'a str),
    /// Enter a room.
    Join(&'a str),
    /// Leave a room.
    Leave(&'a str),
    /// Say something in one room.
    Room {
        /// Where.
        room: &'a str,
        /// What.
        text: &'a str,
    },
    /// Become absent to others.
    Hide,
    /// Come back to others.
    Reveal,
    /// Take another nickname.
    Nick(&'a str),
    /// What was said.
    History {
        /// Where; `None`: in the current conversation.
        conversation: Option<Conversation<'a>>,
        /// How many messages at most, 1 to [`MAX_COUNT`]; `None`: as many as fit on a page.
        count: Option<u32>,
        /// Only messages before this `seq`, which is at least 2.
        before: Option<u64>,
    },
    /// The commands, or one of them.
    Help(Option<&'a str>),
    /// End the session.
    Quit,
}

/// The most messages that `/history` asks for at once.
pub const MAX_COUNT: u32 = 100;

/// Why a line is no command. Names what was wrong; never echoes what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No command has this name.
    #[error("no such command; /help lists them")]
    Unknown,
    /// An argument is missing, superfluous or not of its form: the command's name and what is to
    /// be written after it.
    #[error("usage: {}", table::usage(.0, .1))]
    Usage(&'static str, &'static str),
    /// Nothing was typed.
    #[error("nothing to say")]
    Empty,
}

/// Reads a line, without its line end. `//x` is the text `/x`.
///
/// Names of commands are taken without regard to ASCII case. Arguments are separated by spaces
/// and tabs; a text is the rest of the line, unchanged.
pub fn parse(line: &str) -> Result<Line<'_>, CommandError> {
    if line.is_empty() {
        return Err(CommandError::Empty);
    }
    let Some(typed) = line.strip_prefix('/') else {
        return Ok(Line::Text(line));
    };
    if typed.starts_with('/') {
        return Ok(Line::Text(typed));
    }
    let (name, rest) = typed.split_at(typed.find(is_separator).unwrap_or(typed.len()));
    let row = table::find(name).ok_or(CommandError::Unknown)?;
    let mut arguments = Arguments::new(rest);
    match (row.read)(&mut arguments) {
        Ok(command) if arguments.is_empty() => Ok(Line::Command(command)),
        Ok(_) | Err(Malformed) => Err(CommandError::Usage(row.name, row.arguments)),
    }
}

impl<'a> Line<'a> {
    /// The request that the line stands for; `None` for `/help`, which needs no server.
    ///
    /// `nonce` goes into a post, `current` is where plain text goes.
    #[must_use]
    pub fn to_message(&self, current: Conversation<'a>, nonce: u64) -> Option<ClientMessage<'a>> {
        let post =
            |conversation, text| ClientMessage::Post { conversation, epoch: None, nonce, text };
        let command = match *self {
            Self::Text(text) => return Some(post(current, text)),
            Self::Command(command) => command,
        };
        Some(match command {
            Command::Members { room, from } => ClientMessage::Members { room, from },
            Command::Broadcast(text) => post(Conversation::EVERYONE, text),
            Command::Private { nickname, text } => post(Conversation::private(nickname), text),
            Command::CreateRoom(room) => ClientMessage::CreateRoom { room },
            Command::Rooms(from) => ClientMessage::Rooms { from },
            Command::Join(room) => ClientMessage::Join { room },
            Command::Leave(room) => ClientMessage::Leave { room },
            Command::Room { room, text } => post(Conversation::room(room), text),
            Command::Hide => ClientMessage::Hide,
            Command::Reveal => ClientMessage::Reveal,
            Command::Nick(nickname) => ClientMessage::Rename { nickname },
            Command::History { conversation, count, before } => ClientMessage::History {
                conversation: conversation.unwrap_or(current),
                epoch: None,
                first: 1,
                last: before.map_or(u64::MAX, |seq| seq.saturating_sub(1)),
                latest: true,
                most: count.unwrap_or(0),
            },
            Command::Help(_) => return None,
            Command::Quit => ClientMessage::Quit,
        })
    }
}
