//! Requests that wait for their answers.

use alloc::string::String;
use alloc::vec::Vec;

use super::ConversationName;
use super::tracks::Gap;
use crate::wire::{ClientMessage, RequestId};

/// A request without answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RequestId,
    /// The whole frame, to be sent again after a resume.
    pub(super) frame: Vec<u8>,
    pub(super) purpose: Purpose,
}

/// What a request is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// The user's, without consequences here.
    Asked,
    Post(Post),
    Leave(String),
    Rename(String),
    Hide(bool),
    Login,
    Ping,
    Quit,
    /// To be in a wanted room again.
    Enter(Enter),
    /// The list of one's conversations.
    List,
    /// Missing messages.
    Repair(Gap),
}

#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) conversation: ConversationName,
    pub(super) text: String,
    pub(super) nonce: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Enter {
    pub(super) room: String,
    pub(super) create: bool,
    pub(super) tries: u8,
}

impl Purpose {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing here")]
    pub(super) fn of(message: &ClientMessage<'_>) -> Self {
        match *message {
            ClientMessage::Post { conversation, nonce, text, .. } => {
                Self::Post(Post { conversation: conversation.into(), text: text.into(), nonce })
            }
            ClientMessage::Leave { room } => Self::Leave(room.into()),
            ClientMessage::Rename { nickname } => Self::Rename(nickname.into()),
            ClientMessage::Hide => Self::Hide(true),
            ClientMessage::Reveal => Self::Hide(false),
            _ => Self::Asked,
        }
    }

    /// Whether the user waits for the answer.
    pub(super) const fn is_users(&self) -> bool {
        matches!(
            self,
            Self::Asked | Self::Post(_) | Self::Leave(_) | Self::Rename(_) | Self::Hide(_)
        )
    }

    /// Whether it counts as one of the session's unanswered requests.
    pub(super) const fn counts(&self) -> bool {
        !matches!(self, Self::Login | Self::Ping | Self::Quit)
    }
}
