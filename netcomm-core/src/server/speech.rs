//! Who speaks, and where.

use super::deliver::Recipient;
use super::public::LogId;
use super::router::Target;
use super::session::SessionId;
use crate::name::{Name, Nickname, RoomName};
use crate::time::UnixMillis;
use crate::wire::{Conversation, ConversationKind, Position, ServerMessage};

/// A logged-in connection whose request is being executed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) to: Recipient,
    pub(super) session: SessionId,
}

/// Somebody who speaks in a conversation: what is the same for all that is said there in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speech {
    /// The author's name.
    pub(super) name: Nickname,
    pub(super) target: Target,
    /// The room's name, where it is one.
    pub(super) room: Option<RoomName>,
    pub(super) log: LogId,
    pub(super) epoch: u64,
    /// How its author calls the conversation, where whatever is called so next is for the same.
    pub(super) called: Option<Called>,
}

/// A conversation as its author calls it, by a name that a conversation can have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    kind: ConversationKind,
    name: Name<{ RoomName::MAX_BYTES }>,
}

impl Speech {
    /// A message of it, as those hear it who are in the conversation.
    pub(super) fn message<'a>(
        &'a self,
        seq: u64,
        time: UnixMillis,
        text: &'a str,
    ) -> ServerMessage<'a> {
        ServerMessage::Message {
            conversation: self.heard(),
            position: Position { epoch: self.epoch, seq },
            time,
            author: self.name.as_str(),
            text,
        }
    }

    /// What they call the conversation.
    pub(super) fn heard(&self) -> Conversation<'_> {
        match (&self.room, self.target) {
            (Some(room), _) => Conversation::room(room.as_str()),
            (None, Target::Private(_)) => Conversation::private(self.name.as_str()),
            (None, Target::Everyone | Target::Room(_)) => Conversation::EVERYONE,
        }
    }
}

impl Called {
    pub(super) fn new(conversation: Conversation<'_>) -> Option<Self> {
        Some(Self { kind: conversation.kind, name: Name::from(conversation.name).ok()? })
    }

    pub(super) fn is(&self, conversation: Conversation<'_>) -> bool {
        self.kind == conversation.kind && self.name.as_str() == conversation.name
    }
}
