//! What a person is told, in words: the same for the text face and for a program that talks line
//! by line.
//!
//! ```
//! use core::fmt;
//!
//! use netcomm_core::wire::ServerMessage;
//! use netcomm_core::words::{self, Asked, Page, Said};
//!
//! /// A page that keeps no colours and no columns. A real one replaces what disturbs a screen.
//! #[derive(Default)]
//! struct Paper(String);
//!
//! impl Page for Paper {
//!     fn system(&mut self, words: fmt::Arguments<'_>) {
//!         self.0 += &format!("* {words}\n");
//!     }
//!
//!     fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]) {
//!         self.0 += &format!("* {title} {}\n", items.join(", "));
//!     }
//!
//!     fn said(&mut self, said: Said<'_>) {
//!         self.0 += &format!("<{}> {}\n", said.author, said.text);
//!     }
//! }
//!
//! let mut paper = Paper::default();
//! let members = ServerMessage::Members { members: vec!["ann", "bob"], next: "" };
//! words::tell(&mut paper, &members, Asked::Members(Some("tea")));
//! words::tell(&mut paper, &ServerMessage::Offline { nickname: "bob" }, Asked::Nothing);
//! assert_eq!(paper.0, "* in #tea: ann, bob\n* bob is offline\n");
//! ```

mod asked;
mod page;

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::command::{self, CommandError, MAX_COUNT};
use crate::wire::{
    Conversation, ConversationItem, ConversationKind, HistoryItem, NoticeCode, RoomItem,
    ServerMessage,
};

pub use asked::Asked;
pub use page::{Page, Said};

/// Why a line is refused whose bytes are no text.
pub const NOT_UTF8: &str = "the line is not UTF-8";

/// The most characters of a text that are repeated to say which is meant.
const BEGINNING: usize = 32;

/// Writes what `message` says, which answers what was `asked`; nothing where it is not for people.
pub fn tell(page: &mut impl Page, message: &ServerMessage<'_>, asked: Asked<&str>) {
    match *message {
        ServerMessage::Welcome { nickname, hidden, .. } => welcome(page, nickname, hidden),
        ServerMessage::Done => done(page, asked),
        ServerMessage::Refused { ref code, retry_after, text } => {
            refused(page, asked, &Why { text, code }, retry_after);
        }
        ServerMessage::Joined { room, .. } => entered(page, room),
        ServerMessage::Members { members: ref found, next } => members(page, asked, found, next),
        ServerMessage::Rooms { rooms: ref found, next } => rooms(page, found, next),
        ServerMessage::History { conversation, first_kept, last, ref items, .. } => {
            history(page, conversation, first_kept, last, items);
        }
        ServerMessage::Conversations { conversations: ref found, next } => {
            conversations(page, found, next.is_some());
        }
        ServerMessage::Message { conversation, time, author, text, .. } => {
            page.said(Said { conversation, time, author, text });
        }
        ServerMessage::MemberJoined { room, nickname } => {
            page.system(format_args!("{nickname} joined #{room}"));
        }
        ServerMessage::MemberLeft { room, nickname } => {
            page.system(format_args!("{nickname} left #{room}"));
        }
        ServerMessage::Online { nickname } => page.system(format_args!("{nickname} is online")),
        ServerMessage::Offline { nickname } => page.system(format_args!("{nickname} is offline")),
        ServerMessage::Renamed { from, to } => page.system(format_args!("{from} is now {to}")),
        ServerMessage::Notice { code, subject, text } => {
            let why = Why { text, code: &code };
            if code == NoticeCode::ROOM_CLOSED {
                page.system(format_args!("#{subject}: {why}"));
            } else {
                page.system(format_args!("{why}"));
            }
        }
        ServerMessage::Closing { ref code, retry_after, text } => {
            let (why, again) = (Why { text, code }, Again("come back", retry_after));
            page.system(format_args!("closing: {why}{again}"));
        }
        // Who posts sees what was typed, and nobody pings a person.
        ServerMessage::Posted { .. }
        | ServerMessage::Pong { .. }
        | ServerMessage::Ping { .. }
        | ServerMessage::Unknown => {}
    }
}

/// The commands, or the one that `topic` names.
pub fn help(page: &mut impl Page, topic: Option<&str>) -> Result<(), CommandError> {
    command::help(topic)?.iter().for_each(|row| page.system(format_args!("{row}")));
    Ok(())
}

/// A room was entered.
pub(crate) fn entered(page: &mut impl Page, room: &str) {
    page.system(format_args!("you are in #{room}"));
}

/// One comes, or came back, hidden.
pub(crate) fn hidden(page: &mut impl Page) {
    page.system(format_args!(
        "you are hidden: nobody sees you; what you say still shows your name"
    ));
}

/// The first login.
pub(crate) fn welcome(page: &mut impl Page, nickname: &str, is_hidden: bool) {
    page.system(format_args!("welcome, {nickname}"));
    if is_hidden {
        hidden(page);
    }
    page.system(format_args!("/help lists the commands"));
}

fn done(page: &mut impl Page, asked: Asked<&str>) {
    match asked {
        Asked::Leave(room) => page.system(format_args!("you left #{room}")),
        Asked::Rename(nickname) => page.system(format_args!("you are now {nickname}")),
        Asked::Hide => page.system(format_args!(
            "you are hidden: others see you as gone; what you say still shows your name"
        )),
        Asked::Reveal => page.system(format_args!("you are visible again")),
        // None of these is answered by `Done`, except `Quit`, which is about to be closed.
        Asked::Nothing
        | Asked::Post(_)
        | Asked::Enter(_)
        | Asked::Create(_)
        | Asked::Members(_)
        | Asked::Other(_) => {}
    }
}

fn refused(
    page: &mut impl Page,
    asked: Asked<&str>,
    why: &dyn fmt::Display,
    retry_after: Option<u64>,
) {
    let again = Again("try again", retry_after);
    match asked {
        Asked::Nothing => page.system(format_args!("refused: {why}{again}")),
        Asked::Post(_) => page.system(format_args!("not sent: {asked}: {why}")),
        Asked::Enter(_)
        | Asked::Create(_)
        | Asked::Leave(_)
        | Asked::Rename(_)
        | Asked::Hide
        | Asked::Reveal
        | Asked::Members(_)
        | Asked::Other(_) => page.system(format_args!("refused: {asked}: {why}{again}")),
    }
}

fn members(page: &mut impl Page, asked: Asked<&str>, found: &[&str], next: &str) {
    let found = if found.is_empty() { &["nobody"] } else { found };
    let room = if let Asked::Members(room) = asked { room } else { None };
    match room {
        Some(room) => page.list(format_args!("in #{room}:"), found),
        None => page.list(format_args!("online:"), found),
    }
    if !next.is_empty() {
        let of = room.map_or(Conversation::EVERYONE, Conversation::room);
        page.system(format_args!("… more: /members {of} {next}"));
    }
}

fn rooms(page: &mut impl Page, found: &[RoomItem<'_>], next: &str) {
    if found.is_empty() {
        page.system(format_args!("no rooms"));
    }
    for RoomItem { room, members } in found {
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
    items: &[HistoryItem<'_>],
) {
    let of = Title(conversation);
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
    for &HistoryItem { time, author, text, .. } in items {
        page.said(Said { conversation, time, author, text });
    }
    if first > first_kept {
        page.system(format_args!("… earlier: /history {conversation} {MAX_COUNT} {first}"));
    } else if first_kept > 1 {
        page.system(format_args!("{}", Missing(1, first_kept - 1)));
    }
}

fn conversations(page: &mut impl Page, found: &[ConversationItem<'_>], more: bool) {
    for ConversationItem { conversation, last } in found {
        let (of, seq) = (Title(*conversation), last.seq);
        page.system(format_args!("{of}: {seq} messages"));
    }
    if more {
        page.system(format_args!("… and more"));
    }
}

/// Whole seconds, at least one, in which `time` has surely passed.
#[must_use]
pub fn seconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

/// A reason in words, or where there are none, by the name of its code.
#[derive(Clone, Copy, Debug)]
pub struct Why<'a, C> {
    /// The words; they may be empty.
    pub text: &'a str,
    /// The code.
    pub code: &'a C,
}

impl<C: fmt::Display> fmt::Display for Why<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            return write!(f, "{}", self.code);
        }
        f.write_str(self.text)
    }
}

/// A conversation as it is called in a sentence.
pub(crate) struct Title<'a>(pub(crate) Conversation<'a>);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.kind == ConversationKind::EVERYONE {
            return f.write_str("everyone");
        }
        write!(f, "{}", self.0)
    }
}

/// The first words of a text, in quotation marks, to tell which one is meant.
pub(crate) struct Beginning<'a>(pub(crate) &'a str);

impl fmt::Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.split('\n').next().unwrap_or_default();
        let mut beginning: String = line.chars().take(BEGINNING).collect();
        if beginning.len() < self.0.len() {
            beginning.push('…');
        }
        write!(f, "{beginning:?}")
    }
}

/// The first and the last message of some that can no longer be had.
pub(crate) struct Missing(pub(crate) u64, pub(crate) u64);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(first, last) if first == last => write!(f, "message {first} is no longer kept"),
            Self(first, last) => write!(f, "messages {first} to {last} are no longer kept"),
        }
    }
}

/// What to do after so many milliseconds, where that is known.
struct Again(&'static str, Option<u64>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, after) = *self;
        after.map_or(Ok(()), |millis| {
            write!(f, "; {what} in {} s", seconds(Duration::from_millis(millis)))
        })
    }
}
