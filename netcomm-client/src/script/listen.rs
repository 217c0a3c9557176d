//! Listens: to what is said now, to what was said, or for one message.

use std::time::{Duration, Instant};

use netcomm_core::client::{Answer, ConversationName, Event, Session};
use netcomm_core::name::NameKey;
use netcomm_core::wire::{
    ClientMessage, CodeClass, Conversation, ConversationKind, RefusalCode, RequestId,
};
use netcomm_core::words::Why;
use regex::Regex;

use super::conversation::{is_same, room};
use super::desk::{Desk, Errand, aside};
use super::past::{Page, Past, Start};
use crate::exit;

/// What is listened to, and until when.
#[derive(Default)]
pub(super) struct Listener {
    /// None: to all.
    pub(super) conversations: Vec<ConversationName>,
    /// What is still to be read of what was said.
    pub(super) past: Option<Past>,
    /// Whether it ends when the past is read.
    pub(super) only_past: bool,
    /// The first message that matches is the last that is wanted, and the only one that is told.
    pub(super) pattern: Option<Regex>,
    /// So many messages more.
    pub(super) count: Option<u64>,
    /// Whether comings and goings are told.
    pub(super) presence: bool,
    /// Whether the past may be asked for: the room, if it is one, is entered.
    pub(super) ready: bool,
    /// What is not answered yet.
    pub(super) asked: Option<RequestId>,
    /// When to ask again.
    pub(super) again: Option<Instant>,
}

impl Listener {
    /// Also to what was said.
    pub(super) fn with_past(self, start: Option<Start>) -> Self {
        let past = self.conversations.first().cloned().zip(start);
        Self { past: past.map(|(conversation, start)| Past::new(conversation, start)), ..self }
    }

    fn is_wanted(&self, conversation: &ConversationName) -> bool {
        self.conversations.is_empty()
            || self.conversations.iter().any(|one| is_same(one, conversation))
    }

    fn is_room_wanted(&self, room: &str) -> bool {
        self.is_wanted(&Conversation::room(room).into())
    }

    fn past_of(&mut self, conversation: &ConversationName) -> Option<&mut Past> {
        self.past.as_mut().filter(|past| is_same(&past.conversation, conversation))
    }

    /// A message, or that some are missing.
    fn tell(&mut self, desk: &mut Desk, event: &Event) {
        if desk.is_leaving() {
            return;
        }
        match (event, &self.pattern) {
            (Event::Message { text, .. }, pattern) => {
                if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
                    return;
                }
                desk.output.event(event);
                self.count = self.count.map(|count| count - 1);
                if self.pattern.is_some() || self.count == Some(0) {
                    desk.leave(exit::OK);
                }
            }
            (_, None) => {
                desk.output.event(event);
                desk.worse(exit::UNKNOWN);
            }
            (Event::Gone { conversation, first, last }, Some(_)) => {
                aside(format_args!("{conversation}: messages {first} to {last} are gone"));
            }
            (_, Some(_)) => aside("a conversation began anew: messages may be missing"),
        }
    }

    fn in_words(&self, desk: &mut Desk, event: &Event) {
        if self.pattern.is_none() {
            desk.output.event(event);
        }
    }

    fn answered(&mut self, desk: &mut Desk, answer: &Answer) {
        let Some(past) = &mut self.past else {
            return;
        };
        match answer {
            Answer::Joined { .. } => self.ready = true,
            Answer::History { epoch, first_kept, last, items, .. } => {
                let page = Page { epoch: *epoch, first_kept: *first_kept, last: *last, items };
                let events = past.take(&page);
                if past.is_done() {
                    self.past = None;
                }
                for event in &events {
                    self.tell(desk, event);
                }
            }
            // It is asked again after the next login.
            Answer::Lost => {}
            Answer::Refused { code: RefusalCode::WRONG_EPOCH, .. } => {
                past.restart();
                let conversation = past.conversation.clone();
                self.tell(desk, &Event::Restarted { conversation });
            }
            Answer::Refused { code, retry_after, .. } if code.class() == CodeClass::Retry => {
                let wait = retry_after.unwrap_or(Duration::from_secs(1));
                self.again = Instant::now().checked_add(wait);
                desk.wake = self.again;
            }
            // Nobody has said anything there yet.
            Answer::Refused { code: RefusalCode::UNKNOWN_CONVERSATION, .. }
                if !self.only_past && past.conversation.kind == ConversationKind::PRIVATE =>
            {
                self.past = None;
            }
            Answer::Refused { code, text, .. } => {
                let of = past.conversation.clone();
                aside(format_args!("no history of {of}: {}", Why { text, code }));
                desk.leave(exit::TROUBLE);
            }
            _ => {
                aside("the server answered what this version does not know");
                desk.leave(exit::TROUBLE);
            }
        }
    }

    fn ask(&mut self, desk: &mut Desk) -> bool {
        let (Some(past), None) = (&self.past, self.asked) else {
            return false;
        };
        let request = match room(&past.conversation).filter(|_| !self.ready) {
            Some(room) if self.only_past => ClientMessage::Join { room },
            // The session enters it.
            Some(_) => return false,
            None => past.request(),
        };
        let sent = desk.driver.act(|session, now| session.request(now, &request));
        // Else there is no connection, or too much is unanswered: something will happen.
        self.asked = sent.ok();
        self.asked.is_some()
    }
}

impl Errand for Listener {
    fn event(&mut self, desk: &mut Desk, event: &Event) {
        if desk.is_leaving() {
            return;
        }
        match event {
            Event::LoggedIn { resumed, .. } => self.ready &= *resumed,
            Event::RoomEntered { room: entered, .. } => {
                let entered = Conversation::room(entered).into();
                self.ready |= self.past_of(&entered).is_some();
                self.in_words(desk, event);
            }
            Event::RoomRefused { room, code, text } if self.is_room_wanted(room) => {
                self.in_words(desk, event);
                aside(format_args!("cannot enter #{room}: {}", Why { text, code }));
                desk.leave(exit::TROUBLE);
            }
            Event::Answered { id, answer } if self.asked == Some(*id) => {
                self.asked = None;
                self.answered(desk, answer);
            }
            Event::Message { conversation, position, .. } if self.is_wanted(conversation) => {
                let is_past = self.only_past;
                match self.past_of(conversation) {
                    Some(past) => past.said(*position),
                    None if is_past => {}
                    None => self.tell(desk, event),
                }
            }
            Event::Restarted { conversation } if self.is_wanted(conversation) => {
                self.tell(desk, event);
                self.past_of(conversation).into_iter().for_each(Past::restart);
            }
            // What the past has not come to yet is not gone before it does.
            Event::Gone { conversation, .. } | Event::CaughtUp { conversation, .. }
                if self.past_of(conversation).is_some() => {}
            Event::Gone { conversation, .. } if self.is_wanted(conversation) => {
                self.tell(desk, event);
            }
            Event::CaughtUp { conversation, .. } | Event::ConversationEnded { conversation }
                if self.is_wanted(conversation) =>
            {
                self.in_words(desk, event);
            }
            Event::MemberJoined { room, .. } | Event::MemberLeft { room, .. }
                if self.presence && self.is_room_wanted(room) =>
            {
                self.in_words(desk, event);
            }
            Event::Renamed { from, to } => {
                let old = NameKey::of(from);
                for one in &mut self.conversations {
                    if one.kind == ConversationKind::PRIVATE && NameKey::of(&one.name) == old {
                        one.name.clone_from(to);
                    }
                }
                if self.presence {
                    self.in_words(desk, event);
                }
            }
            Event::Online { .. } | Event::Offline { .. } if self.presence => {
                self.in_words(desk, event);
            }
            Event::Notice { .. } => self.in_words(desk, event),
            _ => {}
        }
    }

    fn go_on(&mut self, desk: &mut Desk) -> bool {
        if self.only_past && self.past.is_none() {
            desk.leave(exit::OK);
            return true;
        }
        if self.again.is_some_and(|again| again > Instant::now()) {
            return false;
        }
        self.again = None;
        self.ask(desk)
    }

    fn is_content(&self, session: &Session) -> bool {
        // Who only listens waits for nothing; else there is an end that has to come.
        self.pattern.is_none() && !self.only_past && session.is_logged_in()
    }
}
