//! Those whose output one thread is to send.

use std::sync::Arc;

use netcomm_core::limits::Limit;
use netcomm_core::server::Buffer;

use crate::hub::Hub;
use crate::peer::{Peer, Sent};

/// Those whose output a thread has claimed, and sends before it waits.
#[derive(Debug)]
#[must_use = "what is claimed must be sent"]
pub(crate) struct Claims<'a> {
    pub(crate) hub: &'a Hub,
    peers: Vec<Arc<Peer>>,
    /// For mailboxes that begin to fill.
    spare: Vec<Buffer>,
    /// How many were routed since it last sent.
    frames: usize,
    is_due: bool,
    are_several: bool,
}

impl<'a> Claims<'a> {
    pub(crate) fn none(hub: &'a Hub) -> Self {
        let (peers, spare) = Default::default();
        Self { hub, peers, spare, frames: 0, is_due: false, are_several: false }
    }

    pub(crate) fn add(&mut self, peer: &Arc<Peer>) {
        self.peers.push(Arc::clone(peer));
    }

    /// Takes note that so many are told so much.
    pub(crate) fn note(&mut self, audience: usize, frames: usize) {
        self.are_several |= audience > 1;
        self.frames += frames;
        // A claim is not kept for long: others rely on it, and go on.
        self.is_due |= self.frames > self.hub.limits.count(Limit::MailboxFrames) / 4;
    }

    /// So much waits for somebody that it should be sent before more is routed.
    pub(crate) fn hurry(&mut self) {
        self.is_due = true;
    }

    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    /// Whether several were told something at once.
    pub(crate) fn are_several(&self) -> bool {
        self.are_several
    }

    /// A buffer for a mailbox that begins to fill.
    pub(crate) fn buffer(&mut self) -> Buffer {
        if self.spare.is_empty() {
            // The more mailboxes begin to fill, the more will.
            self.hub.buffers.take_some(self.peers.len() + 2, &mut self.spare);
        }
        self.spare.pop().unwrap_or_default()
    }

    /// Sends what was claimed, without waiting for a socket: what does not fit is left to those
    /// who read the sockets.
    pub(crate) fn send(&mut self) {
        let hub = self.hub;
        (self.frames, self.is_due, self.are_several) = (0, false, false);
        for peer in self.peers.drain(..) {
            if peer.send(&hub.waiting, &mut self.spare) != Sent::All {
                peer.call_reader();
            }
        }
        hub.buffers.give_back_all(&mut self.spare);
    }
}
