//! What a server says (PROTOCOL.md, "Server messages").

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::code::{CloseCode, NoticeCode, RefusalCode};
use super::value::{
    Conversation, ConversationItem, Extension, HistoryItem, LimitValue, Position, ResumeToken,
    RoomItem,
};
use crate::time::UnixMillis;

/// A message from a server. The position of a variant is its number on the wire: append before
/// `Unknown`, never reorder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ServerMessage<'a> {
    /// Answers `Login`.
    Welcome {
        /// The nickname that one has; hidden: the one that one wishes for.
        nickname: &'a str,
        /// Whether the session that was named goes on; else this is a new one.
        resumed: bool,
        /// Whether one is hidden.
        hidden: bool,
        /// Resumes this session later.
        token: ResumeToken,
        /// The server's wall clock.
        time: UnixMillis,
        /// Where the conversation of everyone stands.
        everyone: Position,
        /// The limits in force.
        limits: Vec<LimitValue>,
        /// Optional behaviour that the server offers, a bit each.
        features: u64,
        /// Additions; unknown keys are ignored. At most 64.
        #[serde(borrow, deserialize_with = "super::value::extensions")]
        extensions: Vec<Extension<'a>>,
    },
    /// Answers a request that has nothing to tell.
    Done,
    /// Answers a request that is not granted; nothing has changed.
    Refused {
        /// Why.
        code: RefusalCode,
        /// When it may work, in milliseconds from now.
        retry_after: Option<u64>,
        /// Why, for people; names the limit that was hit.
        text: &'a str,
    },
    /// Answers `Post`: accepted. One may answer several that came in a row.
    Posted {
        /// The message's place.
        position: Position,
        /// When it was accepted.
        time: UnixMillis,
        /// How many requests right before this one it answers as well: all are posts to the same
        /// conversation, accepted at the same time, each at the place before the next one's.
        earlier: u32,
    },
    /// Answers `Join` and `CreateRoom`.
    Joined {
        /// The room, as its maker wrote it.
        room: &'a str,
        /// The last message in it.
        position: Position,
    },
    /// Answers `Members`.
    Members {
        /// Nicknames, in the order of their keys.
        members: Vec<&'a str>,
        /// The cursor of the next page; empty: this is the last.
        next: &'a str,
    },
    /// Answers `Rooms`.
    Rooms {
        /// In the order of their keys.
        #[serde(borrow)]
        rooms: Vec<RoomItem<'a>>,
        /// The cursor of the next page; empty: this is the last.
        next: &'a str,
    },
    /// Answers `History`.
    History {
        /// As it was asked for.
        #[serde(borrow)]
        conversation: Conversation<'a>,
        /// The conversation's incarnation.
        epoch: u64,
        /// The first message that is still kept; one above `last` where none is.
        first_kept: u64,
        /// The last message in the conversation.
        last: u64,
        /// The messages, in order, a run without gaps.
        #[serde(borrow)]
        items: Vec<HistoryItem<'a>>,
    },
    /// Answers `Conversations`.
    Conversations {
        /// Everyone first, then rooms, then private ones, in the order of their keys.
        #[serde(borrow)]
        conversations: Vec<ConversationItem<'a>>,
        /// The cursor of the next page; `None`: this is the last.
        #[serde(borrow)]
        next: Option<Conversation<'a>>,
    },
    /// Answers `Ping`.
    Pong {
        /// As it came.
        nonce: u64,
    },
    /// Event: somebody said something.
    Message {
        /// Where; private: with its author.
        #[serde(borrow)]
        conversation: Conversation<'a>,
        /// Its place.
        position: Position,
        /// When it was accepted.
        time: UnixMillis,
        /// Who said it.
        author: &'a str,
        /// What was said.
        text: &'a str,
    },
    /// Event: somebody entered a room that one is in.
    MemberJoined {
        /// The room.
        room: &'a str,
        /// Who.
        nickname: &'a str,
    },
    /// Event: somebody left a room that one is in.
    MemberLeft {
        /// The room.
        room: &'a str,
        /// Who.
        nickname: &'a str,
    },
    /// Event: somebody came, or came back to the rooms that it was in.
    Online {
        /// Who.
        nickname: &'a str,
    },
    /// Event: somebody went, from all rooms too.
    Offline {
        /// Who.
        nickname: &'a str,
    },
    /// Event: somebody took another nickname.
    Renamed {
        /// The old nickname.
        from: &'a str,
        /// The new one.
        to: &'a str,
    },
    /// Event: asks for a `Pong` with the same nonce.
    Ping {
        /// To be echoed.
        nonce: u64,
    },
    /// Event: something to know.
    Notice {
        /// What it is about.
        code: NoticeCode,
        /// The name of what it is about.
        subject: &'a str,
        /// For people.
        text: &'a str,
    },
    /// Event, the last of a connection: it is closed.
    Closing {
        /// Why.
        code: CloseCode,
        /// When to come back, in milliseconds from now.
        retry_after: Option<u64>,
        /// Why, for people.
        text: &'a str,
    },
    /// A message of a later version of the protocol. Never sent.
    #[serde(other, skip_serializing)]
    Unknown,
}
