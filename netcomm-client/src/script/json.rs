//! The objects that scripts read, one a line (SCRIPTING.md).

use std::time::Duration;

use jiff::Timestamp;
use netcomm_core::client::{ConversationName, Ending, Event, Loss};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{Position, RefusalCode};
use serde::{Deserialize, Serialize};

/// The version of the schema. It changes where a script that reads the older one would err;
/// further types and fields do not change it.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// [`VERSION`].
    pub v: u32,
    /// What it says.
    #[serde(flatten)]
    pub object: Object,
}

/// What a line says. Texts and names are exactly what others wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "SCRIPTING.md explains each, and a test compares")]
pub enum Object {
    LoggedIn {
        nickname: String,
        resumed: bool,
        hidden: bool,
        first: bool,
    },
    LoginRefused {
        code: String,
        text: String,
    },
    Lost {
        code: String,
        text: String,
        retry_in_ms: u64,
    },
    Ended {
        code: String,
        text: String,
    },
    Message {
        conversation: String,
        epoch: String,
        seq: u64,
        time: String,
        author: String,
        text: String,
        replayed: bool,
    },
    CaughtUp {
        conversation: String,
        count: u64,
    },
    Gap {
        conversation: String,
        first: u64,
        last: u64,
    },
    Restarted {
        conversation: String,
    },
    ConversationEnded {
        conversation: String,
    },
    RoomEntered {
        conversation: String,
        epoch: String,
        seq: u64,
    },
    RoomRefused {
        conversation: String,
        code: String,
        text: String,
    },
    MemberJoined {
        conversation: String,
        nickname: String,
    },
    MemberLeft {
        conversation: String,
        nickname: String,
    },
    Online {
        nickname: String,
    },
    Offline {
        nickname: String,
    },
    Renamed {
        from: String,
        to: String,
    },
    Notice {
        code: String,
        subject: String,
        text: String,
    },
    Posted {
        conversation: String,
        epoch: String,
        seq: u64,
        time: String,
        text: String,
    },
    Refused {
        conversation: String,
        code: String,
        reason: String,
        text: String,
    },
    Unknown {
        conversation: String,
        text: String,
    },
    Arrived {
        conversation: String,
        epoch: String,
        seq: u64,
        text: String,
    },
    NotSent {
        conversation: String,
        text: String,
    },
    Member {
        conversation: String,
        nickname: String,
    },
    Room {
        conversation: String,
        members: u32,
    },
}

impl Object {
    /// What `event` says; `None` for the answers to requests, which are told by whoever asked:
    /// what `posted`, `unknown` and `arrived` are about, the event alone does not know.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::LoggedIn { nickname, resumed, hidden, first, .. } => Self::LoggedIn {
                nickname: nickname.clone(),
                resumed: *resumed,
                hidden: *hidden,
                first: *first,
            },
            Event::LoginRefused { code, text } => {
                Self::LoginRefused { code: code.to_string(), text: text.clone() }
            }
            Event::Lost { why, retry_in } => Self::Lost {
                code: loss(why),
                text: why.to_string(),
                retry_in_ms: millis(*retry_in),
            },
            Event::Ended { why } => Self::Ended { code: ending(why), text: why.to_string() },
            Event::Message { conversation, position, time, author, text, replayed } => {
                Self::Message {
                    conversation: conversation.to_string(),
                    epoch: epoch(*position),
                    seq: position.seq,
                    time: moment(*time),
                    author: author.clone(),
                    text: text.clone(),
                    replayed: *replayed,
                }
            }
            Event::CaughtUp { conversation, count } => {
                Self::CaughtUp { conversation: conversation.to_string(), count: *count }
            }
            Event::Gone { conversation, first, last } => {
                Self::Gap { conversation: conversation.to_string(), first: *first, last: *last }
            }
            Event::Restarted { conversation } => {
                Self::Restarted { conversation: conversation.to_string() }
            }
            Event::ConversationEnded { conversation } => {
                Self::ConversationEnded { conversation: conversation.to_string() }
            }
            Event::Unknown { conversation, text, .. } => {
                Self::Unknown { conversation: conversation.to_string(), text: text.clone() }
            }
            Event::RoomEntered { room, position } => Self::RoomEntered {
                conversation: format!("#{room}"),
                epoch: epoch(*position),
                seq: position.seq,
            },
            Event::RoomRefused { room, code, text } => Self::RoomRefused {
                conversation: format!("#{room}"),
                code: code.to_string(),
                text: text.clone(),
            },
            Event::MemberJoined { room, nickname } => {
                Self::MemberJoined { conversation: format!("#{room}"), nickname: nickname.clone() }
            }
            Event::MemberLeft { room, nickname } => {
                Self::MemberLeft { conversation: format!("#{room}"), nickname: nickname.clone() }
            }
            Event::Online { nickname } => Self::Online { nickname: nickname.clone() },
            Event::Offline { nickname } => Self::Offline { nickname: nickname.clone() },
            Event::Renamed { from, to } => Self::Renamed { from: from.clone(), to: to.clone() },
            Event::Notice { code, subject, text } => Self::Notice {
                code: code.to_string(),
                subject: subject.clone(),
                text: text.clone(),
            },
            _ => return None,
        })
    }

    /// A message that was accepted.
    #[must_use]
    pub fn posted(
        conversation: &ConversationName,
        position: Position,
        time: UnixMillis,
        text: &str,
    ) -> Self {
        Self::Posted {
            conversation: conversation.to_string(),
            epoch: epoch(position),
            seq: position.seq,
            time: moment(time),
            text: text.into(),
        }
    }

    /// A message whose fate was not known, and that did arrive.
    #[must_use]
    pub fn arrived(conversation: &ConversationName, position: Position, text: &str) -> Self {
        Self::Arrived {
            conversation: conversation.to_string(),
            epoch: epoch(position),
            seq: position.seq,
            text: text.into(),
        }
    }

    /// A message that was refused: by the server, or (`None`) before it was sent.
    #[must_use]
    pub fn refused(
        conversation: &ConversationName,
        code: Option<RefusalCode>,
        reason: &str,
        text: &str,
    ) -> Self {
        Self::Refused {
            conversation: conversation.to_string(),
            code: code.map_or_else(|| String::from("not_sent"), |code| code.to_string()),
            reason: reason.into(),
            text: text.into(),
        }
    }

    /// As a line, with its end.
    #[must_use]
    pub fn into_line(self) -> String {
        // Strings, numbers and truth values can always be written.
        let mut line =
            serde_json::to_string(&Line { v: VERSION, object: self }).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// A number of 64 bits is more than many readers of JSON keep: it is a string.
fn epoch(position: Position) -> String {
    position.epoch.to_string()
}

fn moment(time: UnixMillis) -> String {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{time:.3}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn loss(why: &Loss) -> String {
    match why {
        Loss::Connect => "connect".into(),
        Loss::Ended => "ended".into(),
        Loss::Heartbeat => "heartbeat".into(),
        Loss::LoginTimeout => "login_timeout".into(),
        Loss::Closed { code, .. } => code.to_string(),
        Loss::Refused { code, .. } => code.to_string(),
        Loss::Preface(_) => "preface".into(),
        Loss::InWords => "in_words".into(),
        _ => "other".into(),
    }
}

fn ending(why: &Ending) -> String {
    match why {
        Ending::Quit => "quit".into(),
        Ending::Closed { code, .. } => code.to_string(),
        Ending::Refused { code, .. } => code.to_string(),
        Ending::NoCommonVersion => "no_common_version".into(),
        Ending::NotLetIn => "not_let_in".into(),
        Ending::NoPreface(_) => "no_preface".into(),
        Ending::Malformed => "malformed".into(),
        _ => "other".into(),
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
