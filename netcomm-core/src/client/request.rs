//! What the user asks for.

use alloc::vec::Vec;

use super::Session;
use super::pending::{Pending, Purpose};
use super::session::Output;
use crate::limits::Limit;
use crate::name::{NameError, Nickname, RoomName};
use crate::text::{Text, TextError};
use crate::time::Instant;
use crate::wire::{self, ClientMessage, Conversation, ConversationKind, EncodeError, RequestId};

/// Why a request was not taken: the caller's mistake, and nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no connection, or no login on it yet.
    #[error("not logged in")]
    NotLoggedIn,
    /// Too many requests wait for their answers.
    #[error("{limit} requests are unanswered, the limit is unanswered = {limit}")]
    #[allow(missing_docs, reason = "the limit's value")]
    TooManyUnanswered { limit: usize },
    /// Not a valid text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Not a valid name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The frame would be too large.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// `Login`, `Pong` and `Quit` are the session's own.
    #[error("the session sends this message by itself")]
    Reserved,
}

impl Session {
    /// Says something; `Event::Answered` or `Event::Unknown` follows.
    pub fn post(
        &mut self,
        now: Instant,
        conversation: Conversation<'_>,
        text: &str,
    ) -> Result<RequestId, SendError> {
        let nonce = self.generator.draw();
        let post = ClientMessage::Post { conversation, epoch: None, nonce, text };
        self.request(now, &post)
    }

    /// Asks for something; `Event::Answered` follows.
    pub fn request(
        &mut self,
        now: Instant,
        message: &ClientMessage<'_>,
    ) -> Result<RequestId, SendError> {
        self.now = now;
        self.check(message)?;
        if !self.is_logged_in() {
            return Err(SendError::NotLoggedIn);
        }
        // The session's own requests count: the server keeps no more answers than the limit.
        if !self.has_room() {
            let limit = self.unanswered();
            return Err(SendError::TooManyUnanswered { limit });
        }
        Ok(self.send(message, Purpose::of(message))?)
    }

    pub(super) fn send(
        &mut self,
        message: &ClientMessage<'_>,
        purpose: Purpose,
    ) -> Result<RequestId, EncodeError> {
        let id = RequestId(self.next_id.wrapping_add(1).max(1));
        let mut frame = Vec::new();
        wire::encode(id, message, &mut frame)?;
        self.next_id = id.0;
        self.output.push_back(Output::Transmit(frame.clone()));
        self.pending.push(Pending { id, frame, purpose });
        Ok(id)
    }

    /// Sends what the session itself has put together; where a foreign name made it too large,
    /// nothing is sent.
    pub(super) fn send_own(&mut self, message: &ClientMessage<'_>, purpose: Purpose) -> bool {
        self.send(message, purpose).is_ok()
    }

    /// Whether one more request may wait for its answer.
    pub(super) fn has_room(&self) -> bool {
        let waiting = self.pending.iter().filter(|one| one.purpose.counts());
        waiting.count() < self.unanswered()
    }

    fn unanswered(&self) -> usize {
        usize::try_from(self.limit(Limit::Unanswered)).unwrap_or(usize::MAX)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others name nothing")]
    fn check(&self, message: &ClientMessage<'_>) -> Result<(), SendError> {
        match *message {
            ClientMessage::Login { .. } | ClientMessage::Pong { .. } | ClientMessage::Quit => {
                return Err(SendError::Reserved);
            }
            ClientMessage::Post { conversation, text, .. } => {
                let limit = usize::try_from(self.limit(Limit::TextBytes));
                Text::new(text, limit.unwrap_or(usize::MAX))?;
                match conversation.kind {
                    ConversationKind::ROOM => drop(RoomName::new(conversation.name)?),
                    ConversationKind::PRIVATE => drop(Nickname::new(conversation.name)?),
                    _ => {}
                }
            }
            ClientMessage::Join { room }
            | ClientMessage::CreateRoom { room }
            | ClientMessage::Leave { room } => drop(RoomName::new(room)?),
            ClientMessage::Rename { nickname } => drop(Nickname::new(nickname)?),
            _ => {}
        }
        Ok(())
    }
}
