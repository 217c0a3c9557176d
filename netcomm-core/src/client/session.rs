//! The session itself.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::Event;
use super::backoff::{BackOff, Generator};
use super::pending::{Enter, Pending, Post, Purpose};
use super::repair::Listing;
use super::stage::Stage;
use super::tracks::Tracks;
use crate::frame::{FrameDecoder, MAX_PAYLOAD};
use crate::limits::{Limit, Limits, TABLE};
use crate::name::{NameError, NameKey, Nickname};
use crate::time::Instant;
use crate::wire::{Conversation, LimitValue, RequestId, ResumeToken};

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
        Self { nickname: nickname.into(), hidden: false, rooms: Vec::new() }
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
    pub(super) tracks: Tracks,
    pub(super) entering: VecDeque<Enter>,
    pub(super) listing: Listing,
    /// Whether the last login was a resume.
    pub(super) is_resumed: bool,
    /// When the session's own requests may go on after a `rate_limited`.
    pub(super) patience: Option<Instant>,
    pub(super) token: Option<ResumeToken>,
    pub(super) limits: Vec<LimitValue>,
    pub(super) defaults: Limits,
    pub(super) hidden: bool,
    pub(super) logged_in_once: bool,
    pub(super) lost_at: Option<Instant>,
    pub(super) unknown_events: u64,
    pub(super) next_id: u32,
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
            tracks: Tracks::default(),
            entering: VecDeque::new(),
            listing: Listing::default(),
            is_resumed: false,
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

    /// What to do next.
    pub fn poll_output(&mut self) -> Output {
        self.output.pop_front().unwrap_or_else(|| {
            let patience = self.patience.filter(|_| self.is_logged_in());
            Output::Wait(self.stage_deadline().into_iter().chain(patience).min())
        })
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
        let info = TABLE.iter().find(|info| info.limit == limit);
        // What no server may be configured with is not believed.
        let within = |value: u64| info.map_or(value, |info| value.clamp(info.min, info.max));
        announced.map_or_else(|| self.defaults[limit], |one| within(one.value))
    }

    /// What one has said and is not answered, with the number of each request.
    pub fn posts(&self) -> impl Iterator<Item = (RequestId, Conversation<'_>, &str)> {
        self.pending.iter().filter_map(|one| {
            let Purpose::Post(post) = &one.purpose else {
                return None;
            };
            Some((one.id, post.conversation.as_ref(), &*post.text))
        })
    }

    /// Whether the session is about to be in this room by itself, as after a login that is no
    /// resume. [`Event::RoomEntered`] or [`Event::RoomRefused`] follows; until then a text for the
    /// room would be refused.
    #[must_use]
    pub fn is_entering(&self, room: &str) -> bool {
        let key = NameKey::of(room);
        let is_it = |enter: &Enter| NameKey::of(&enter.room) == key;
        let mut asked = self.pending.iter();
        self.entering.iter().any(is_it)
            || asked.any(|one| matches!(&one.purpose, Purpose::Enter(enter) if is_it(enter)))
    }

    /// How many events were skipped because this version does not know them.
    #[must_use]
    pub fn unknown_events(&self) -> u64 {
        self.unknown_events
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
    }
}
