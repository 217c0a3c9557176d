//! What the line mode knows of the conversation that the user is in, and what it says about it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netcomm_core::name::NameKey;
use netcomm_core::wire::{ClientMessage, Conversation, NoticeCode, RequestId, ServerMessage};

use super::page::Page;
use super::words::{self, Asked};

/// What the user sees, and where what is typed goes.
#[derive(Debug)]
pub struct Talk {
    page: Page,
    asked: BTreeMap<RequestId, Asked>,
    /// The rooms that one is in, by key, as they are called.
    rooms: BTreeMap<NameKey, String>,
    /// Where plain text goes: the key of a room, or everyone.
    current: Option<NameKey>,
    /// Rooms to enter as soon as one is logged in.
    wished: BTreeSet<String>,
    hidden: bool,
    /// Whether it was said that a text shows its author's name.
    warned: bool,
    /// Whether anything was refused, failed or got lost.
    trouble: bool,
}

impl Talk {
    /// Writes to `page`, and means to enter `rooms`.
    #[must_use]
    pub fn new(page: Page, rooms: &[String]) -> Self {
        Self {
            page,
            asked: BTreeMap::new(),
            rooms: BTreeMap::new(),
            current: None,
            wished: rooms.iter().cloned().collect(),
            hidden: false,
            warned: false,
            trouble: false,
        }
    }

    /// The page that is written to.
    pub const fn page(&mut self) -> &mut Page {
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

    /// Whether an answer is missing that decides where plain text goes.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        !self.wished.is_empty() || self.asked.values().any(Asked::moves)
    }

    /// How many answers are missing.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.asked.len()
    }

    /// Whether anything was refused, failed or is unknown so far.
    #[must_use]
    pub const fn had_trouble(&self) -> bool {
        self.trouble
    }

    /// The next room to enter after a login.
    pub fn next_wish(&mut self) -> Option<String> {
        self.wished.pop_first()
    }

    /// Takes note of a request that was made, before its answer comes.
    pub fn asks(&mut self, id: RequestId, asked: Asked) {
        self.asked.insert(id, asked);
    }

    /// To be called before a request is made: what should be said first.
    pub fn about_to_ask(&mut self, message: &ClientMessage<'_>) {
        if self.hidden && !self.warned && matches!(message, ClientMessage::Post { .. }) {
            self.warned = true;
            self.page.system(format_args!(
                "you are hidden, but what you say shows your name"
            ));
        }
    }

    /// Logged in, for the first time or again.
    pub fn welcome(&mut self, nickname: &str, hidden: bool, resumed: bool, again: bool) {
        self.hidden = hidden;
        match (again, resumed) {
            (false, _) => self.page.system(format_args!(
                "welcome, {nickname}; /help lists the commands"
            )),
            (true, true) => self.page.system(format_args!("back again, as {nickname}")),
            (true, false) => {
                self.page.system(format_args!(
                    "back again, as {nickname}, but the server kept nothing of before"
                ));
            }
        }
        if !resumed {
            self.wished
                .extend(std::mem::take(&mut self.rooms).into_values());
            self.current = None;
            self.warned = false;
        }
        if hidden {
            self.page.system(format_args!(
                "you are hidden: nobody sees you; what you say still shows your name"
            ));
        }
    }

    /// The connection is lost, or was not to be had.
    pub fn lost(&mut self, why: &str, retry: Duration) {
        let seconds = retry.as_secs_f64().ceil();
        self.page.system(format_args!(
            "not connected: {why}; retrying in {seconds} s"
        ));
    }

    /// The server could not give messages `first` to `last`.
    pub fn missing(&mut self, conversation: Conversation<'_>, first: u64, last: u64) {
        self.trouble = true;
        let of = words::title(conversation);
        if first == last {
            self.page
                .system(format_args!("{of}: message {first} is no longer kept"));
        } else {
            self.page.system(format_args!(
                "{of}: messages {first} to {last} are no longer kept"
            ));
        }
    }

    /// Nobody will ever know whether a request was executed.
    pub fn unknown(&mut self, id: RequestId) {
        self.trouble = true;
        match self.asked.remove(&id) {
            Some(Asked::Post(beginning)) => self.page.system(format_args!(
                "not known whether this arrived: {beginning:?}"
            )),
            Some(Asked::Enter(room)) => {
                self.wished.insert(room);
            }
            _ => self
                .page
                .system(format_args!("not known whether a command was executed")),
        }
    }

    /// A line that could not be asked for at all.
    pub fn refuse(&mut self, line: &str, why: &dyn std::fmt::Display) {
        self.trouble = true;
        let beginning = words::beginning(line);
        self.page
            .system(format_args!("refused: {beginning:?}: {why}"));
    }

    /// The answer to a request.
    pub fn answer(&mut self, id: RequestId, answer: &ServerMessage<'_>) {
        let asked = self.asked.remove(&id);
        match (asked.as_ref(), answer) {
            (_, ServerMessage::Refused { .. }) => self.trouble = true,
            (_, ServerMessage::Joined { room, .. }) => {
                let key = NameKey::of(room);
                self.rooms.insert(key.clone(), (*room).into());
                self.current = Some(key);
            }
            (Some(Asked::Leave(room)), ServerMessage::Done) => self.leave(&room.clone()),
            (Some(Asked::Hide), ServerMessage::Done) => {
                self.hidden = true;
                self.warned = false;
            }
            (Some(Asked::Reveal), ServerMessage::Done) => self.hidden = false,
            _ => {}
        }
        words::tell(&mut self.page, asked.as_ref(), answer);
    }

    /// Something happened.
    pub fn event(&mut self, event: &ServerMessage<'_>) {
        words::tell(&mut self.page, None, event);
        if let ServerMessage::Notice {
            code: NoticeCode::ROOM_CLOSED,
            subject,
            ..
        } = event
        {
            self.leave(subject);
        }
    }

    fn leave(&mut self, room: &str) {
        let key = NameKey::of(room);
        self.rooms.remove(&key);
        if self.current.as_ref() == Some(&key) {
            self.current = None;
            self.page
                .system(format_args!("what you type is said to everyone"));
        }
    }
}
