//! The text face's words (PROTOCOL.md, "Text face").

mod lines;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use super::deliver::{Asked, Content};
use crate::command::{self, MAX_COUNT};
use crate::time::UnixMillis;
use crate::wire::{
    CloseCode, Conversation, ConversationItem, ConversationKind, HistoryItem, NoticeCode,
    RefusalCode, RoomItem, ServerMessage,
};

use lines::Lines;

/// Appends `content` as lines; nothing where the text face has no words for it.
pub(super) fn render(content: &Content<'_>, out: &mut Vec<u8>) {
    match content {
        Content::Preface(_) => {}
        Content::Help(topic) => help(*topic, &mut Lines::new(out)),
        Content::Message { message: ServerMessage::Closing { code, .. }, .. }
            if *code == CloseCode::HTTP =>
        {
            http(out);
        }
        Content::Message { message, answers, .. } => words(message, *answers, &mut Lines::new(out)),
    }
}

fn words(message: &ServerMessage<'_>, answers: Asked<'_>, lines: &mut Lines<'_>) {
    match message {
        ServerMessage::Welcome { nickname, hidden, .. } => welcome(nickname, *hidden, lines),
        ServerMessage::Done => done(answers, lines),
        ServerMessage::Refused { code, retry_after, text } => {
            refused(*code, *retry_after, text, lines);
        }
        ServerMessage::Joined { room, .. } => lines.system(format_args!("you are in #{room}")),
        ServerMessage::Members { members: found, next } => members(found, next, answers, lines),
        ServerMessage::Rooms { rooms: found, next } => rooms(found, next, lines),
        ServerMessage::History { conversation, first_kept, last, items, .. } => {
            history(*conversation, *first_kept, *last, items, lines);
        }
        ServerMessage::Conversations { conversations: found, next } => {
            conversations(found, next.is_some(), lines);
        }
        ServerMessage::Message { conversation, time, author, text, .. } => {
            said(*conversation, *time, author, text, lines);
        }
        ServerMessage::MemberJoined { room, nickname } => {
            lines.system(format_args!("{nickname} joined #{room}"));
        }
        ServerMessage::MemberLeft { room, nickname } => {
            lines.system(format_args!("{nickname} left #{room}"));
        }
        ServerMessage::Online { nickname } => lines.system(format_args!("{nickname} is online")),
        ServerMessage::Offline { nickname } => lines.system(format_args!("{nickname} is offline")),
        ServerMessage::Renamed { from, to } => lines.system(format_args!("{from} is now {to}")),
        ServerMessage::Notice { code, subject, text } => notice(*code, subject, text, lines),
        ServerMessage::Closing { code, retry_after, text } => {
            closing(*code, *retry_after, text, lines);
        }
        // Who posts sees what was typed, and nobody pings a person.
        ServerMessage::Posted { .. }
        | ServerMessage::Pong { .. }
        | ServerMessage::Ping { .. }
        | ServerMessage::Unknown => {}
    }
}

fn welcome(nickname: &str, hidden: bool, lines: &mut Lines<'_>) {
    lines.system(format_args!("welcome, {nickname}"));
    if hidden {
        lines.system(format_args!(
            "you are hidden: nobody sees you; what you say still shows your name"
        ));
    }
    lines.system(format_args!("/help lists the commands"));
}

fn done(answers: Asked<'_>, lines: &mut Lines<'_>) {
    match answers {
        Asked::Leave(room) => lines.system(format_args!("you left #{room}")),
        Asked::Rename(nickname) => lines.system(format_args!("you are now {nickname}")),
        Asked::Hide => lines.system(format_args!(
            "you are hidden: others see you as gone; what you say still shows your name"
        )),
        Asked::Reveal => lines.system(format_args!("you are visible again")),
        // None of these is answered by `Done`, except `Quit`, which is about to be closed.
        Asked::Nothing
        | Asked::Login
        | Asked::Post
        | Asked::Join
        | Asked::Members(_)
        | Asked::Rooms
        | Asked::History
        | Asked::Other => {}
    }
}

fn refused(code: RefusalCode, retry_after: Option<u64>, text: &str, lines: &mut Lines<'_>) {
    let why = Why { text, code: &code };
    match retry_after {
        None => lines.system(format_args!("refused: {why}")),
        Some(after) => {
            let seconds = seconds(after);
            lines.system(format_args!("refused: {why}; try again in {seconds} s"));
        }
    }
}

fn members(found: &[&str], next: &str, answers: Asked<'_>, lines: &mut Lines<'_>) {
    let found = if found.is_empty() { &["nobody"] } else { found };
    let room = match answers {
        Asked::Members(room) => room,
        Asked::Nothing
        | Asked::Login
        | Asked::Post
        | Asked::Join
        | Asked::Leave(_)
        | Asked::Rename(_)
        | Asked::Hide
        | Asked::Reveal
        | Asked::Rooms
        | Asked::History
        | Asked::Other => None,
    };
    match room {
        Some(room) => lines.list(format_args!("in #{room}:"), found),
        None => lines.list(format_args!("online:"), found),
    }
    if !next.is_empty() {
        let of = room.map_or(Conversation::EVERYONE, Conversation::room);
        lines.system(format_args!("… more: /members {of} {next}"));
    }
}

fn rooms(found: &[RoomItem<'_>], next: &str, lines: &mut Lines<'_>) {
    if found.is_empty() {
        lines.system(format_args!("no rooms"));
    }
    for RoomItem { room, members } in found {
        lines.system(format_args!("#{room} ({members})"));
    }
    if !next.is_empty() {
        lines.system(format_args!("… more: /rooms {next}"));
    }
}

fn history(
    conversation: Conversation<'_>,
    first_kept: u64,
    last: u64,
    items: &[HistoryItem<'_>],
    lines: &mut Lines<'_>,
) {
    let of = Titled(conversation);
    let Some(first) = items.first().map(|item| item.seq) else {
        if last == 0 {
            lines.system(format_args!("history of {of}: nothing was said yet"));
        } else if first_kept > last {
            lines.system(format_args!("history of {of}: nothing is kept any longer"));
        } else {
            lines.system(format_args!("history of {of}: nothing there"));
        }
        return;
    };
    lines.system(format_args!("history of {of}"));
    for item in items {
        said(conversation, item.time, item.author, item.text, lines);
    }
    if first > first_kept {
        lines.system(format_args!("… earlier: /history {conversation} {MAX_COUNT} {first}"));
    } else if first_kept > 1 {
        let gone = first_kept - 1;
        lines.system(format_args!("messages 1 to {gone} are no longer kept"));
    }
}

fn conversations(found: &[ConversationItem<'_>], more: bool, lines: &mut Lines<'_>) {
    for ConversationItem { conversation, last } in found {
        let (of, seq) = (Titled(*conversation), last.seq);
        lines.system(format_args!("{of}: {seq} messages"));
    }
    if more {
        lines.system(format_args!("… and more"));
    }
}

fn said(
    conversation: Conversation<'_>,
    time: UnixMillis,
    author: &str,
    text: &str,
    lines: &mut Lines<'_>,
) {
    match conversation.kind {
        ConversationKind::EVERYONE => lines.at(time, format_args!("<{author}> {text}")),
        ConversationKind::PRIVATE => lines.at(time, format_args!("[private] <{author}> {text}")),
        _ => lines.at(time, format_args!("{conversation} <{author}> {text}")),
    }
}

fn notice(code: NoticeCode, subject: &str, text: &str, lines: &mut Lines<'_>) {
    let why = Why { text, code: &code };
    if code == NoticeCode::ROOM_CLOSED {
        lines.system(format_args!("#{subject}: {why}"));
    } else {
        lines.system(format_args!("{why}"));
    }
}

fn closing(code: CloseCode, retry_after: Option<u64>, text: &str, lines: &mut Lines<'_>) {
    let why = Why { text, code: &code };
    match retry_after {
        None => lines.system(format_args!("closing: {why}")),
        Some(after) => {
            let seconds = seconds(after);
            lines.system(format_args!("closing: {why}; come back in {seconds} s"));
        }
    }
}

fn help(topic: Option<&str>, lines: &mut Lines<'_>) {
    match command::help(topic) {
        Ok(rows) => rows.iter().for_each(|row| lines.system(format_args!("{row}"))),
        Err(error) => lines.system(format_args!("refused: {error}")),
    }
}

fn http(out: &mut Vec<u8>) {
    let body = "This is a netcomm chat server, not a web server.\r\n\
        Talk to it with netcomm-client, nc or telnet.\r\n";
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body.as_bytes());
}

/// Whole seconds, at least one, in which `millis` have surely passed.
fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1000).max(1)
}

/// A reason in words, or where there are none, by the name of its code.
struct Why<'a, C> {
    text: &'a str,
    code: &'a C,
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
struct Titled<'a>(Conversation<'a>);

impl fmt::Display for Titled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.kind == ConversationKind::EVERYONE {
            return f.write_str("everyone");
        }
        write!(f, "{}", self.0)
    }
}
