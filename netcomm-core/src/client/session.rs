//! The session itself.

use alloc::string::String;
use alloc::vec::Vec;

use super::Event;
use crate::limits::Limit;
use crate::name::NameError;
use crate::text::TextError;
use crate::time::Instant;
use crate::wire::{ClientMessage, Conversation, EncodeError, RequestId};

/// What a session is to be.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The nickname that is wished for.
    pub nickname: String,
    /// Whether to come hidden.
    pub hidden: bool,
    /// Rooms to be in: entered after each login that is no resume, made where there are none.
    pub rooms: Vec<String>,
}

impl SessionConfig {
    /// A visible user without rooms.
    #[must_use]
    pub fn new(nickname: &str) -> Self {
        Self {
            nickname: nickname.into(),
            hidden: false,
            rooms: Vec::new(),
        }
    }
}

/// What the caller is to do next (see the module's drain contract).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Open a connection.
    Connect,
    /// Write these bytes.
    Transmit(Vec<u8>),
    /// Tell the user.
    Event(Event),
    /// Close the connection, or give up the attempt.
    Disconnect,
    /// Nothing until input, or until this instant.
    Wait(Option<Instant>),
}

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

/// A user's presence in a chat, across connections.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    connect: bool,
    now: Instant,
    preface: bool,
}

impl Session {
    /// A session that wants to connect at once. `seed` feeds the jitter and the nonces.
    #[must_use]
    pub fn new(config: SessionConfig, now: Instant, seed: u64) -> Self {
        let _ = seed;
        Self {
            config,
            connect: true,
            now,
            preface: false,
        }
    }

    /// The connection stands.
    pub fn handle_connected(&mut self, now: Instant) {
        self.now = now;
        self.preface = true;
    }

    /// The connection could not be made, or is gone.
    pub fn handle_disconnected(&mut self, now: Instant) {
        self.now = now;
    }

    /// Takes what was read.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let _ = bytes;
        self.now = now;
    }

    /// To be called when the instant of [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> Output {
        if core::mem::take(&mut self.connect) {
            return Output::Connect;
        }
        if core::mem::take(&mut self.preface) {
            let bytes = crate::preface::ClientPreface::OURS.to_bytes();
            return Output::Transmit(bytes.into());
        }
        Output::Wait(Some(self.now))
    }

    /// Says something; [`Event::Answered`] or [`Event::Unknown`] follows.
    pub fn post(
        &mut self,
        now: Instant,
        conversation: Conversation<'_>,
        text: &str,
    ) -> Result<RequestId, SendError> {
        let _ = (now, conversation, text);
        Err(SendError::NotLoggedIn)
    }

    /// Asks for something; [`Event::Answered`] follows.
    pub fn request(
        &mut self,
        now: Instant,
        message: &ClientMessage<'_>,
    ) -> Result<RequestId, SendError> {
        let _ = (now, message);
        Err(SendError::NotLoggedIn)
    }

    /// Ends the session: politely where it is logged in.
    pub fn quit(&mut self, now: Instant) {
        self.now = now;
    }

    /// Tries another nickname after [`Event::LoginRefused`]; later it is what the next new login
    /// wishes for.
    pub fn set_nickname(&mut self, now: Instant, nickname: &str) -> Result<(), NameError> {
        crate::name::Nickname::new(nickname)?;
        self.now = now;
        self.config.nickname = nickname.into();
        Ok(())
    }

    /// The nickname that one has, or wishes for.
    #[must_use]
    pub fn nickname(&self) -> &str {
        &self.config.nickname
    }

    /// Whether requests can be sent.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        false
    }

    /// Whether one is hidden, as far as is known.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.config.hidden
    }

    /// A limit of the server, or its default before the first login.
    #[must_use]
    pub fn limit(&self, limit: Limit) -> u64 {
        crate::limits::Limits::default()[limit]
    }

    /// How many events were skipped because this version does not know them.
    #[must_use]
    pub fn unknown_events(&self) -> u64 {
        0
    }
}
