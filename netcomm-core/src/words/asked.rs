//! What an answer answers.

use alloc::string::String;
use core::fmt;

use super::Beginning;
use crate::wire::ClientMessage;

/// What was asked for, as far as the words of the answer depend on it. `S` is `&str` while the
/// request is at hand, and `String` where the answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<S> {
    /// Nothing: it is an event, or nobody needs to be told what is meant.
    Nothing,
    /// To say this.
    Post(S),
    /// To enter a room.
    Enter(S),
    /// To make a room.
    Create(S),
    /// To leave a room.
    Leave(S),
    /// Another nickname.
    Rename(S),
    /// To become absent.
    Hide,
    /// To come back.
    Reveal,
    /// Who is there, in this room.
    Members(Option<S>),
    /// Anything else, by the name of its command.
    Other(&'static str),
}

impl<'a> Asked<&'a str> {
    /// What `message` asks for.
    #[must_use]
    pub const fn of(message: &ClientMessage<'a>) -> Self {
        match *message {
            ClientMessage::Post { text, .. } => Self::Post(text),
            ClientMessage::Join { room } => Self::Enter(room),
            ClientMessage::CreateRoom { room } => Self::Create(room),
            ClientMessage::Leave { room } => Self::Leave(room),
            ClientMessage::Rename { nickname } => Self::Rename(nickname),
            ClientMessage::Hide => Self::Hide,
            ClientMessage::Reveal => Self::Reveal,
            ClientMessage::Members { room, .. } => Self::Members(room),
            ClientMessage::Rooms { .. } => Self::Other("/rooms"),
            ClientMessage::History { .. } => Self::Other("/history"),
            ClientMessage::Login { .. }
            | ClientMessage::Conversations { .. }
            | ClientMessage::Ping { .. }
            | ClientMessage::Pong { .. }
            | ClientMessage::Quit
            | ClientMessage::Unknown => Self::Other("a request"),
        }
    }

    /// The same, to be kept until the answer comes.
    #[must_use]
    pub fn kept(&self) -> Asked<String> {
        self.map(|name| String::from(*name))
    }
}

impl Asked<String> {
    /// The same, borrowed.
    #[must_use]
    pub fn as_deref(&self) -> Asked<&str> {
        self.map(String::as_str)
    }
}

impl<S> Asked<S> {
    /// Whether the answer decides where the next text goes.
    #[must_use]
    pub const fn moves(&self) -> bool {
        matches!(self, Self::Enter(_) | Self::Create(_) | Self::Leave(_))
    }

    fn map<'s, T>(&'s self, name: impl Fn(&'s S) -> T) -> Asked<T> {
        match self {
            Self::Nothing => Asked::Nothing,
            Self::Post(text) => Asked::Post(name(text)),
            Self::Enter(room) => Asked::Enter(name(room)),
            Self::Create(room) => Asked::Create(name(room)),
            Self::Leave(room) => Asked::Leave(name(room)),
            Self::Rename(nickname) => Asked::Rename(name(nickname)),
            Self::Hide => Asked::Hide,
            Self::Reveal => Asked::Reveal,
            Self::Members(room) => Asked::Members(room.as_ref().map(name)),
            Self::Other(command) => Asked::Other(command),
        }
    }
}

impl fmt::Display for Asked<&str> {
    /// As a command, so that the user knows which one is meant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Post(text) => Beginning(text).fmt(f),
            Self::Enter(room) => write!(f, "/join {room}"),
            Self::Create(room) => write!(f, "/create_room {room}"),
            Self::Leave(room) => write!(f, "/leave {room}"),
            Self::Rename(nickname) => write!(f, "/nick {nickname}"),
            Self::Hide => f.write_str("/hide"),
            Self::Reveal => f.write_str("/reveal"),
            Self::Members(None) => f.write_str("/members"),
            Self::Members(Some(room)) => write!(f, "/members {room}"),
            Self::Other(command) => f.write_str(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn what_was_asked_is_called_by_the_command_that_was_typed() {
        for (message, command) in [
            (ClientMessage::Join { room: "tea" }, "/join tea"),
            (ClientMessage::CreateRoom { room: "tea" }, "/create_room tea"),
            (ClientMessage::Leave { room: "tea" }, "/leave tea"),
        ] {
            let asked = Asked::of(&message);
            assert_eq!(asked.to_string(), command);
            assert_eq!(asked.kept().as_deref(), asked);
            assert!(asked.moves(), "{command}");
        }
    }
}
