//! The text face: lines become requests (PROTOCOL.md, "Text face").

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::bucket::Cost;
use super::life::Life;
use super::lines::{Lines, Place};
use super::opening;
use crate::command::{self, Command, Line};
use crate::name::RoomName;
use crate::server::incoming::{Incoming, Next};
use crate::time::Instant;
use crate::wire::{ClientMessage, CloseCode, Conversation, Credential, RefusalCode, RequestId};
use crate::words;

/// What a person at the other end has told so far.
#[derive(Debug)]
pub(super) struct TextFace {
    lines: Lines,
    said: Said,
    /// Whether to come hidden.
    hidden: bool,
    /// Whether the end of input has ended the session.
    quit: bool,
    /// Where plain text goes; `None`: to everyone.
    room: Option<RoomName>,
    /// The number of the last line.
    count: u32,
    /// Why the last line was refused.
    scratch: String,
}

/// How far somebody has come who is not logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// No line has come.
    Nothing,
    /// One has; the next text is a nickname.
    Something,
    /// A nickname, which was refused: texts are no names any more.
    Name,
}

impl TextFace {
    pub(super) const fn new(line_bytes: usize) -> Self {
        Self {
            lines: Lines::new(line_bytes),
            said: Said::Nothing,
            hidden: false,
            quit: false,
            room: None,
            count: 0,
            scratch: String::new(),
        }
    }

    pub(super) fn entered(&mut self, room: RoomName) {
        self.room = Some(room);
    }

    pub(super) fn left(&mut self, room: &RoomName) {
        if self.room.is_some_and(|current| current.key() == room.key()) {
            self.room = None;
        }
    }

    /// What is to be done with the next line of `input`.
    pub(super) fn next<'a, 'i: 'a>(
        &'a mut self,
        life: &mut Life,
        now: Instant,
        input: &mut &'i [u8],
    ) -> Next<'a> {
        self.scratch = String::new();
        loop {
            let rest = *input;
            let Some(place) = self.lines.advance(input) else {
                return Next::NeedsBytes;
            };
            match self.look(life, now, place) {
                Look::Take => return self.take(life, now, place),
                Look::Skip => {}
                Look::Close(code) => return life.close(now, code),
                Look::Pause(until) => {
                    self.lines.put_back(place);
                    if let Place::Chunk(_) = place {
                        *input = rest;
                    }
                    return Next::PausedUntil(until);
                }
            }
        }
    }

    /// What is to be done at the end of input: a last line without an end counts, then it is a
    /// quit.
    pub(super) fn end(&mut self, life: &mut Life, now: Instant) -> Next<'_> {
        self.scratch = String::new();
        let place = self.lines.advance(&mut &[][..]);
        if let Some(place) = place.or_else(|| self.lines.rest()) {
            match self.look(life, now, place) {
                Look::Take => return self.take(life, now, place),
                Look::Skip => {}
                Look::Close(code) => return life.close(now, code),
                Look::Pause(until) => {
                    self.lines.put_back(place);
                    return Next::PausedUntil(until);
                }
            }
        }
        if self.quit || !life.is_logged_in() {
            return life.finish();
        }
        self.quit = true;
        let id = self.number();
        Next::Message(Incoming::Request { id, message: ClientMessage::Quit })
    }

    /// Looks at a line without taking it.
    fn look(&mut self, life: &mut Life, now: Instant, place: Place<'_>) -> Look {
        let typed = self.lines.line(place);
        if life.is_logged_in() {
            let until = life.is_dry(now).then(|| life.pause(now, cost(typed)));
            return until.flatten().map_or(Look::Take, Look::Pause);
        }
        if typed.is_some_and(|line| line.iter().all(|byte| matches!(byte, b' ' | b'\t'))) {
            return Look::Skip;
        }
        if self.said == Said::Nothing {
            self.said = Said::Something;
            if typed.is_some_and(opening::is_http) {
                return Look::Close(CloseCode::HTTP);
            }
        }
        if !life.may_try() {
            return Look::Close(CloseCode::LOGIN_TIMEOUT);
        }
        match typed.and_then(read) {
            Some(Ok(Line::Command(Command::Hide))) => {
                self.hidden = true;
                Look::Skip
            }
            Some(Ok(Line::Command(Command::Quit))) => Look::Close(CloseCode::QUIT),
            _ => Look::Take,
        }
    }

    fn take<'a, 'i: 'a>(&'a mut self, life: &mut Life, now: Instant, place: Place<'i>) -> Next<'a> {
        let id = self.number();
        let (code, text) = match self.lines.line(place) {
            None => {
                let limit = self.lines.limit();
                let text = format!("the line is longer than line_bytes, which is {limit}");
                (RefusalCode::INVALID_TEXT, text)
            }
            Some(typed) => match read(typed) {
                None => {
                    let text = words::NOT_UTF8.to_string();
                    (RefusalCode::INVALID_TEXT, text)
                }
                Some(Err(error)) => (RefusalCode::INVALID_COMMAND, error.to_string()),
                Some(Ok(typed)) => {
                    let (cost, incoming) = if life.is_logged_in() {
                        let current = match &self.room {
                            Some(room) => Conversation::room(room.as_str()),
                            None => Conversation::EVERYONE,
                        };
                        request(id, &typed, current)
                    } else {
                        (Cost::Free, log_in(id, &typed, self.hidden, &mut self.said))
                    };
                    return life.admit(now, id, cost, incoming);
                }
            },
        };
        self.scratch = text;
        let refuse = Incoming::Refuse { id, code, retry_after: None, text: &self.scratch };
        life.admit(now, id, Cost::Refusal, refuse)
    }

    fn number(&mut self) -> RequestId {
        self.count = self.count.saturating_add(1);
        RequestId(self.count)
    }
}

/// What becomes of a line.
enum Look {
    Take,
    Skip,
    Pause(Instant),
    Close(CloseCode),
}

/// `None` where the line is not UTF-8.
fn read(line: &[u8]) -> Option<Result<Line<'_>, command::CommandError>> {
    core::str::from_utf8(line).ok().map(command::parse)
}

fn cost(line: Option<&[u8]>) -> Cost {
    match line.and_then(read) {
        Some(Ok(line)) => match line.to_message(Conversation::EVERYONE, 0) {
            Some(message) => Cost::of(&message),
            None => Cost::Other,
        },
        Some(Err(_)) | None => Cost::Refusal,
    }
}

/// A line of somebody who is logged in. The line's number is the post's nonce too: the text face
/// never sends a post again.
fn request<'a>(id: RequestId, line: &Line<'a>, current: Conversation<'a>) -> (Cost, Incoming<'a>) {
    match (line.to_message(current, u64::from(id.0)), line) {
        (Some(message), _) => (Cost::of(&message), Incoming::Request { id, message }),
        (None, Line::Command(Command::Help(topic))) => (Cost::Other, Incoming::Help(*topic)),
        (None, _) => (Cost::Other, Incoming::Help(None)),
    }
}

/// A line of somebody who is not. The first is a name; after a refusal only `/nick` tells one.
fn log_in<'a>(id: RequestId, line: &Line<'a>, hidden: bool, said: &mut Said) -> Incoming<'a> {
    let nickname = match *line {
        Line::Command(Command::Help(topic)) => return Incoming::Help(topic),
        Line::Command(Command::Nick(nickname)) => Some(nickname),
        // What is not seen is not meant.
        Line::Text(nickname) if *said != Said::Name => Some(nickname.trim_matches([' ', '\t'])),
        Line::Text(_) | Line::Command(_) => None,
    };
    let Some(nickname) = nickname else {
        return Incoming::Refuse {
            id,
            code: RefusalCode::NOT_LOGGED_IN,
            retry_after: None,
            text: if *said == Said::Name {
                "choose a nickname first: /nick <nickname>"
            } else {
                "log in first: the first line is your nickname"
            },
        };
    };
    *said = Said::Name;
    Incoming::Request {
        id,
        message: ClientMessage::Login {
            nickname,
            hidden,
            resume: None,
            credential: Credential::NONE,
            features: 0,
            extensions: Vec::new(),
        },
    }
}
