//! Talking line by line: where what is typed goes, what is still waited for, and what a person is
//! told, in words.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::fmt;

use super::page::{Page, Said};
use super::words::{self, Asked};
use super::{Answer, ConversationName, Event};
use crate::name::NameKey;
use crate::wire::{Conversation, ConversationKind, NoticeCode, RequestId};

/// What the user sees, and where what is typed goes.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Debug)]
pub struct Talk<P> {
    page: P,
    asked: BTreeMap<RequestId, Asked>,
    /// Posts of which nobody knows whether they arrived.
    unknown: BTreeMap<RequestId, String>,
    /// The rooms that one is in, as they are called.
    rooms: BTreeMap<NameKey, String>,
    /// Rooms that the session is about to enter.
    awaited: BTreeSet<NameKey>,
    /// Where plain text goes: a room that one is in, or everyone.
    current: Option<NameKey>,
    hidden: bool,
    /// Whether it was said that a text shows its author's name.
    warned: bool,
    /// Whether anything was refused or failed.
    trouble: bool,
    /// Whether the room that was to be entered last was not.
    astray: bool,
}

impl<P: Page> Talk<P> {
    /// Writes to `page`; the session is to enter `rooms`.
    #[must_use]
    pub fn new(page: P, rooms: &[String]) -> Self {
        Self {
            page,
            asked: BTreeMap::new(),
            unknown: BTreeMap::new(),
            rooms: BTreeMap::new(),
            awaited: rooms.iter().map(|room| NameKey::of(room)).collect(),
            current: None,
            hidden: false,
            warned: false,
            trouble: false,
            astray: false,
        }
    }

    /// The page that is written to.
    pub const fn page(&mut self) -> &mut P {
        &mut self.page
    }

    /// Where plain text goes.
    #[must_use]
    pub fn current(&self) -> Conversation<'_> {
        self.current
            .as_ref()
            .and_then(|key| self.rooms.get(key))
            .map_or(Conversation::EVERYONE, |room| Conversation::room(room))
    }

    /// Whether something is under way that decides where plain text goes.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        !self.awaited.is_empty() || self.asked.values().any(Asked::moves)
    }

    /// Whether every request was answered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.asked.is_empty() && self.awaited.is_empty()
    }

    /// Whether anything was refused, failed or is unknown so far.
    #[must_use]
    pub fn had_trouble(&self) -> bool {
        self.trouble || !self.unknown.is_empty()
    }

    /// Whether the room that was to be entered last was not: plain text would be said to others
    /// than those it was meant for.
    #[must_use]
    pub const fn is_astray(&self) -> bool {
        self.astray
    }

    /// Takes note of a request that was made.
    pub fn asks(&mut self, id: RequestId, asked: Asked) {
        if self.hidden && !self.warned && matches!(asked, Asked::Post(_)) {
            self.warned = true;
            self.page.system(format_args!("you are hidden, but what you say shows your name"));
        }
        self.asked.insert(id, asked);
    }

    /// A line that could not be asked for at all.
    pub fn refuse(&mut self, line: &str, why: &dyn fmt::Display) {
        self.trouble = true;
        let beginning = words::beginning(line);
        self.page.system(format_args!("refused: {beginning:?}: {why}"));
    }

    /// Something happened. How the session goes is not said here, but for logins.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::LoggedIn { nickname, resumed, hidden, first, .. } => {
                self.logged_in(&nickname, hidden, resumed, first);
            }
            Event::Answered { id, answer } => self.answered(id, &answer),
            Event::Message { conversation, time, author, text, .. } => self.page.said(Said {
                conversation: conversation.as_ref(),
                time,
                author: &author,
                text: &text,
            }),
            Event::CaughtUp { conversation, count } => self.caught_up(&conversation, count),
            Event::Gone { conversation, first, last } => self.gone(&conversation, first, last),
            Event::Restarted { conversation } => {
                let of = words::title(conversation.as_ref());
                self.page.system(format_args!("{of} began anew"));
            }
            Event::ConversationEnded { conversation } => self.ended(&conversation),
            Event::Unknown { id, text, .. } => {
                self.asked.remove(&id);
                let beginning = words::beginning(&text);
                words::not_known(&mut self.page, &beginning);
                self.unknown.insert(id, beginning);
            }
            Event::Arrived { id, .. } => {
                if let Some(beginning) = self.unknown.remove(&id) {
                    self.page.system(format_args!("this did arrive: {beginning:?}"));
                }
            }
            Event::RoomEntered { room, .. } => self.entered(&room),
            Event::RoomRefused { room, code, text } => {
                self.trouble = true;
                let why = words::why(&text, &code);
                self.page.system(format_args!("refused: /join {room}: {why}"));
                self.leave(&room);
                self.astray = true;
            }
            other => self.others(&other),
        }
    }

    /// What others do.
    fn others(&mut self, event: &Event) {
        let page = &mut self.page;
        match event {
            Event::MemberJoined { room, nickname } => {
                page.system(format_args!("{nickname} joined #{room}"));
            }
            Event::MemberLeft { room, nickname } => {
                page.system(format_args!("{nickname} left #{room}"));
            }
            Event::Online { nickname } => page.system(format_args!("{nickname} is online")),
            Event::Offline { nickname } => page.system(format_args!("{nickname} is offline")),
            Event::Renamed { from, to } => page.system(format_args!("{from} is now {to}")),
            Event::Notice { code, subject, text } => {
                let why = words::why(text, code);
                if *code == NoticeCode::ROOM_CLOSED {
                    page.system(format_args!("#{subject}: {why}"));
                    self.leave(&subject.clone());
                } else {
                    page.system(format_args!("{why}"));
                }
            }
            _ => {}
        }
    }

    fn logged_in(&mut self, nickname: &str, hidden: bool, resumed: bool, first: bool) {
        let page = &mut self.page;
        if first {
            page.system(format_args!("welcome, {nickname}; /help lists the commands"));
        } else if resumed {
            page.system(format_args!("back again as {nickname}"));
        } else {
            page.system(format_args!("back again as {nickname}; the server does not remember you"));
        }
        if hidden && !(resumed && self.hidden) {
            page.system(format_args!(
                "you are hidden: nobody sees you; what you say still shows your name"
            ));
            self.warned = false;
        }
        self.hidden = hidden;
        if !resumed {
            self.awaited.extend(self.rooms.keys().cloned());
        }
    }

    fn answered(&mut self, id: RequestId, answer: &Answer) {
        let Some(asked) = self.asked.remove(&id) else {
            return;
        };
        match (&asked, answer) {
            (_, Answer::Joined { room, .. }) => {
                self.move_to(room);
            }
            (Asked::Hide, Answer::Done) => {
                self.hidden = true;
                self.warned = false;
            }
            (Asked::Reveal, Answer::Done) => self.hidden = false,
            (_, Answer::Refused { .. } | Answer::Unsupported | Answer::Lost) => {
                self.trouble = true;
            }
            _ => {}
        }
        words::answer(&mut self.page, &asked, answer);
        match (&asked, answer) {
            (Asked::Leave(room), Answer::Done) => self.leave(room),
            (Asked::Enter(_) | Asked::Create(_), Answer::Refused { .. }) => {
                self.astray = true;
                let of = words::title(self.current());
                self.page.system(format_args!("what you type still goes to {of}"));
            }
            _ => {}
        }
    }

    fn caught_up(&mut self, conversation: &ConversationName, count: u64) {
        let of = words::title(conversation.as_ref());
        let messages = if count == 1 { "message" } else { "messages" };
        self.page.system(format_args!("{of}: {count} {messages} while you were away"));
    }

    fn gone(&mut self, conversation: &ConversationName, first: u64, last: u64) {
        let of = words::title(conversation.as_ref());
        if first == last {
            self.page.system(format_args!("{of}: message {first} is no longer kept"));
        } else {
            self.page.system(format_args!("{of}: messages {first} to {last} are no longer kept"));
        }
    }

    fn ended(&mut self, conversation: &ConversationName) {
        match conversation.kind {
            ConversationKind::ROOM if self.rooms.contains_key(&NameKey::of(&conversation.name)) => {
                let room = &conversation.name;
                self.page.system(format_args!("you are no longer in #{room}"));
                self.leave(room);
            }
            ConversationKind::PRIVATE => {
                let name = &conversation.name;
                self.page.system(format_args!("the private conversation with {name} ended"));
            }
            _ => {}
        }
    }

    /// The session entered a room by itself: at the start, or after it was forgotten.
    fn entered(&mut self, room: &str) {
        let key = NameKey::of(room);
        self.awaited.remove(&key);
        if !self.rooms.contains_key(&key) {
            self.move_to(room);
            words::entered(&mut self.page, room);
        }
    }

    fn move_to(&mut self, room: &str) {
        self.astray = false;
        let key = NameKey::of(room);
        self.rooms.insert(key.clone(), room.into());
        self.current = Some(key);
    }

    fn leave(&mut self, room: &str) {
        self.astray = false;
        let key = NameKey::of(room);
        self.rooms.remove(&key);
        self.awaited.remove(&key);
        if self.current.as_ref() == Some(&key) {
            self.current = None;
            self.page.system(format_args!("what you type is said to everyone"));
        }
    }
}
