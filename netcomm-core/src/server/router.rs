//! Who is where and who hears what, for all connections.

use core::net::IpAddr;
use core::time::Duration;

use super::deliver::{ConnId, Deliver};
use super::incoming::{After, Incoming};
use crate::limits::Limits;
use crate::time::{Instant, WallClock};
use crate::wire::CloseCode;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Origin {
    /// The peer's network address, for the limits per address.
    Address(IpAddr),
    /// Somewhere that no limit per address applies to.
    Exempt,
}

/// The chat's state.
#[derive(Debug)]
pub struct Router {}

impl Router {
    /// An empty chat. `seed` is random: it keeps users from choosing what collides in hash tables,
    /// and gives the conversation of everyone its epoch.
    #[must_use]
    pub fn new(limits: Limits, clock: WallClock, seed: [u8; 16]) -> Self {
        let _ = (limits, clock, seed);
        Self {}
    }

    /// A connection from `origin`. `entropy` is random, and secret: tokens and epochs are made of
    /// it. An error says why it is not accepted: see [`super::Connection::refusing`].
    pub fn connect(
        &mut self,
        now: Instant,
        origin: Origin,
        entropy: [u8; 16],
        out: &mut impl Deliver,
    ) -> Result<ConnId, CloseCode> {
        let _ = (now, origin, entropy, out);
        Err(CloseCode::FULL)
    }

    /// Executes what a connection says.
    pub fn handle(
        &mut self,
        now: Instant,
        from: ConnId,
        incoming: Incoming<'_>,
        out: &mut impl Deliver,
    ) -> After {
        let _ = (now, from, incoming, out);
        After::Nothing
    }

    /// The connection is gone. Its id is never used again.
    pub fn disconnect(&mut self, now: Instant, conn: ConnId, out: &mut impl Deliver) {
        let _ = (now, conn, out);
    }

    /// Begins to end: new connections are refused, everybody is told to come back after
    /// `retry_after`, and closed.
    pub fn shut_down(&mut self, now: Instant, retry_after: Duration, out: &mut impl Deliver) {
        let _ = (now, retry_after, out);
    }

    /// To be called when [`Self::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Deliver) {
        let _ = (now, out);
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
