//! What both faces have in common: deadlines, the heartbeat, the way to the end.

use core::time::Duration;

use super::bucket::{Cost, Throttle};
use crate::limits::{Limit, Limits};
use crate::server::incoming::{Incoming, Next};
use crate::time::Instant;
use crate::wire::{CloseCode, RefusalCode, RequestId};

/// So many frames or lines may come before a login succeeds; one more closes the connection.
pub(super) const MESSAGES_BEFORE_LOGIN: u8 = 16;

/// So much is discarded after the last word, in bytes and in time. A socket that is closed
/// while input waits would destroy what was said last.
const DISCARDED_BYTES: usize = 64 * 1024;
const DISCARDED_TIME: Duration = Duration::from_secs(1);

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not logged in; cut at this instant.
    Login(Instant),
    /// Logged in.
    Session,
    /// Everything is said: input is discarded, up to so many bytes, until this instant.
    Discarding(usize, Instant),
    /// Nothing more comes of it.
    Finished,
}

/// The deadlines and limits of one connection.
#[derive(Debug)]
pub(super) struct Life {
    stage: Stage,
    /// When the peer was last known to be there, or when it was pinged.
    heard: Instant,
    /// Whether a ping waits for a sign of life.
    pinged: bool,
    /// Whether reading pauses. What the peer says meanwhile cannot be heard.
    paused: bool,
    before_login: u8,
    ping: Duration,
    pong: Duration,
    throttle: Throttle,
}

impl Life {
    pub(super) fn new(limits: &Limits, now: Instant, login: Duration) -> Self {
        Self {
            stage: Stage::Login(now + login),
            heard: now,
            pinged: false,
            paused: false,
            before_login: 0,
            ping: limits.duration(Limit::PingMs),
            pong: limits.duration(Limit::PongMs),
            throttle: Throttle::new(limits, now),
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.stage == Stage::Session
    }

    /// The login must have come by then.
    pub(super) fn login_by(&mut self, deadline: Instant) {
        self.stage = Stage::Login(deadline);
    }

    pub(super) fn log_in(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Login(_)) {
            self.stage = Stage::Session;
            self.hear(now);
        }
    }

    /// Bytes came, or a pause is over.
    pub(super) fn take_input(&mut self, now: Instant, any: bool) {
        if any || self.paused {
            self.hear(now);
        }
    }

    fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = false;
        self.paused = false;
    }

    /// The last word is said.
    pub(super) fn discard(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Login(_) | Stage::Session) {
            self.stage = Stage::Discarding(DISCARDED_BYTES, now + DISCARDED_TIME);
        }
    }

    pub(super) fn finish<'a>(&mut self) -> Next<'a> {
        self.stage = Stage::Finished;
        Next::Finished
    }

    /// Input after the last word.
    pub(super) fn discarded<'a>(&mut self, now: Instant, bytes: usize) -> Next<'a> {
        if let Stage::Discarding(left, until) = &mut self.stage {
            *left = left.saturating_sub(bytes);
            if *left > 0 && now < *until {
                return Next::NeedsBytes;
            }
        }
        self.finish()
    }

    /// Closes through the router, which knows the peer.
    pub(super) fn close<'a>(&mut self, now: Instant, code: CloseCode) -> Next<'a> {
        self.discard(now);
        Next::Message(Incoming::Close(code))
    }

    /// Counts a message that came before the login: false once they are too many.
    pub(super) fn may_try(&mut self) -> bool {
        let tries = self.before_login.saturating_add(1);
        self.before_login = tries;
        tries <= MESSAGES_BEFORE_LOGIN
    }

    /// Whether [`Self::pause`] must be asked.
    pub(super) fn is_dry(&self, now: Instant) -> bool {
        self.is_logged_in() && self.throttle.is_dry(now)
    }

    /// Until when a message of this cost must wait.
    pub(super) fn pause(&mut self, now: Instant, cost: Cost) -> Option<Instant> {
        let wait = self.throttle.pause(cost, now);
        self.paused = !wait.is_zero();
        self.paused.then(|| now + wait)
    }

    /// The caller does not read for now.
    pub(super) fn hold(&mut self) {
        self.paused = true;
    }

    /// Silence is counted from now on.
    pub(super) fn forgive(&mut self, now: Instant) {
        if self.is_logged_in() && !self.paused {
            self.hear(now);
        }
    }

    /// Pays for `incoming`; what cannot be paid for is refused.
    pub(super) fn admit<'a>(
        &mut self,
        now: Instant,
        id: RequestId,
        cost: Cost,
        incoming: Incoming<'a>,
    ) -> Next<'a> {
        if !self.is_logged_in() {
            return Next::Message(incoming);
        }
        Next::Message(match self.throttle.take(cost, now) {
            Ok(()) => incoming,
            Err(beyond) => Incoming::Refuse {
                id,
                code: RefusalCode::RATE_LIMITED,
                retry_after: Some(beyond.retry_after),
                text: beyond.text,
            },
        })
    }

    /// How many posts may come at once.
    pub(super) fn posts_left(&self, now: Instant) -> usize {
        if self.is_logged_in() { self.throttle.posts_left(now) } else { 0 }
    }

    /// Pays for so many posts as came, if any did. No more came than might.
    pub(super) fn admit_posts(&mut self, now: Instant, count: usize) {
        if count > 0 {
            self.hear(now);
            self.throttle.take_posts(count, now);
        }
    }

    /// When something is due; `heartbeat` says whether the face has one.
    pub(super) fn deadline(&self, heartbeat: bool) -> Option<Instant> {
        match self.stage {
            Stage::Login(until) | Stage::Discarding(_, until) => Some(until),
            Stage::Session if heartbeat && !self.paused => {
                let patience = if self.pinged { self.pong } else { self.ping };
                Some(self.heard + patience)
            }
            Stage::Session | Stage::Finished => None,
        }
    }

    /// The heartbeat is due.
    pub(super) fn beat<'a>(&mut self, now: Instant) -> Next<'a> {
        if self.pinged {
            return self.close(now, CloseCode::HEARTBEAT_TIMEOUT);
        }
        self.pinged = true;
        self.heard = now;
        Next::Message(Incoming::PingDue)
    }
}
