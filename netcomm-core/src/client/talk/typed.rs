//! What a typed line becomes.

use alloc::string::String;

use super::Talk;
use crate::client::{SendError, Session};
use crate::command::{self, Command, CommandError, Line};
use crate::time::Instant;
use crate::wire::{ClientMessage, RequestId};
use crate::words::{self, Asked, Page};

/// How it goes on after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next line may follow.
    Done,
    /// There is no line, or it has to wait until something happens.
    Waits,
    /// The session is to end.
    Quit,
}

impl<P: Page> Talk<P> {
    /// Takes a line, without its end. What a person types who wants to go, or needs help, is not
    /// kept waiting for a connection.
    pub fn typed(&mut self, session: &Session, line: String) -> Step {
        if self.watched {
            match command::parse(&line) {
                Ok(Line::Command(Command::Quit)) => return Step::Quit,
                Ok(Line::Command(Command::Help(topic))) => {
                    self.help(topic);
                    return Step::Done;
                }
                _ if self.naming || session.is_logged_in() => {}
                _ => self.page.system(format_args!("not connected: this is sent later")),
            }
        }
        self.lines.push_back(line);
        Step::Done
    }

    /// How many lines wait to be sent.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lines.len()
    }

    /// Drops the lines that wait.
    pub fn drop_lines(&mut self) {
        self.lines.clear();
    }

    /// Gives the next line to the session, where that is possible now.
    pub fn submit(&mut self, session: &mut Session, now: Instant) -> Step {
        let Some(line) = self.lines.pop_front() else {
            return Step::Waits;
        };
        if self.naming {
            self.name(session, now, &line);
            return Step::Done;
        }
        let step = self.say(session, now, &line);
        if step == Step::Waits {
            self.lines.push_front(line);
        }
        step
    }

    /// Takes note of a request that was made.
    pub(super) fn asks(&mut self, id: RequestId, asked: Asked<String>) {
        if self.hidden && !self.warned && matches!(asked, Asked::Post(_)) {
            self.warned = true;
            self.page.system(format_args!("you are hidden, but what you say shows your name"));
        }
        self.asked.insert(id, asked);
    }

    fn name(&mut self, session: &mut Session, now: Instant, line: &str) {
        let nickname = match command::parse(line) {
            Ok(Line::Command(Command::Nick(nickname))) => nickname,
            _ => line.trim(),
        };
        match session.set_nickname(now, nickname) {
            Ok(()) => self.naming = false,
            Err(why) => self.refuse(line, &why),
        }
    }

    fn say(&mut self, session: &mut Session, now: Instant, line: &str) -> Step {
        let parsed = match command::parse(line) {
            Ok(parsed) => parsed,
            Err(CommandError::Empty) => return Step::Done,
            Err(why) => {
                self.refuse(line, &why);
                return Step::Done;
            }
        };
        if let Line::Command(Command::Help(topic)) = parsed {
            self.help(topic);
            return Step::Done;
        }
        if !session.is_logged_in() || self.is_moving() {
            return Step::Waits;
        }
        if !self.watched && self.astray && matches!(parsed, Line::Text(_)) {
            self.refuse(line, &"the room before it was not entered");
            return Step::Done;
        }
        // The nonce is the session's.
        let Some(message) = parsed.to_message(self.current(), 0) else {
            return Step::Done;
        };
        let sent = match message {
            ClientMessage::Quit if self.is_settled() => return Step::Quit,
            ClientMessage::Quit => return Step::Waits,
            ClientMessage::Post { conversation, text, .. } => session.post(now, conversation, text),
            _ => session.request(now, &message),
        };
        match sent {
            Ok(id) => {
                let asked = Asked::of(&message).kept();
                self.asks(id, asked);
            }
            Err(SendError::NotLoggedIn | SendError::TooManyUnanswered { .. }) => {
                return Step::Waits;
            }
            Err(why) => self.refuse(line, &why),
        }
        Step::Done
    }

    fn help(&mut self, topic: Option<&str>) {
        if let Err(why) = words::help(&mut self.page, topic) {
            self.refuse(topic.unwrap_or_default(), &why);
        }
    }
}
