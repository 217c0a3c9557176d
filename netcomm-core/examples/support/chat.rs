//! What all peers of a driver share: the router, and a mailbox for each of them.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    After, ConnId, Deliver, Face, Incoming, Mailbox, Outgoing, Push, Recipient, Recipients, Router,
    farewell,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::CloseCode;

/// What all peers share.
pub(crate) struct Chat {
    pub(crate) limits: Limits,
    pub(crate) router: Router,
    pub(crate) outboxes: Outboxes,
    /// How many peers the router does not know.
    pub(crate) refused: usize,
    started: std::time::Instant,
}

impl Chat {
    pub(crate) fn new(limits: Limits) -> io::Result<Self> {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = unix.map_or(0, |passed| u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(unix));
        let router = Router::new(limits.clone(), clock, random()?);
        let outboxes = Outboxes { limits: limits.clone(), all: BTreeMap::new() };
        Ok(Self { limits, router, outboxes, refused: 0, started: std::time::Instant::now() })
    }

    /// The core reads no clock: it is told.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_epoch(self.started.elapsed())
    }

    /// To be called when the router's `poll_timeout` has come; too early does no harm.
    pub(crate) fn on_time(&mut self) {
        let now = self.now();
        if self.router.poll_timeout().is_some_and(|due| due <= now) {
            self.router.handle_timeout(now, &mut self.outboxes);
        }
    }

    /// Tells everybody to come back later. Answers until when they are waited for.
    pub(crate) fn shut_down(&mut self) -> Instant {
        let now = self.now();
        self.router.shut_down(now, Duration::from_secs(1), &mut self.outboxes);
        now + self.limits.duration(Limit::DrainMs)
    }

    pub(crate) fn handle(&mut self, id: ConnId, incoming: &Incoming<'_>) -> After {
        self.router.handle(self.now(), id, incoming, &mut self.outboxes)
    }
}

/// All mailboxes: the router fills them through [`Deliver`].
pub(crate) struct Outboxes {
    limits: Limits,
    pub(crate) all: BTreeMap<ConnId, Outbox>,
}

/// What waits for one peer.
pub(crate) struct Outbox {
    pub(crate) mailbox: Mailbox,
    face: Face,
    /// Whether something is to be sent.
    pub(crate) is_claimed: bool,
    wake: Box<dyn Fn() + Send>,
}

impl Outbox {
    pub(crate) fn new(wake: Box<dyn Fn() + Send>) -> Self {
        Self { mailbox: Mailbox::default(), face: Face::Text, is_claimed: false, wake }
    }

    /// Takes note of what a push came to.
    pub(crate) fn note(&mut self, push: Push) {
        if push == Push::Claim || self.mailbox.is_cut() {
            self.is_claimed = true;
            (self.wake)();
        }
    }

    /// Drops what waits for a peer that is too slow, and leaves it a last word.
    pub(crate) fn cut(&mut self) -> Push {
        let push = self.mailbox.cut(&farewell(self.face, CloseCode::SLOW_CONSUMER));
        self.note(push);
        push
    }
}

impl Deliver for Outboxes {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            let Some(outbox) = self.all.get_mut(&to.conn) else { continue };
            outbox.face = to.face;
            let push = outbox.mailbox.push_all(message.frames(to.face), &self.limits);
            let push = if push == Push::Overflow { outbox.cut() } else { push };
            outbox.note(push);
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        if let Some(outbox) = self.all.get_mut(&to.conn) {
            let push = outbox.mailbox.close(last.bytes(to.face));
            outbox.note(push);
        }
    }
}

/// For the core, which has no randomness of its own.
pub(crate) fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
