//! What the server says, in words for a person.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

use super::page::{Page, Said};
use super::{Answer, HistoryMessage, RoomSummary};
use crate::command::MAX_COUNT;
use crate::wire::{ClientMessage, Conversation, ConversationKind, RefusalCode};

/// What was asked for, as far as the words of the answer need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To say what begins like this.
    Post(String),
    /// To enter a room.
    Enter(String),
    /// To make a room.
    Create(String),
    /// To leave a room.
    Leave(String),
    /// Another nickname.
    Rename(String),
    /// To become absent.
    Hide,
    /// To come back.
    Reveal,
    /// Who is there, in this room.
    Members(Option<String>),
    /// Anything else, by the name of its command.
    Other(&'static str),
}

/// The most characters of one's own text that are repeated to say which is meant.
const BEGINNING: usize = 32;

impl Asked {
    /// What `message` asks for.
    #[must_use]
    pub fn of(message: &ClientMessage<'_>) -> Self {
        match *message {
            ClientMessage::Post { text, .. } => Self::Post(beginning(text)),
            ClientMessage::Join { room } => Self::Enter(room.into()),
            ClientMessage::CreateRoom { room } => Self::Create(room.into()),
            ClientMessage::Leave { room } => Self::Leave(room.into()),
            ClientMessage::Rename { nickname } => Self::Rename(nickname.into()),
            ClientMessage::Hide => Self::Hide,
            ClientMessage::Reveal => Self::Reveal,
            ClientMessage::Members { room, .. } => Self::Members(room.map(Into::into)),
            ClientMessage::Rooms { .. } => Self::Other("/rooms"),
            ClientMessage::History { .. } => Self::Other("/history"),
            _ => Self::Other("a request"),
        }
    }

    /// Whether the answer decides where the next text goes.
    #[must_use]
    pub const fn moves(&self) -> bool {
        matches!(self, Self::Enter(_) | Self::Create(_) | Self::Leave(_))
    }
}

impl fmt::Display for Asked {
    /// As a command, so that the user knows which one is meant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post(beginning) => write!(f, "{beginning:?}"),
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

/// The first words of `text`, to tell which one is meant.
#[must_use]
pub fn beginning(text: &str) -> String {
    let line = text.split('\n').next().unwrap_or_default();
    let mut beginning: String = line.chars().take(BEGINNING).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

/// Writes the answer to `asked`.
pub fn answer(page: &mut impl Page, asked: &Asked, answer: &Answer) {
    match answer {
        Answer::Done => done(page, asked),
        Answer::Refused { code, retry_after, text } => {
            refused(page, asked, *code, *retry_after, text);
        }
        Answer::Joined { room, .. } => entered(page, room),
        Answer::Members { members, next } => self::members(page, asked, members, next),
        Answer::Rooms { rooms, next } => self::rooms(page, rooms, next),
        Answer::History { conversation, first_kept, last, items, .. } => {
            history(page, conversation.as_ref(), *first_kept, *last, items);
        }
        Answer::Conversations { conversations, .. } => {
            for place in conversations {
                let of = title(place.conversation.as_ref());
                page.system(format_args!("{of}: {} messages", place.last.seq));
            }
        }
        Answer::Unsupported => {
            page.system(format_args!("the server answered what this version does not know"));
        }
        Answer::Lost => match asked {
            Asked::Post(beginning) => not_known(page, beginning),
            _ => page.system(format_args!("not known whether this was done: {asked}")),
        },
        // Who posts sees what was typed; the rest is not for people.
        _ => {}
    }
}

/// A room was entered.
pub fn entered(page: &mut impl Page, room: &str) {
    page.system(format_args!("you are in #{room}"));
}

/// A post of which nobody knows.
pub fn not_known(page: &mut impl Page, beginning: &str) {
    page.system(format_args!("not known whether this arrived: {beginning:?}"));
}

fn done(page: &mut impl Page, asked: &Asked) {
    match asked {
        Asked::Leave(room) => page.system(format_args!("you left #{room}")),
        Asked::Rename(nickname) => page.system(format_args!("you are now {nickname}")),
        Asked::Hide => page.system(format_args!(
            "you are hidden: others see you as gone; what you say still shows your name"
        )),
        Asked::Reveal => page.system(format_args!("you are visible again")),
        Asked::Post(_)
        | Asked::Enter(_)
        | Asked::Create(_)
        | Asked::Members(_)
        | Asked::Other(_) => {}
    }
}

fn refused(
    page: &mut impl Page,
    asked: &Asked,
    code: RefusalCode,
    retry_after: Option<Duration>,
    text: &str,
) {
    let why = why(text, &code);
    match (asked, retry_after) {
        (Asked::Post(beginning), _) => {
            page.system(format_args!("not sent: {beginning:?}: {why}"));
        }
        (_, None) => page.system(format_args!("refused: {asked}: {why}")),
        (_, Some(after)) => {
            let seconds = seconds(after);
            page.system(format_args!("refused: {asked}: {why}; try again in {seconds} s"));
        }
    }
}

fn members(page: &mut impl Page, asked: &Asked, members: &[String], next: &str) {
    let room = match asked {
        Asked::Members(room) => room.as_deref(),
        _ => None,
    };
    let title = room.map_or_else(|| String::from("online:"), |room| format!("in #{room}:"));
    if members.is_empty() {
        page.list(&title, &mut ["nobody"].into_iter());
    } else {
        page.list(&title, &mut members.iter().map(String::as_str));
    }
    if !next.is_empty() {
        let of = room.map_or(Conversation::EVERYONE, Conversation::room);
        page.system(format_args!("… more: /members {of} {next}"));
    }
}

fn rooms(page: &mut impl Page, rooms: &[RoomSummary], next: &str) {
    if rooms.is_empty() {
        page.system(format_args!("no rooms"));
    }
    for RoomSummary { room, members } in rooms {
        page.system(format_args!("#{room} ({members})"));
    }
    if !next.is_empty() {
        page.system(format_args!("… more: /rooms {next}"));
    }
}

fn history(
    page: &mut impl Page,
    conversation: Conversation<'_>,
    first_kept: u64,
    last: u64,
    items: &[HistoryMessage],
) {
    let of = title(conversation);
    let Some(first) = items.first().map(|item| item.seq) else {
        if last == 0 {
            page.system(format_args!("history of {of}: nothing was said yet"));
        } else if first_kept > last {
            page.system(format_args!("history of {of}: nothing is kept any longer"));
        } else {
            page.system(format_args!("history of {of}: nothing there"));
        }
        return;
    };
    page.system(format_args!("history of {of}"));
    for item in items {
        page.said(Said { conversation, time: item.time, author: &item.author, text: &item.text });
    }
    if first > first_kept {
        page.system(format_args!("… earlier: /history {conversation} {MAX_COUNT} {first}"));
    } else if first_kept > 1 {
        page.system(format_args!("messages 1 to {} are no longer kept", first_kept - 1));
    }
    page.system(format_args!("end of the history of {of}"));
}

/// A reason in words, or where there are none, by the name of its code.
pub fn why(text: &str, code: &dyn fmt::Display) -> String {
    if text.is_empty() { code.to_string() } else { text.into() }
}

/// Whole seconds, at least one, in which `time` has surely passed.
#[must_use]
pub fn seconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

/// A conversation as it is called in a sentence.
#[must_use]
pub fn title(conversation: Conversation<'_>) -> String {
    if conversation.kind == ConversationKind::EVERYONE {
        String::from("everyone")
    } else {
        conversation.to_string()
    }
}

#[cfg(test)]
mod tests {
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
            assert!(asked.moves(), "{command}");
        }
    }
}
