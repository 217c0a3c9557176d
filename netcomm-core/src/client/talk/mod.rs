//! Talking line by line: what a typed line becomes, where it goes, what is still waited for, and
//! what a person is told.

#[cfg(test)]
mod tests;
mod typed;
#[cfg(test)]
mod typed_tests;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use core::fmt;

use super::{Answer, Event};
use crate::name::NameKey;
use crate::wire::{Conversation, ConversationKind, NoticeCode, RequestId, ServerMessage};
use crate::words::{self, Asked, Beginning, Missing, Page, Title};

pub use typed::Step;

/// What the user types and sees, beside a [`Session`](super::Session).
///
/// Lines go in by [`typed`](Self::typed) and on to the session by [`submit`](Self::submit); the
/// session's events go in by [`event`](Self::event); what they say is written to the page.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Debug)]
pub struct Talk<P> {
    page: P,
    /// Whether a person sees each answer before typing on.
    watched: bool,
    /// What was typed and not yet sent.
    lines: VecDeque<String>,
    asked: BTreeMap<RequestId, Asked<String>>,
    /// The beginnings of posts of which nobody knows whether they arrived.
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
    /// Whether the room that was to be entered last was not: plain text would be said to others
    /// than those it was meant for.
    astray: bool,
    /// Whether the next line is a nickname.
    naming: bool,
}

impl<P: Page> Talk<P> {
    /// Writes to `page`; the session is to enter `rooms`. It is `watched` where a person sees each
    /// answer before typing on, and not where lines come from a file.
    #[must_use]
    pub fn new(page: P, rooms: &[String], watched: bool) -> Self {
        Self {
            page,
            watched,
            lines: VecDeque::new(),
            asked: BTreeMap::new(),
            unknown: BTreeMap::new(),
            rooms: BTreeMap::new(),
            awaited: rooms.iter().map(|room| NameKey::of(room)).collect(),
            current: None,
            hidden: false,
            warned: false,
            trouble: false,
            astray: false,
            naming: false,
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
    fn is_moving(&self) -> bool {
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

    /// A line that could not be asked for at all.
    pub fn refuse(&mut self, line: &str, why: &dyn fmt::Display) {
        self.trouble = true;
        let beginning = Beginning(line);
        self.page.system(format_args!("refused: {beginning}: {why}"));
    }

    /// Something happened. How the connection goes is not said here, but for logins.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::LoggedIn { nickname, resumed, hidden, first, .. } => {
                self.logged_in(nickname, *hidden, *resumed, *first);
            }
            Event::LoginRefused { .. } => self.naming = self.watched,
            Event::Answered { id, answer } => self.answered(*id, answer),
            Event::CaughtUp { conversation, count } => {
                let of = Title(conversation.as_ref());
                let messages = if *count == 1 { "message" } else { "messages" };
                self.page.system(format_args!("{of}: {count} {messages} while you were away"));
            }
            Event::Gone { conversation, first, last } => {
                let (of, missing) = (Title(conversation.as_ref()), Missing(*first, *last));
                self.page.system(format_args!("{of}: {missing}"));
            }
            Event::Restarted { conversation } => {
                let of = Title(conversation.as_ref());
                self.page.system(format_args!("{of} began anew"));
            }
            Event::ConversationEnded { conversation } => self.ended(conversation.as_ref()),
            Event::Unknown { id, text, .. } => {
                self.asked.remove(id);
                let beginning = Beginning(text).to_string();
                self.not_known(&beginning);
                self.unknown.insert(*id, beginning);
            }
            Event::Arrived { id, .. } => {
                if let Some(beginning) = self.unknown.remove(id) {
                    self.page.system(format_args!("this did arrive: {beginning}"));
                }
            }
            Event::RoomEntered { room, .. } => self.entered(room),
            Event::RoomRefused { room, code, text } => {
                self.trouble = true;
                let refused = ServerMessage::Refused { code: *code, retry_after: None, text };
                words::tell(&mut self.page, &refused, Asked::Enter(room));
                self.leave(room);
                self.astray = true;
            }
            Event::Message { .. }
            | Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::Online { .. }
            | Event::Offline { .. }
            | Event::Renamed { .. }
            | Event::Notice { .. } => self.others(event),
            Event::Lost { .. } | Event::Ended { .. } => {}
        }
    }

    /// What others say and do.
    fn others(&mut self, event: &Event) {
        if let Some(message) = event.to_message() {
            words::tell(&mut self.page, &message, Asked::Nothing);
        }
        if let Event::Notice { code: NoticeCode::ROOM_CLOSED, subject, .. } = event {
            self.leave(subject);
        }
    }

    fn logged_in(&mut self, nickname: &str, hidden: bool, resumed: bool, first: bool) {
        self.naming = false;
        let page = &mut self.page;
        let is_news = hidden && !(resumed && self.hidden);
        if first {
            words::welcome(page, nickname, hidden);
        } else {
            let forgotten = if resumed { "" } else { "; the server does not remember you" };
            page.system(format_args!("back again as {nickname}{forgotten}"));
            if is_news {
                words::hidden(page);
            }
        }
        if is_news {
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
        let asked = asked.as_deref();
        if let Some(message) = answer.to_message() {
            words::tell(&mut self.page, &message, asked);
        }
        match (asked, answer) {
            (_, Answer::Joined { room, .. }) => self.move_to(room),
            (_, Answer::History { conversation, items, .. }) if !items.is_empty() => {
                let of = Title(conversation.as_ref());
                self.page.system(format_args!("end of the history of {of}"));
            }
            (Asked::Hide, Answer::Done) => {
                self.hidden = true;
                self.warned = false;
            }
            (Asked::Reveal, Answer::Done) => self.hidden = false,
            (Asked::Leave(room), Answer::Done) => self.leave(room),
            _ => self.failed(asked, answer),
        }
    }

    fn failed(&mut self, asked: Asked<&str>, answer: &Answer) {
        if !matches!(answer, Answer::Refused { .. } | Answer::Unsupported | Answer::Lost) {
            return;
        }
        self.trouble = true;
        match (asked, answer) {
            (Asked::Enter(_) | Asked::Create(_), Answer::Refused { .. }) => {
                self.astray = true;
                let of = Title(self.current()).to_string();
                self.page.system(format_args!("what you type still goes to {of}"));
            }
            (_, Answer::Refused { .. }) => {}
            (_, Answer::Unsupported) => {
                self.page
                    .system(format_args!("the server answered what this version does not know"));
            }
            (Asked::Post(text), _) => self.not_known(&Beginning(text)),
            _ => self.page.system(format_args!("not known whether this was done: {asked}")),
        }
    }

    /// A post of which nobody knows.
    fn not_known(&mut self, beginning: &dyn fmt::Display) {
        self.page.system(format_args!("not known whether this arrived: {beginning}"));
    }

    fn ended(&mut self, conversation: Conversation<'_>) {
        let Conversation { kind, name } = conversation;
        match kind {
            ConversationKind::ROOM if self.rooms.contains_key(&NameKey::of(name)) => {
                self.page.system(format_args!("you are no longer in #{name}"));
                self.leave(name);
            }
            ConversationKind::PRIVATE => {
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
