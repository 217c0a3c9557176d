//! What a session tells its user.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::ConversationName;
use crate::preface::{PrefaceError, PrefaceRefusal};
use crate::time::UnixMillis;
use crate::wire::{
    CloseCode, LimitValue, NoticeCode, Position, RefusalCode, RequestId, ServerMessage,
};

/// What happened. Every string is foreign: sanitise it before showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The session is logged in. Lists that are shown (members, rooms) are to be read again;
    /// messages that were missed follow by themselves.
    LoggedIn {
        /// The nickname that one has; hidden: the one that one wishes for.
        nickname: String,
        /// Whether the session from before goes on.
        resumed: bool,
        /// Whether one is hidden.
        hidden: bool,
        /// Whether this is the first login, not a return.
        first: bool,
        /// The server's limits.
        limits: Vec<LimitValue>,
    },
    /// The server does not log in this nickname. The session waits for `set_nickname` or `quit`.
    LoginRefused {
        /// Why.
        code: RefusalCode,
        /// Why, for people.
        text: String,
    },
    /// There is no connection; the session connects again by itself.
    Lost {
        /// Why.
        why: Loss,
        /// After so long.
        retry_in: Duration,
    },
    /// The session is over: the last event.
    Ended {
        /// Why.
        why: Ending,
    },
    /// A request was answered, each exactly once.
    Answered {
        /// Which.
        id: RequestId,
        /// How.
        answer: Answer,
    },
    /// Somebody said something. In each conversation in order, each message once.
    Message {
        /// Where; private: with its author.
        conversation: ConversationName,
        /// Its place.
        position: Position,
        /// When it was accepted.
        time: UnixMillis,
        /// Who said it.
        author: String,
        /// What was said.
        text: String,
        /// Whether it was missed and read from history.
        replayed: bool,
    },
    /// A gap was closed.
    CaughtUp {
        /// Where.
        conversation: ConversationName,
        /// How many messages were replayed.
        count: u64,
    },
    /// Messages that can no longer be had.
    Gone {
        /// Where.
        conversation: ConversationName,
        /// The first that is missing.
        first: u64,
        /// The last that is missing.
        last: u64,
    },
    /// The conversation began anew: positions from before mean nothing.
    Restarted {
        /// Which.
        conversation: ConversationName,
    },
    /// The conversation is no longer one's own.
    ConversationEnded {
        /// Which.
        conversation: ConversationName,
    },
    /// It is not known whether this post arrived; it is not sent again by itself.
    Unknown {
        /// The post.
        id: RequestId,
        /// Where it was to be said.
        conversation: ConversationName,
        /// What it said.
        text: String,
    },
    /// A post that was reported as unknown did arrive.
    Arrived {
        /// The post.
        id: RequestId,
        /// Its place.
        position: Position,
    },
    /// A room that one wants to be in was entered.
    RoomEntered {
        /// The room, as its maker wrote it.
        room: String,
        /// The last message in it.
        position: Position,
    },
    /// A room that one wants to be in could not be entered.
    RoomRefused {
        /// The room.
        room: String,
        /// Why.
        code: RefusalCode,
        /// Why, for people.
        text: String,
    },
    /// Somebody entered a room that one is in.
    MemberJoined {
        /// The room.
        room: String,
        /// Who.
        nickname: String,
    },
    /// Somebody left a room that one is in.
    MemberLeft {
        /// The room.
        room: String,
        /// Who.
        nickname: String,
    },
    /// Somebody came, or came back to the rooms that it was in.
    Online {
        /// Who.
        nickname: String,
    },
    /// Somebody went, from all rooms too.
    Offline {
        /// Who.
        nickname: String,
    },
    /// Somebody took another nickname.
    Renamed {
        /// The old nickname.
        from: String,
        /// The new one.
        to: String,
    },
    /// Something to know.
    Notice {
        /// What it is about.
        code: NoticeCode,
        /// The name of what it is about.
        subject: String,
        /// For people.
        text: String,
    },
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Done.
    Done,
    /// The post was accepted.
    Posted {
        /// The message's place.
        position: Position,
        /// When it was accepted.
        time: UnixMillis,
    },
    /// The room was entered.
    Joined {
        /// The room, as its maker wrote it.
        room: String,
        /// The last message in it.
        position: Position,
    },
    /// A page of nicknames.
    Members {
        /// The nicknames.
        members: Vec<String>,
        /// The cursor of the next page; empty: this is the last.
        next: String,
    },
    /// A page of rooms.
    Rooms {
        /// The rooms.
        rooms: Vec<RoomSummary>,
        /// The cursor of the next page; empty: this is the last.
        next: String,
    },
    /// A page of history.
    History {
        /// Of what.
        conversation: ConversationName,
        /// The conversation's incarnation.
        epoch: u64,
        /// The first message that is still kept.
        first_kept: u64,
        /// The last message in the conversation.
        last: u64,
        /// The messages.
        items: Vec<HistoryMessage>,
    },
    /// A page of one's conversations.
    Conversations {
        /// The conversations.
        conversations: Vec<ConversationPlace>,
        /// The cursor of the next page; `None`: this is the last.
        next: Option<ConversationName>,
    },
    /// The echo of a ping.
    Pong,
    /// Not granted; nothing has changed.
    Refused {
        /// Why.
        code: RefusalCode,
        /// When it may work.
        retry_after: Option<Duration>,
        /// Why, for people.
        text: String,
    },
    /// The server answered something that this version does not know.
    Unsupported,
    /// The session was lost before the answer came: whether the request was executed is unknown.
    Lost,
}

/// A room in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSummary {
    /// The room.
    pub room: String,
    /// How many visible users are in it.
    pub members: u32,
}

/// A message in a page of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryMessage {
    /// Its place.
    pub seq: u64,
    /// When it was accepted.
    pub time: UnixMillis,
    /// Who said it, by the name of that time.
    pub author: String,
    /// What was said.
    pub text: String,
}

/// A conversation and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPlace {
    /// The conversation.
    pub conversation: ConversationName,
    /// The last message in it.
    pub last: Position,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// It could not be made.
    #[error("no connection could be made")]
    Connect,
    /// It ended without a word.
    #[error("the connection ended")]
    Ended,
    /// The server was silent for too long.
    #[error("the server was silent for ping_ms, and for pong_ms after a ping")]
    Heartbeat,
    /// Connecting and logging in took too long.
    #[error("connecting and logging in took longer than 10 s")]
    LoginTimeout,
    /// The server closed it.
    #[error("{text}")]
    #[allow(missing_docs, reason = "the code, and the server's words for people")]
    Closed { code: CloseCode, text: String },
    /// The login was refused, for now.
    #[error("{text}")]
    #[allow(missing_docs, reason = "the code, and the server's words for people")]
    Refused { code: RefusalCode, text: String },
    /// The server spoke no version, for now.
    #[error("{0}")]
    Preface(PrefaceRefusal),
    /// The server closed it before it knew what this client speaks.
    #[error("the server closed the connection before it had heard anything")]
    InWords,
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ending {
    /// As requested.
    #[error("goodbye")]
    Quit,
    /// The server closed the connection, for good.
    #[error("{text}")]
    #[allow(missing_docs, reason = "the code, and the server's words for people")]
    Closed { code: CloseCode, text: String },
    /// The server refused the login, for good.
    #[error("{text}")]
    #[allow(missing_docs, reason = "the code, and the server's words for people")]
    Refused { code: RefusalCode, text: String },
    /// The two sides speak no common version.
    #[error("no protocol version in common")]
    NoCommonVersion,
    /// The server lets nobody in from here.
    #[error("the server refuses connections from here")]
    NotLetIn,
    /// What came first was no preface.
    #[error("{0}")]
    NoPreface(PrefaceError),
    /// What came later was no frame, or no message.
    #[error("what came from the server is not the protocol")]
    Malformed,
}

impl From<ServerMessage<'_>> for Answer {
    #[expect(clippy::wildcard_enum_match_arm, reason = "an event answers nothing")]
    fn from(message: ServerMessage<'_>) -> Self {
        match message {
            ServerMessage::Done => Self::Done,
            ServerMessage::Posted { position, time, .. } => Self::Posted { position, time },
            ServerMessage::Joined { room, position } => {
                Self::Joined { room: room.into(), position }
            }
            ServerMessage::Members { members, next } => Self::Members {
                members: members.into_iter().map(Into::into).collect(),
                next: next.into(),
            },
            ServerMessage::Rooms { rooms, next } => Self::Rooms {
                rooms: rooms
                    .iter()
                    .map(|item| RoomSummary { room: item.room.into(), members: item.members })
                    .collect(),
                next: next.into(),
            },
            ServerMessage::History { conversation, epoch, first_kept, last, items } => {
                Self::History {
                    conversation: conversation.into(),
                    epoch,
                    first_kept,
                    last,
                    items: items
                        .iter()
                        .map(|item| HistoryMessage {
                            seq: item.seq,
                            time: item.time,
                            author: item.author.into(),
                            text: item.text.into(),
                        })
                        .collect(),
                }
            }
            ServerMessage::Conversations { conversations, next } => Self::Conversations {
                conversations: conversations
                    .iter()
                    .map(|item| ConversationPlace {
                        conversation: item.conversation.into(),
                        last: item.last,
                    })
                    .collect(),
                next: next.map(Into::into),
            },
            ServerMessage::Pong { .. } => Self::Pong,
            ServerMessage::Refused { code, retry_after, text } => Self::Refused {
                code,
                retry_after: retry_after.map(Duration::from_millis),
                text: text.into(),
            },
            _ => Self::Unsupported,
        }
    }
}
