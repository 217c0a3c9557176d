//! What the reader of a connection sends for it: what others could not, because the socket was
//! full. And how long a socket that says no more stays open.

use std::time::Duration;

use netcomm_core::limits::Limit;
use netcomm_core::server::{Buffer, Push};
use netcomm_core::time::Instant;
use tracing::Level;

use crate::hub::Hub;
use crate::peer::{Peer, Sent};

/// A socket that is shut down for sending may go on sending for so long.
const LINGER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Outlet {
    /// The mailbox is to be looked at.
    pub(crate) is_called: bool,
    /// The socket may take something.
    pub(crate) takes: bool,
    /// Where the claim is held here, the time by which the socket must take something.
    stall: Option<Instant>,
    /// When the socket is ended that says no more.
    linger: Option<Instant>,
}

impl Default for Outlet {
    fn default() -> Self {
        // Who could not send before there was a reader, could not call it either.
        Self { is_called: true, takes: false, stall: None, linger: None }
    }
}

impl Outlet {
    /// When it must be tended at the latest.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.stall, self.linger].into_iter().flatten().min()
    }

    /// Whether the socket says no more, and is not ended yet.
    pub(crate) fn lingers(&self) -> bool {
        self.linger.is_some()
    }

    /// Whether there is more to send than one turn was for.
    pub(crate) fn has_more(&self) -> bool {
        self.takes && self.stall.is_some()
    }

    /// Sends what waits if the socket takes it, and ends what has taken nothing for too long.
    pub(crate) fn tend(&mut self, peer: &Peer, hub: &Hub) {
        let now = hub.now();
        let stalled = now + hub.limits.duration(Limit::WriteStallMs);
        if core::mem::take(&mut self.is_called) {
            let mailbox = peer.mailbox();
            if mailbox.is_straggling() && self.stall.is_none() {
                // It may never have been full: then nothing would tell that it takes something.
                (self.stall, self.takes) = (Some(stalled), true);
            }
            if mailbox.is_closed() {
                self.linger.get_or_insert(now + LINGER);
            }
        }
        if self.linger.is_some_and(|linger| linger <= now) {
            peer.end();
        }
        let Some(due) = self.stall else { return };
        let (is_over, takes) = (due <= now, core::mem::take(&mut self.takes));
        if is_over && !takes && peer.cut(&hub.waiting) != Push::Closed {
            let conn = peer.number;
            hub.log(Level::INFO, move || tracing::info!(conn, "takes nothing: cut"));
        } else if !is_over && !takes && !peer.mailbox().is_cut() {
            return;
        }
        self.stall = match peer.try_send(&mut Buffer::default(), &hub.waiting) {
            Sent::All => None,
            Sent::Finished => {
                self.linger.get_or_insert(now + LINGER);
                None
            }
            // One that is open is cut the next time.
            Sent::Full(false) if !is_over || peer.mailbox().is_open() => Some(due),
            Sent::Full(false) => {
                peer.abandon(&hub.waiting);
                None
            }
            sent => {
                self.takes = sent == Sent::More;
                Some(stalled)
            }
        };
    }
}
