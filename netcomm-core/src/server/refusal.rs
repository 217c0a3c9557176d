//! A request that is not granted.

use alloc::borrow::Cow;
use alloc::format;

use crate::limits::{Limit, Limits};
use crate::name::NameError;
use crate::text::TextError;
use crate::wire::{RefusalCode, ServerMessage};

/// Why, in a code and in words.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    code: RefusalCode,
    text: Cow<'static, str>,
}

impl Refusal {
    pub(super) const fn new(code: RefusalCode, text: &'static str) -> Self {
        Self { code, text: Cow::Borrowed(text) }
    }

    pub(super) const fn not_logged_in() -> Self {
        Self::new(RefusalCode::NOT_LOGGED_IN, "log in first")
    }

    pub(super) const fn unsupported() -> Self {
        Self::new(RefusalCode::UNSUPPORTED, "this kind of request is not supported")
    }

    pub(super) const fn unknown_name() -> Self {
        Self::new(RefusalCode::UNKNOWN_NAME, "nobody of this name is here")
    }

    pub(super) const fn unknown_room() -> Self {
        Self::new(RefusalCode::UNKNOWN_ROOM, "there is no such room")
    }

    pub(super) const fn not_a_member() -> Self {
        Self::new(RefusalCode::NOT_A_MEMBER, "join the room first")
    }

    pub(super) const fn name_taken() -> Self {
        Self::new(RefusalCode::NAME_TAKEN, "this nickname, or one that looks like it, is taken")
    }

    pub(super) const fn name_lost() -> Self {
        Self::new(
            RefusalCode::NAME_LOST,
            "somebody took your nickname while you were hidden; choose another with /nick",
        )
    }

    pub(super) const fn wrong_epoch() -> Self {
        Self::new(RefusalCode::WRONG_EPOCH, "the conversation has begun anew since")
    }

    pub(super) const fn reveal_first() -> Self {
        Self::new(RefusalCode::REVEAL_FIRST, "others would see this: reveal yourself first")
    }

    pub(super) const fn with_oneself() -> Self {
        Self::new(RefusalCode::UNKNOWN_CONVERSATION, "there is no conversation with oneself")
    }

    pub(super) const fn unknown_conversation() -> Self {
        Self::new(RefusalCode::UNKNOWN_CONVERSATION, "there is no such conversation")
    }

    /// A limit that was hit; the text names it.
    pub(super) fn limit(code: RefusalCode, limits: &Limits, limit: Limit, what: &str) -> Self {
        Self { code, text: format!("{what}, the limit is {}", limits[limit]).into() }
    }

    pub(super) fn as_message(&self) -> ServerMessage<'_> {
        ServerMessage::Refused { code: self.code, retry_after: None, text: &self.text }
    }
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        let code = if error == NameError::Reserved {
            RefusalCode::NAME_RESERVED
        } else {
            RefusalCode::INVALID_NAME
        };
        Self { code, text: format!("{error}").into() }
    }
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        Self { code: RefusalCode::INVALID_TEXT, text: format!("{error}").into() }
    }
}
