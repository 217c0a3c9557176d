//! What the server says, in words.

use std::fmt;

use netcomm_core::command::MAX_COUNT;
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, ConversationKind, HistoryItem, NoticeCode, RefusalCode,
    RoomItem, ServerMessage,
};

use super::page::{Page, Said};

/// What was asked for, as far as the words of the answer need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To say what begins like this.
    Post(String),
    /// To enter a room, or to make it.
    Enter(String),
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
    /// Anything else.
    Other,
}

/// The most characters of one's own text that are repeated to say which is meant.
const BEGINNING: usize = 32;

impl Asked {
    /// What `message` asks for.
    #[must_use]
    pub fn of(message: &ClientMessage<'_>) -> Self {
        match *message {
            ClientMessage::Post { text, .. } => Self::Post(beginning(text)),
            ClientMessage::Join { room } | ClientMessage::CreateRoom { room } => {
                Self::Enter(room.into())
            }
            ClientMessage::Leave { room } => Self::Leave(room.into()),
            ClientMessage::Rename { nickname } => Self::Rename(nickname.into()),
            ClientMessage::Hide => Self::Hide,
            ClientMessage::Reveal => Self::Reveal,
            ClientMessage::Members { room, .. } => Self::Members(room.map(Into::into)),
            _ => Self::Other,
        }
    }

    /// Whether the answer decides where the next text goes.
    #[must_use]
    pub const fn moves(&self) -> bool {
        matches!(self, Self::Enter(_) | Self::Leave(_))
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

/// Writes an answer to `asked`, or an event.
pub fn tell(page: &mut Page, asked: Option<&Asked>, message: &ServerMessage<'_>) {
    match message {
        ServerMessage::Done => done(page, asked),
        ServerMessage::Refused {
            code,
            retry_after,
            text,
        } => refused(page, asked, *code, *retry_after, text),
        ServerMessage::Joined { room, .. } => page.system(format_args!(
            "you are in #{room}; what you type is said there"
        )),
        ServerMessage::Members { members, next } => self::members(page, asked, members, next),
        ServerMessage::Rooms { rooms, next } => self::rooms(page, rooms, next),
        ServerMessage::History {
            conversation,
            first_kept,
            last,
            items,
            ..
        } => history(page, *conversation, *first_kept, *last, items),
        ServerMessage::Message {
            conversation,
            time,
            author,
            text,
            ..
        } => page.said(Said {
            conversation: *conversation,
            time: *time,
            author,
            text,
        }),
        ServerMessage::MemberJoined { room, nickname } => {
            page.system(format_args!("{nickname} joined #{room}"));
        }
        ServerMessage::MemberLeft { room, nickname } => {
            page.system(format_args!("{nickname} left #{room}"));
        }
        ServerMessage::Online { nickname } => page.system(format_args!("{nickname} is online")),
        ServerMessage::Offline { nickname } => page.system(format_args!("{nickname} is offline")),
        ServerMessage::Renamed { from, to } => page.system(format_args!("{from} is now {to}")),
        ServerMessage::Notice {
            code,
            subject,
            text,
        } => notice(page, *code, subject, text),
        // Who posts sees what was typed; the rest is not for people.
        _ => {}
    }
}

fn done(page: &mut Page, asked: Option<&Asked>) {
    match asked {
        Some(Asked::Leave(room)) => page.system(format_args!("you left #{room}")),
        Some(Asked::Rename(nickname)) => page.system(format_args!("you are now {nickname}")),
        Some(Asked::Hide) => page.system(format_args!(
            "you are hidden: others see you as gone; what you say still shows your name"
        )),
        Some(Asked::Reveal) => page.system(format_args!("you are visible again")),
        _ => {}
    }
}

fn refused(
    page: &mut Page,
    asked: Option<&Asked>,
    code: RefusalCode,
    retry_after: Option<u64>,
    text: &str,
) {
    let why = why(text, &code);
    let what = match asked {
        Some(Asked::Post(beginning)) => format!("not sent: {beginning:?}: {why}"),
        Some(Asked::Enter(room)) => format!("refused: #{room}: {why}"),
        _ => format!("refused: {why}"),
    };
    match retry_after {
        None => page.system(format_args!("{what}")),
        Some(after) => {
            let seconds = after.div_ceil(1000).max(1);
            page.system(format_args!("{what}; try again in {seconds} s"));
        }
    }
}

fn members(page: &mut Page, asked: Option<&Asked>, members: &[&str], next: &str) {
    let room = match asked {
        Some(Asked::Members(Some(room))) => Some(room.as_str()),
        _ => None,
    };
    let found = if members.is_empty() {
        &["nobody"]
    } else {
        members
    };
    let title = room.map_or_else(|| String::from("online:"), |room| format!("in #{room}:"));
    page.list(&title, found.iter().copied());
    if !next.is_empty() {
        let of = room.map_or(Conversation::EVERYONE, Conversation::room);
        page.system(format_args!("… more: /members {of} {next}"));
    }
}

fn rooms(page: &mut Page, rooms: &[RoomItem<'_>], next: &str) {
    if rooms.is_empty() {
        page.system(format_args!("no rooms"));
    }
    for RoomItem { room, members } in rooms {
        page.system(format_args!("#{room} ({members})"));
    }
    if !next.is_empty() {
        page.system(format_args!("… more: /rooms {next}"));
    }
}

fn history(
    page: &mut Page,
    conversation: Conversation<'_>,
    first_kept: u64,
    last: u64,
    items: &[HistoryItem<'_>],
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
        page.said(Said {
            conversation,
            time: item.time,
            author: item.author,
            text: item.text,
        });
    }
    if first > first_kept {
        page.system(format_args!(
            "… earlier: /history {conversation} {MAX_COUNT} {first}"
        ));
    } else if first_kept > 1 {
        page.system(format_args!(
            "messages 1 to {} are no longer kept",
            first_kept - 1
        ));
    }
    page.system(format_args!("end of the history of {of}"));
}

fn notice(page: &mut Page, code: NoticeCode, subject: &str, text: &str) {
    let why = why(text, &code);
    if code == NoticeCode::ROOM_CLOSED {
        page.system(format_args!("#{subject}: {why}"));
    } else {
        page.system(format_args!("{why}"));
    }
}

/// A reason in words, or where there are none, by the name of its code.
pub fn why(text: &str, code: &dyn fmt::Display) -> String {
    if text.is_empty() {
        code.to_string()
    } else {
        text.to_owned()
    }
}

/// Why the server closed the connection, in words.
#[must_use]
pub fn close_reason(code: CloseCode, text: &str) -> String {
    if text.is_empty() {
        code.reason().to_owned()
    } else {
        text.to_owned()
    }
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
