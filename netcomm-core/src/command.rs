//! What a person types (PROTOCOL.md, "Commands"): one table of commands for both faces, and the
//! help that is made from it.

use crate::wire::{ClientMessage, Conversation};

/// A line as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// Something to say in the current conversation.
    Text(&'a str),
    /// A command.
    Command(Command<'a>),
}

/// A command with its arguments, which are not validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Who is here, or in a room.
    Members(Option<&'a str>),
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
    /// The rooms, from a name on.
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
        /// How many messages at most; `None`: as many as fit on a page.
        count: Option<u32>,
        /// Only messages before this `seq`.
        before: Option<u64>,
    },
    /// The commands, or one of them.
    Help(Option<&'a str>),
    /// End the session.
    Quit,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The name, with its slash.
    pub name: &'static str,
    /// Other names, with their slashes.
    pub aliases: &'static [&'static str],
    /// What to write after the name.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
}

/// Why a line is no command. Names what was wrong; never echoes what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No command has this name.
    #[error("no such command; /help lists them")]
    Unknown,
    /// An argument is missing, superfluous or not of its form.
    #[error("usage: {0} {1}")]
    Usage(&'static str, &'static str),
    /// Nothing was typed.
    #[error("nothing to say")]
    Empty,
}

/// Every command.
pub const COMMANDS: &[CommandInfo] = &[];

/// Reads a line. `//x` is the text `/x`.
pub fn parse(line: &str) -> Result<Line<'_>, CommandError> {
    if line.is_empty() {
        return Err(CommandError::Empty);
    }
    Ok(Line::Text(line))
}

impl<'a> Line<'a> {
    /// The request that the line stands for; `None` for `/help`, which needs no server.
    ///
    /// `nonce` goes into a post, `current` is where plain text goes.
    #[must_use]
    pub fn to_message(&self, current: Conversation<'a>, nonce: u64) -> Option<ClientMessage<'a>> {
        let _ = (current, nonce);
        None
    }
}
