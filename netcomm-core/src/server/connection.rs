//! One socket, as far as nobody else is concerned: its face, its frames or lines, its deadlines,
//! its rate limits.

use super::incoming::{After, Incoming, Next};
use crate::limits::Limits;
use crate::time::Instant;
use crate::wire::CloseCode;

/// The state of one socket, outside any lock.
#[derive(Debug)]
pub struct Connection {}

impl Connection {
    /// For a socket that the router has accepted.
    #[must_use]
    pub fn new(limits: &Limits, now: Instant) -> Self {
        let _ = (limits, now);
        Self {}
    }

    /// For a socket that the router has not accepted: tells the peer why, in its own words.
    #[must_use]
    pub fn refusing(limits: &Limits, now: Instant, code: CloseCode) -> Self {
        let _ = (limits, now, code);
        Self {}
    }

    /// Reads on. `input` is what the socket gave; what is consumed is taken off it.
    pub fn next<'a>(&'a mut self, now: Instant, input: &mut &'a [u8]) -> Next<'a> {
        let _ = (now, input);
        Next::Finished
    }

    /// The peer sends no more: what is left of what it sent. Call until `Finished`, then close.
    pub fn end_of_input(&mut self, now: Instant) -> Next<'_> {
        let _ = now;
        Next::Finished
    }

    /// Takes note of what the router said of the last message.
    pub fn apply(&mut self, now: Instant, after: After) {
        let _ = (now, after);
    }

    /// To be called when [`Self::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) -> Next<'static> {
        let _ = (now, Incoming::PingDue);
        Next::Finished
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
