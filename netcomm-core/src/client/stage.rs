//! How far the connection is, and what time makes of it.

use alloc::vec::Vec;
use core::time::Duration;

use super::pending::Purpose;
use super::session::Output;
use super::{Ending, Event, Loss, Session};
use crate::frame::{FrameDecoder, MAX_PAYLOAD};
use crate::limits::Limit;
use crate::preface::ClientPreface;
use crate::time::Instant;
use crate::wire::ClientMessage;

/// From the attempt to connect to the login.
const LOGIN: Duration = Duration::from_secs(10);

/// How long a requested quit may take.
const QUIT: Duration = Duration::from_secs(2);

/// A login that lasted so long resets the back-off.
const LASTED: Duration = Duration::from_secs(10);

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
        /// Whether to leave as soon as one is let in.
        quitting: bool,
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
            _ if self.is_quitting() => self.end(Ending::Quit, false),
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
                _ if self.is_quitting() => self.end(Ending::Quit, true),
                Stage::Away { .. } => self.connect(),
                Stage::Connecting { .. } | Stage::Preface { .. } | Stage::Login { .. } => {
                    self.lose(Loss::LoginTimeout, None, true);
                }
                Stage::Up { pinged: Some(_), .. } => self.lose(Loss::Heartbeat, None, true),
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

    /// Ends the session: politely where it is logged in, or about to be. What was asked before is
    /// still answered, within two seconds.
    pub fn quit(&mut self, now: Instant) {
        self.now = now;
        match &mut self.stage {
            Stage::Up { quit: Some(_), .. } | Stage::Over => {}
            Stage::Up { .. } => self.say_quit(now + QUIT),
            Stage::Login { deadline, quitting } => {
                // The server may have let one in already: without a word the name stays taken.
                *deadline = (now + QUIT).min(*deadline);
                *quitting = true;
            }
            Stage::Away { .. } | Stage::Refused => self.end(Ending::Quit, false),
            Stage::Connecting { .. } | Stage::Preface { .. } => self.end(Ending::Quit, true),
        }
    }

    /// Whether a quit was requested.
    pub(super) const fn is_quitting(&self) -> bool {
        matches!(self.stage, Stage::Up { quit: Some(_), .. } | Stage::Login { quitting: true, .. })
    }

    /// Says goodbye, and waits until then for what the server still has to say.
    pub(super) fn say_quit(&mut self, due: Instant) {
        if let Stage::Up { quit, .. } = &mut self.stage {
            *quit = Some(due);
            self.send_own(&ClientMessage::Quit, Purpose::Quit);
        }
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
        if let Stage::Login { .. } = self.stage
            && !matches!(why, Loss::Refused { .. })
        {
            // A welcome may have been on its way: the name is one's own then.
            self.lost_at = Some(self.now);
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
        self.output.retain(|output| !matches!(output, Output::Transmit(_)));
        // What belongs to the connection alone is begun anew on the next.
        self.pending
            .retain(|one| one.purpose.is_users() || matches!(one.purpose, Purpose::Enter(_)));
        self.patience = None;
        if disconnect {
            self.output.push_back(Output::Disconnect);
        }
    }

    pub(super) fn stage_deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Away { until } => Some(until),
            Stage::Connecting { deadline }
            | Stage::Preface { deadline, .. }
            | Stage::Login { deadline, .. } => Some(deadline),
            Stage::Up { quit: Some(due), .. } => Some(due),
            Stage::Up { pinged: Some(at), .. } => {
                Some(at + Duration::from_millis(self.limit(Limit::PongMs)))
            }
            Stage::Up { heard, .. } => {
                Some(heard + Duration::from_millis(self.limit(Limit::PingMs)))
            }
            Stage::Refused | Stage::Over => None,
        }
    }
}
