//! The session itself.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::backoff::{BackOff, Generator};
use super::conversation::ConversationKey;
use super::pending::{Enter, Pending, Post, Purpose};
use super::track::Track;
use super::{Ending, Event, Loss};
use crate::frame::{FrameDecoder, MAX_PAYLOAD};
use crate::limits::{Limit, Limits};
use crate::name::{NameError, Nickname, RoomName};
use crate::preface::ClientPreface;
use crate::text::{Text, TextError};
use crate::time::Instant;
use crate::wire::{
    self, ClientMessage, Conversation, ConversationKind, EncodeError, LimitValue, RequestId,
    ResumeToken,
};

/// From the attempt to connect to the login.
const LOGIN: Duration = Duration::from_secs(10);

/// How long a requested quit may take.
const QUIT: Duration = Duration::from_secs(2);

/// A login that lasted so long resets the back-off.
const LASTED: Duration = Duration::from_secs(10);

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
    pub(super) config: SessionConfig,
    pub(super) now: Instant,
    pub(super) stage: Stage,
    pub(super) output: VecDeque<Output>,
    pub(super) generator: Generator,
    pub(super) back_off: BackOff,
    pub(super) decoder: FrameDecoder,
    pub(super) pending: Vec<Pending>,
    /// Posts of sessions before, of which nobody knows whether they arrived.
    pub(super) unknown: VecDeque<(RequestId, Post)>,
    pub(super) tracks: BTreeMap<ConversationKey, Track>,
    pub(super) entering: VecDeque<Enter>,
    /// Whether the list of conversations is still to be read, and from where.
    pub(super) list_from: Option<super::ConversationName>,
    pub(super) listing: u64,
    /// When the session's own requests may go on after a `rate_limited`.
    pub(super) patience: Option<Instant>,
    pub(super) token: Option<ResumeToken>,
    pub(super) limits: Vec<LimitValue>,
    pub(super) defaults: Limits,
    pub(super) hidden: bool,
    pub(super) logged_in_once: bool,
    pub(super) lost_at: Option<Instant>,
    pub(super) unknown_events: u64,
    next_id: u32,
}

/// How far the connection is.
#[derive(Debug)]
pub(super) enum Stage {
    /// No connection until then.
    Away {
        until: Instant,
    },
    Connecting {
        deadline: Instant,
    },
    /// Waits for the server's preface.
    Preface {
        deadline: Instant,
        bytes: Vec<u8>,
    },
    /// Waits for `Welcome`.
    Login {
        deadline: Instant,
    },
    Up {
        since: Instant,
        heard: Instant,
        pinged: Option<Instant>,
        quit: Option<Instant>,
    },
    /// The login was refused: waits for another nickname.
    Refused,
    Over,
}

impl Session {
    /// A session that wants to connect at once. `seed` feeds the jitter and the nonces.
    #[must_use]
    pub fn new(config: SessionConfig, now: Instant, seed: u64) -> Self {
        let hidden = config.hidden;
        let mut session = Self {
            config,
            now,
            stage: Stage::Refused,
            output: VecDeque::new(),
            generator: Generator::new(seed),
            back_off: BackOff::default(),
            decoder: FrameDecoder::new(MAX_PAYLOAD),
            pending: Vec::new(),
            unknown: VecDeque::new(),
            tracks: BTreeMap::new(),
            entering: VecDeque::new(),
            list_from: None,
            listing: 0,
            patience: None,
            token: None,
            limits: Vec::new(),
            defaults: Limits::default(),
            hidden,
            logged_in_once: false,
            lost_at: None,
            unknown_events: 0,
            next_id: 0,
        };
        session.connect();
        session
    }

    /// The connection stands.
    pub fn handle_connected(&mut self, now: Instant) {
        self.now = now;
        if let Stage::Connecting { deadline } = self.stage {
            let bytes = Vec::new();
            self.stage = Stage::Preface { deadline, bytes };
            self.decoder = FrameDecoder::new(MAX_PAYLOAD);
            let preface = ClientPreface::OURS.to_bytes().into();
            self.output.push_back(Output::Transmit(preface));
        }
    }

    /// The connection could not be made, or is gone.
    pub fn handle_disconnected(&mut self, now: Instant) {
        self.now = now;
        match self.stage {
            Stage::Connecting { .. } => self.lose(Loss::Connect, None, false),
            Stage::Up { quit: Some(_), .. } => self.end(Ending::Quit, false),
            Stage::Preface { .. } | Stage::Login { .. } | Stage::Up { .. } => {
                self.lose(Loss::Ended, None, false);
            }
            Stage::Away { .. } | Stage::Refused | Stage::Over => {}
        }
    }

    /// To be called when the instant of [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.stage_deadline().is_some_and(|due| due <= now) {
            match self.stage {
                Stage::Away { .. } => self.connect(),
                Stage::Connecting { .. } | Stage::Preface { .. } | Stage::Login { .. } => {
                    self.lose(Loss::LoginTimeout, None, true);
                }
                Stage::Up { quit: Some(_), .. } => self.end(Ending::Quit, true),
                Stage::Up {
                    pinged: Some(_), ..
                } => self.lose(Loss::Heartbeat, None, true),
                Stage::Up { ref mut pinged, .. } => {
                    *pinged = Some(now);
                    let nonce = self.generator.draw();
                    self.send_own(&ClientMessage::Ping { nonce }, Purpose::Ping);
                }
                Stage::Refused | Stage::Over => {}
            }
        }
        if self.patience.is_some_and(|due| due <= now) {
            self.patience = None;
            self.go_on();
        }
    }

    /// What to do next.
    pub fn poll_output(&mut self) -> Output {
        self.output.pop_front().unwrap_or_else(|| {
            let patience = self.patience.filter(|_| self.is_logged_in());
            Output::Wait(self.stage_deadline().into_iter().chain(patience).min())
        })
    }

    /// Says something; [`Event::Answered`] or [`Event::Unknown`] follows.
    pub fn post(
        &mut self,
        now: Instant,
        conversation: Conversation<'_>,
        text: &str,
    ) -> Result<RequestId, SendError> {
        let nonce = self.generator.draw();
        let post = ClientMessage::Post {
            conversation,
            epoch: None,
            nonce,
            text,
        };
        self.request(now, &post)
    }

    /// Asks for something; [`Event::Answered`] follows.
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
        let limit = usize::try_from(self.limit(Limit::Unanswered)).unwrap_or(usize::MAX);
        let users = self.pending.iter().filter(|one| one.purpose.is_users());
        if users.count() >= limit {
            return Err(SendError::TooManyUnanswered { limit });
        }
        Ok(self.send(message, Purpose::of(message))?)
    }

    /// Ends the session: politely where it is logged in.
    pub fn quit(&mut self, now: Instant) {
        self.now = now;
        match &mut self.stage {
            Stage::Up { quit: Some(_), .. } | Stage::Over => {}
            Stage::Up { quit, .. } => {
                *quit = Some(now + QUIT);
                self.send_own(&ClientMessage::Quit, Purpose::Quit);
            }
            Stage::Away { .. } | Stage::Refused => self.end(Ending::Quit, false),
            Stage::Connecting { .. } | Stage::Preface { .. } | Stage::Login { .. } => {
                self.end(Ending::Quit, true);
            }
        }
    }

    /// Tries another nickname after [`Event::LoginRefused`]; later it is what the next new login
    /// wishes for.
    pub fn set_nickname(&mut self, now: Instant, nickname: &str) -> Result<(), NameError> {
        Nickname::new(nickname)?;
        self.now = now;
        self.config.nickname = nickname.into();
        if let Stage::Refused = self.stage {
            self.connect();
        }
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
        matches!(self.stage, Stage::Up { quit: None, .. })
    }

    /// Whether one is hidden, as far as is known.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// A limit of the server, or its default before the first login.
    #[must_use]
    pub fn limit(&self, limit: Limit) -> u64 {
        let announced = self.limits.iter().find(|one| one.limit == limit as u16);
        announced.map_or_else(|| self.defaults[limit], |one| one.value)
    }

    /// How many events were skipped because this version does not know them.
    #[must_use]
    pub fn unknown_events(&self) -> u64 {
        self.unknown_events
    }

    pub(super) fn connect(&mut self) {
        let deadline = self.now + LOGIN;
        self.stage = Stage::Connecting { deadline };
        self.output.push_back(Output::Connect);
    }

    /// The connection is of no use; another will be made.
    pub(super) fn lose(&mut self, why: Loss, retry_after: Option<Duration>, disconnect: bool) {
        if let Stage::Up { since, .. } = self.stage {
            self.lost_at = Some(self.now);
            if self.now.since(since) >= LASTED {
                self.back_off.reset();
            }
        }
        self.drop_link(disconnect);
        let retry_in = self.back_off.next(&mut self.generator, retry_after);
        let until = self.now + retry_in;
        self.stage = Stage::Away { until };
        self.tell(Event::Lost { why, retry_in });
    }

    /// The session is over.
    pub(super) fn end(&mut self, why: Ending, disconnect: bool) {
        self.drop_link(disconnect);
        self.forget_pending();
        self.stage = Stage::Over;
        self.tell(Event::Ended { why });
    }

    pub(super) fn drop_link(&mut self, disconnect: bool) {
        self.output
            .retain(|output| !matches!(output, Output::Transmit(_)));
        // What belongs to the connection alone is begun anew on the next.
        self.pending
            .retain(|one| one.purpose.is_users() || matches!(one.purpose, Purpose::Enter(_)));
        self.patience = None;
        if disconnect {
            self.output.push_back(Output::Disconnect);
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
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

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others name nothing")]
    fn check(&self, message: &ClientMessage<'_>) -> Result<(), SendError> {
        match *message {
            ClientMessage::Login { .. } | ClientMessage::Pong { .. } | ClientMessage::Quit => {
                return Err(SendError::Reserved);
            }
            ClientMessage::Post {
                conversation, text, ..
            } => {
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

    fn stage_deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Away { until } => Some(until),
            Stage::Connecting { deadline }
            | Stage::Preface { deadline, .. }
            | Stage::Login { deadline } => Some(deadline),
            Stage::Up {
                quit: Some(due), ..
            } => Some(due),
            Stage::Up {
                pinged: Some(at), ..
            } => Some(at + Duration::from_millis(self.limit(Limit::PongMs))),
            Stage::Up { heard, .. } => {
                Some(heard + Duration::from_millis(self.limit(Limit::PingMs)))
            }
            Stage::Refused | Stage::Over => None,
        }
    }
}
