//! One thread for all sockets that are full, and for those that are only to be read empty.

use std::io;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use netcomm_core::limits::Limit;
use netcomm_core::server::{Buffer, Push};
use netcomm_core::time::Instant;
use tracing::Level;

use crate::hub::Hub;
use crate::peer::{Peer, Sent};
use crate::system::{Bell, Mutex};

/// A socket that is shut down for sending may go on sending for so long.
const LINGER: Duration = Duration::from_secs(1);

/// Where the system cannot wait for sockets, it is asked again after this.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How other threads hand a claim over.
#[derive(Debug)]
pub(crate) struct Stragglers {
    inbox: Mutex<Vec<Handed>>,
    bell: Bell,
}

#[derive(Debug)]
enum Handed {
    Full(Arc<Peer>),
    HalfClosed(Weak<Peer>),
}

impl Stragglers {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { inbox: Mutex::new(Vec::new()), bell: Bell::new()? })
    }

    /// Takes over the claim of a peer whose socket is full.
    pub(crate) fn full(&self, peer: Arc<Peer>) {
        self.hand(Handed::Full(peer));
    }

    /// Ends a socket that was shut down for sending, after a second.
    pub(crate) fn half_closed(&self, peer: &Arc<Peer>) {
        if !peer.is_ended() {
            self.hand(Handed::HalfClosed(Arc::downgrade(peer)));
        }
    }

    /// Wakes the thread: something was cut, or the server ends.
    pub(crate) fn wake(&self) {
        self.bell.ring();
    }

    fn hand(&self, handed: Handed) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.push(handed);
        drop(inbox);
        self.wake();
    }

    fn take(&self) -> Vec<Handed> {
        core::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs until the server ends.
pub(crate) fn run(hub: &Hub) {
    let stall = hub.limits.duration(Limit::WriteStallMs);
    let mut full: Vec<(Arc<Peer>, Instant)> = Vec::new();
    // Its own thread decides how long its socket stays open.
    let mut half: Vec<(Weak<Peer>, Instant)> = Vec::new();
    while !hub.is_stopping() {
        let due = full.iter().map(|(_, due)| *due);
        let due = due.chain(half.iter().map(|(_, due)| *due)).min();
        let writable = wait(hub, &full, due);
        let now = hub.now();
        let mut index = 0;
        full.retain_mut(|(peer, due)| {
            let ready = writable.get(index).copied().unwrap_or(false);
            index += 1;
            if *due <= now && !ready && peer.cut(&hub.waiting) != Push::Closed {
                let conn = peer.number;
                hub.log(Level::INFO, move || tracing::info!(conn, "takes nothing: cut"));
            } else if !ready && !peer.mailbox().is_cut() && *due > now {
                return true;
            }
            match peer.try_send(&mut Buffer::default(), &hub.waiting) {
                Sent::All => false,
                Sent::Finished => {
                    half.push((Arc::downgrade(peer), now + LINGER));
                    false
                }
                // One that is open is cut the next time.
                Sent::Full(false) if *due > now || peer.mailbox().is_open() => true,
                Sent::Full(false) => {
                    peer.abandon(&hub.waiting);
                    false
                }
                Sent::Full(true) | Sent::More => {
                    *due = now + stall;
                    true
                }
            }
        });
        half.retain(|(peer, due)| {
            let peer = peer.upgrade().filter(|peer| !peer.is_ended());
            let over = *due <= now;
            if let Some(peer) = peer.as_ref().filter(|_| over) {
                peer.end();
            }
            peer.is_some() && !over
        });
        for handed in hub.stragglers.take() {
            match handed {
                Handed::Full(peer) => {
                    // One that was cut on the way here is tried at once, and only once more.
                    let due = if peer.mailbox().is_cut() { now } else { now + stall };
                    full.push((peer, due));
                }
                Handed::HalfClosed(peer) => half.push((peer, now + LINGER)),
            }
        }
    }
}

/// Waits until a socket takes something, until `due`, or until it is woken.
fn wait(hub: &Hub, full: &[(Arc<Peer>, Instant)], due: Option<Instant>) -> Vec<bool> {
    let left = due.map(|due| due.since(hub.now()));
    let sockets = full.iter().map(|(peer, _)| &peer.socket);
    hub.stragglers.bell.wait(sockets, left).unwrap_or_else(|error| {
        hub.log(Level::ERROR, move || tracing::error!(%error, "waiting for sockets"));
        std::thread::sleep(BACK_OFF);
        Vec::new()
    })
}
