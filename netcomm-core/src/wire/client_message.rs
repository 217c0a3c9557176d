//! What a client says (PROTOCOL.md, "Client messages").

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::value::{Conversation, Credential, Extension, ResumeToken};

/// A message from a client. The position of a variant is its number on the wire: append before
/// `Unknown`, never reorder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClientMessage<'a> {
    /// Logs in, or resumes a session. Answer: `Welcome`.
    Login {
        /// The nickname that is wished for. A resume may name another than before: it is ignored.
        nickname: &'a str,
        /// Whether to come hidden. Ignored by a resume, which keeps what the session was.
        hidden: bool,
        /// The token of the session to resume.
        resume: Option<ResumeToken>,
        /// Proof of identity.
        #[serde(borrow)]
        credential: Credential<'a>,
        /// Optional behaviour that the client offers, a bit each.
        features: u64,
        /// Additions; unknown keys are ignored. At most 64.
        #[serde(borrow, deserialize_with = "super::value::extensions")]
        extensions: Vec<Extension<'a>>,
    },
    /// Says something. Answer: `Posted`.
    Post {
        /// Where.
        #[serde(borrow)]
        conversation: Conversation<'a>,
        /// The incarnation that is meant; refused as `wrong_epoch` where it is another.
        epoch: Option<u64>,
        /// Random, the client's own: to know the message again.
        nonce: u64,
        /// What.
        text: &'a str,
    },
    /// Enters a room that exists. Answer: `Joined`.
    Join {
        /// The room.
        room: &'a str,
    },
    /// Makes a room, owns it and enters it. Answer: `Joined`.
    CreateRoom {
        /// Its name.
        room: &'a str,
    },
    /// Leaves a room. Answer: `Done`.
    Leave {
        /// The room.
        room: &'a str,
    },
    /// Takes another nickname. Answer: `Done`.
    Rename {
        /// The nickname.
        nickname: &'a str,
    },
    /// Becomes absent to others. Answer: `Done`.
    Hide,
    /// Comes back to others. Answer: `Done`.
    Reveal,
    /// Asks who is here. Answer: `Members`.
    Members {
        /// In this room; `None`: anywhere.
        room: Option<&'a str>,
        /// The cursor of the page before; empty: from the start.
        from: &'a str,
    },
    /// Asks for the rooms. Answer: `Rooms`.
    Rooms {
        /// The cursor of the page before, or any name to begin at; empty: from the start.
        from: &'a str,
    },
    /// Asks for messages `first` to `last` of a conversation. Answer: `History`.
    History {
        /// Which conversation.
        #[serde(borrow)]
        conversation: Conversation<'a>,
        /// The incarnation that is meant; refused as `wrong_epoch` where it is another.
        epoch: Option<u64>,
        /// The first `seq` wanted, at least 1.
        first: u64,
        /// The last `seq` wanted.
        last: u64,
        /// Where more is there than fits: whether the last ones are wanted, not the first.
        latest: bool,
        /// The most items wanted; 0: as many as fit.
        most: u32,
    },
    /// Asks for one's own conversations and where they stand. Answer: `Conversations`.
    Conversations {
        /// The cursor of the page before; `EVERYONE`: from the start.
        #[serde(borrow)]
        from: Conversation<'a>,
    },
    /// Asks for an echo. Answer: `Pong`.
    Ping {
        /// Comes back in the answer.
        nonce: u64,
    },
    /// Echoes the server's `Ping`. Not a request: its id is 0, and nothing answers it.
    Pong {
        /// As it came.
        nonce: u64,
    },
    /// Ends the session. Answer: `Done`, then `Closing`.
    Quit,
    /// A message of a later version of the protocol. Never sent.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl ClientMessage<'_> {
    /// What kind of message it is, in a word that tells nothing of what is in it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Login { .. } => "login",
            Self::Post { .. } => "post",
            Self::Join { .. } => "join",
            Self::CreateRoom { .. } => "create_room",
            Self::Leave { .. } => "leave",
            Self::Rename { .. } => "rename",
            Self::Hide => "hide",
            Self::Reveal => "reveal",
            Self::Members { .. } => "members",
            Self::Rooms { .. } => "rooms",
            Self::History { .. } => "history",
            Self::Conversations { .. } => "conversations",
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
            Self::Quit => "quit",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a repeated request gets the first answer again instead of being executed twice.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        matches!(
            self,
            Self::Post { .. }
                | Self::Join { .. }
                | Self::CreateRoom { .. }
                | Self::Leave { .. }
                | Self::Rename { .. }
                | Self::Hide
                | Self::Reveal
        )
    }
}
