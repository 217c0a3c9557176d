//! What waits for each connection of the server.

use std::collections::BTreeMap;

use allocation_counter::{measure, opt_out};
use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    ConnId, Deliver, Face, Mailbox, Outgoing, Push, Recipient, Recipients, farewell,
};
use netcomm_core::time::Instant;
use netcomm_core::wire::CloseCode;

use super::server::SocketId;

/// All mailboxes, and what was put into them since somebody last asked.
pub struct Outboxes {
    pub limits: Limits,
    pub all: BTreeMap<ConnId, Outbox>,
    pub told: Vec<Told>,
}

/// A frame, and whom it was for. Those of the text face got the same in words.
pub struct Told {
    pub to: Vec<SocketId>,
    pub frame: Vec<u8>,
}

/// What waits for one connection.
pub struct Outbox {
    pub mailbox: Mailbox,
    pub socket: SocketId,
    face: Face,
    /// Whether something is to be sent.
    pub claimed: bool,
    /// By then it must have taken something.
    pub stalls: Option<Instant>,
}

/// Does something, and counts what it leaves in memory, or frees.
pub fn counted<T>(held: &mut i64, act: impl FnOnce() -> T) -> T {
    let mut result = None;
    *held += measure(|| result = Some(act())).bytes_current;
    result.expect("it was done")
}

impl Outboxes {
    pub fn new(limits: Limits) -> Self {
        Self { limits, all: BTreeMap::new(), told: Vec::new() }
    }

    pub fn is_behind(&self, conn: Option<ConnId>) -> bool {
        let outbox = conn.and_then(|conn| self.all.get(&conn));
        outbox.is_some_and(|outbox| outbox.mailbox.is_behind(&self.limits))
    }

    pub fn close(&mut self, conn: ConnId, last: &[u8]) {
        if let Some(outbox) = self.all.get_mut(&conn) {
            let push = outbox.mailbox.close(last);
            outbox.note(push);
        }
    }

    /// No mailbox holds more than it may, and a last word.
    pub fn check(&self) {
        let most = self.limits.count(Limit::MailboxBytes) + 1024;
        for outbox in self.all.values() {
            assert!(outbox.mailbox.len() <= most, "{} bytes wait", outbox.mailbox.len());
        }
    }

    fn tell(&mut self, to: impl Iterator<Item = ConnId>, frame: &[u8]) {
        opt_out(|| {
            let to = to.filter_map(|conn| Some(self.all.get(&conn)?.socket)).collect();
            self.told.push(Told { to, frame: frame.to_vec() });
        });
    }
}

impl Outbox {
    pub fn new(socket: SocketId) -> Self {
        let mailbox = Mailbox::default();
        Self { mailbox, socket, face: Face::Text, claimed: false, stalls: None }
    }

    /// Takes note of what a push came to.
    fn note(&mut self, push: Push) {
        self.claimed |= push == Push::Claim || self.mailbox.is_cut();
    }

    /// Drops what waits for a peer that is too slow, and leaves it a last word.
    pub fn cut(&mut self) -> Push {
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
        self.tell(to.iter().map(|to| to.conn), message.bytes(Face::Framed));
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        Self::close(self, to.conn, last.bytes(to.face));
        self.tell([to.conn].into_iter(), last.bytes(Face::Framed));
    }
}
