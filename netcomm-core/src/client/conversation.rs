//! What a conversation is called.

use alloc::string::String;
use core::fmt;

use crate::name::NameKey;
use crate::wire::{Conversation, ConversationKind};

/// The owned name of a conversation; as foreign and unvalidated as what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConversationName {
    /// What kind it is.
    pub kind: ConversationKind,
    /// The room's name, or the other's nickname; empty for everyone.
    pub name: String,
}

impl ConversationName {
    /// The same, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Conversation<'_> {
        Conversation { kind: self.kind, name: &self.name }
    }
}

impl From<Conversation<'_>> for ConversationName {
    fn from(conversation: Conversation<'_>) -> Self {
        Self { kind: conversation.kind, name: conversation.name.into() }
    }
}

impl fmt::Display for ConversationName {
    /// As it is typed in a command: `*`, `#room` or `@nickname`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// What conversations are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConversationKey(ConversationKind, NameKey);

impl ConversationKey {
    pub(super) fn of(conversation: Conversation<'_>) -> Self {
        Self(conversation.kind, NameKey::of(conversation.name))
    }
}

/// Takes over how the server writes the name now.
pub(super) fn rewrite(name: &mut ConversationName, written: Conversation<'_>) {
    if name.name != written.name {
        name.name = written.name.into();
    }
}
