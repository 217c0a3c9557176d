//! Says what a script has to say, one message after the other.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use netcomm_core::client::{Answer, ConversationName, Event, SendError, Session};
use netcomm_core::wire::{CodeClass, RefusalCode, RequestId};
use netcomm_core::words::{self, Why};

use super::args::Send;
use super::conversation::{is_same, room};
use super::desk::{Desk, Errand, aside};
use super::json::Object;
use crate::exit;
use crate::line::typed::{self, MAX_LINE, Typed, Typist};

/// One message at a time, so that their order holds whatever becomes of one of them.
pub(super) struct Sender {
    to: ConversationName,
    waits: bool,
    texts: VecDeque<String>,
    typist: Option<Typist>,
    reading: Reading,
    /// Whether the place is entered.
    ready: bool,
    unanswered: Option<(RequestId, String)>,
    /// Nobody knows whether these arrived.
    unknown: Vec<(RequestId, String)>,
    /// Not before.
    again: Option<Instant>,
}

/// How the reading of standard input goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// No line is wanted now.
    Paused,
    /// A line is being read.
    AtLine,
    /// There are no more lines.
    Ended,
}

impl Sender {
    pub(super) fn new(send: &Send, desk: &Desk) -> io::Result<Self> {
        let (typist, reading) = if send.texts.is_empty() {
            (Some(Typist::start(desk.driver.inputs())?), Reading::Paused)
        } else {
            (None, Reading::Ended)
        };
        Ok(Self {
            to: send.to.clone(),
            waits: send.wait,
            texts: send.texts.iter().cloned().collect(),
            typist,
            reading,
            ready: false,
            unanswered: None,
            unknown: Vec::new(),
            again: None,
        })
    }

    fn post(&mut self, desk: &mut Desk, text: String) -> bool {
        let to = self.to.as_ref();
        match desk.driver.act(|session, now| session.post(now, to, &text)) {
            Ok(id) => self.unanswered = Some((id, text)),
            Err(SendError::NotLoggedIn | SendError::TooManyUnanswered { .. }) => {
                self.texts.push_front(text);
                return false;
            }
            Err(why) => self.refused(desk, None, &why.to_string(), &text),
        }
        true
    }

    fn refused(&self, desk: &mut Desk, code: Option<RefusalCode>, why: &str, text: &str) {
        let object = Object::refused(&self.to, code, why, text);
        // A line that is no text has nothing to be told by.
        let colon = if text.is_empty() { "" } else { ": " };
        desk.report(object, format_args!("not sent: {text}{colon}{why}"));
        desk.worse(exit::TROUBLE);
    }

    fn answered(&mut self, desk: &mut Desk, text: String, answer: &Answer) {
        desk.progress();
        match answer {
            Answer::Posted { position, time } => {
                desk.output.object(Object::posted(&self.to, *position, *time, &text));
            }
            Answer::Refused { code, retry_after, .. }
                if self.waits && !desk.is_leaving() && code.class() == CodeClass::Retry =>
            {
                let wait = retry_after.unwrap_or(Duration::from_secs(1));
                self.again = Instant::now().checked_add(wait);
                desk.wake = self.again;
                self.texts.push_front(text);
            }
            Answer::Refused { code, text: why, .. } => {
                let why = Why { text: why, code }.to_string();
                self.refused(desk, Some(*code), &why, &text);
            }
            _ => {
                let why = "the server answered what this version does not know";
                self.refused(desk, Some(RefusalCode::UNSUPPORTED), why, &text);
            }
        }
    }
}

impl Errand for Sender {
    fn event(&mut self, desk: &mut Desk, event: &Event) {
        match event {
            Event::LoggedIn { resumed, .. } => {
                desk.progress();
                self.ready = room(&self.to).is_none() || (*resumed && self.ready);
            }
            Event::RoomEntered { room: entered, .. } => {
                self.ready |= room(&self.to).is_some_and(|room| is_room(room, entered));
            }
            Event::RoomRefused { room, code, text } => {
                if let Some(object) = Object::of(event) {
                    let why = Why { text, code };
                    desk.report(object, format_args!("cannot enter #{room}: {why}"));
                }
                desk.leave(exit::TROUBLE);
            }
            Event::Answered { id, answer } => {
                if let Some((_, text)) = self.unanswered.take_if(|(waits, _)| waits == id) {
                    self.answered(desk, text, answer);
                }
            }
            Event::Unknown { id, text, .. } => {
                self.unanswered.take_if(|(waits, _)| waits == id);
                if let Some(object) = Object::of(event) {
                    let words = format_args!("not known whether this arrived: {text}");
                    desk.report(object, words);
                }
                self.unknown.push((*id, text.clone()));
            }
            Event::Arrived { id, position } => {
                if let Some(index) = self.unknown.iter().position(|(unknown, _)| unknown == id) {
                    let (_, text) = self.unknown.remove(index);
                    let object = Object::arrived(&self.to, *position, &text);
                    desk.report(object, format_args!("this did arrive: {text}"));
                }
            }
            _ => {}
        }
    }

    fn go_on(&mut self, desk: &mut Desk) -> bool {
        let is_last = self.reading == Reading::Ended && self.texts.is_empty();
        if is_last && (self.unanswered.is_none() || !self.waits) {
            desk.leave(exit::OK);
            return true;
        }
        if self.texts.is_empty() && self.reading == Reading::Paused {
            self.reading = Reading::AtLine;
            self.typist.iter().for_each(Typist::want);
        }
        let is_patient = self.again.is_none_or(|again| again <= Instant::now());
        if !self.ready || self.unanswered.is_some() || !is_patient {
            return false;
        }
        self.again = None;
        self.texts.pop_front().is_some_and(|text| self.post(desk, text))
    }

    fn typed(&mut self, desk: &mut Desk, typed: Typed) {
        self.reading = Reading::Paused;
        match typed {
            Typed::Line(line) if line.trim().is_empty() => {}
            Typed::Line(line) => self.texts.push_back(line),
            Typed::NotUtf8 => self.refused(desk, None, words::NOT_UTF8, ""),
            Typed::TooLong(bytes) => {
                let why = format!("the line has {bytes} bytes, the limit is {MAX_LINE}");
                self.refused(desk, None, &why, "");
            }
            Typed::End => self.reading = Reading::Ended,
            Typed::Failed(why) => {
                self.reading = Reading::Ended;
                aside(format_args!("{}: {why}", typed::UNREADABLE));
                desk.worse(exit::TROUBLE);
            }
        }
    }

    /// What is said is for others: it is said whoever reads what is written.
    fn is_for_reader(&self) -> bool {
        false
    }

    fn is_content(&self, session: &Session) -> bool {
        session.is_logged_in() && self.ready && self.unanswered.is_none() && self.texts.is_empty()
    }

    fn left(&mut self, desk: &mut Desk) {
        if !self.unknown.is_empty() {
            desk.worse(exit::UNKNOWN);
        }
        if !self.texts.is_empty() {
            desk.worse(exit::TROUBLE);
        }
        for text in self.texts.drain(..) {
            let conversation = self.to.to_string();
            let object = Object::NotSent { conversation, text: text.clone() };
            desk.report(object, format_args!("not sent: {text}"));
        }
        if self.reading != Reading::Ended && desk.is_leaving() {
            aside("what follows on standard input was not read");
        }
    }
}

fn is_room(one: &str, other: &str) -> bool {
    let name = |room| ConversationName::from(netcomm_core::wire::Conversation::room(room));
    is_same(&name(one), &name(other))
}
