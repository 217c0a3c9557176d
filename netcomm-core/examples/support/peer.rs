//! What two drivers of a server have in common: one peer, but for its socket.
//!
//! A driver reads and tells [`Peer::hear`]; it sends what [`Peer::bytes_to_send`] gives and tells
//! [`Peer::sent`]; it waits until [`Peer::due`]. Here is no I/O, and nothing is decided about the
//! protocol: bytes go to the `Connection`, its messages to the `Router`, the router's words into
//! `Mailbox`es.

use std::io;
use std::net::IpAddr;

use netcomm_core::limits::Limit;
use netcomm_core::server::{
    After, Buffer, ConnId, Connection, Incoming, Next, Origin, Push, Wrote,
};
use netcomm_core::time::Instant;
use netcomm_core::wire::CloseCode;

use super::chat::{Chat, Outbox, random};

/// So many who are refused are told why at a time; others are just closed.
const REFUSED: usize = 64;

/// Somebody at the other end of a socket.
pub(crate) struct Peer {
    connection: Connection,
    /// The router's name for it; one that it has refused has none.
    id: Option<ConnId>,
    /// The last words to one that has none.
    farewell: Option<Vec<u8>>,
    input: Input,
    /// What was read, and not taken by the connection yet.
    rest: Vec<u8>,
    /// Whether the peer sends no more.
    ended: bool,
    /// Whether the socket takes nothing, as far as is known.
    is_full: bool,
    /// By then it must have taken something.
    stalls: Option<Instant>,
}

/// How it goes on with what a peer says.
#[derive(Clone, Copy, PartialEq)]
enum Input {
    /// When bytes come.
    Wants,
    /// Not before this instant, but then without new bytes.
    Holds(Instant),
    /// Not at all: the socket is closed when everything is sent.
    Over,
}

impl Peer {
    /// Somebody has connected. `wake` is called when something is to be sent that nobody knows of
    /// yet. `None`: close the socket without a word.
    pub(crate) fn new(
        chat: &mut Chat,
        address: IpAddr,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Option<Self>> {
        let (now, origin) = (chat.now(), Origin::Address(address));
        let (id, connection) = match chat.router.connect(now, origin, random()?, &mut chat.outboxes)
        {
            Ok(id) => (Some(id), Connection::new(&chat.limits, now)),
            Err(_) if chat.refused >= REFUSED => return Ok(None),
            Err(why) => (None, Connection::refusing(&chat.limits, now, why)),
        };
        if let Some(id) = id {
            chat.outboxes.all.insert(id, Outbox::new(Box::new(wake)));
        } else {
            chat.refused += 1;
        }
        let (input, rest) = (Input::Wants, Vec::new());
        let (farewell, ended, is_full, stalls) = (None, false, false, None);
        Ok(Some(Self { connection, id, farewell, input, rest, ended, is_full, stalls }))
    }

    /// Whether the socket is to be read.
    pub(crate) fn wants_input(&self) -> bool {
        self.input == Input::Wants
    }

    /// Whether it is to be told when the socket takes something again.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// When [`Self::on_time`] is to be called, whatever the socket does.
    pub(crate) fn due(&self, chat: &Chat) -> Option<Instant> {
        let (holds, deadline) = match self.input {
            Input::Over => (None, None),
            Input::Wants => (None, self.connection.poll_timeout()),
            Input::Holds(_) if self.is_behind(chat) => (None, self.connection.poll_timeout()),
            Input::Holds(until) => (Some(until), self.connection.poll_timeout()),
        };
        [holds, deadline, self.stalls].into_iter().flatten().min()
    }

    /// Whether it asks for more than it reads: then nothing more is routed.
    fn is_behind(&self, chat: &Chat) -> bool {
        let outbox = self.id.and_then(|id| chat.outboxes.all.get(&id));
        outbox.is_some_and(|outbox| outbox.mailbox.is_behind(&chat.limits))
    }

    /// These bytes were read; none: it sends no more.
    pub(crate) fn hear(&mut self, chat: &mut Chat, bytes: &[u8]) {
        self.ended = bytes.is_empty();
        self.rest = bytes.to_vec();
        self.route(chat);
    }

    /// Does what is due; too early does no harm.
    pub(crate) fn on_time(&mut self, chat: &mut Chat) {
        let now = chat.now();
        if self.is_behind(chat) {
            self.connection.forgive(now);
        }
        while self.input != Input::Over
            && self.connection.poll_timeout().is_some_and(|due| due <= now)
        {
            let next = self.connection.handle_timeout(now);
            match step(chat, self.id, &mut self.farewell, next) {
                Step::Apply(after) => self.connection.apply(now, after),
                Step::Finish => self.finish(chat),
                Step::Wait(_) => break,
            }
        }
        if matches!(self.input, Input::Holds(until) if until <= now && !self.is_behind(chat)) {
            self.route(chat);
        }
        // Where there is room again, it is to be tried first.
        if self.is_full && self.stalls.is_some_and(|due| due <= now) {
            let outbox = self.id.and_then(|id| chat.outboxes.all.get_mut(&id));
            if outbox.is_none_or(|outbox| outbox.cut() == Push::Closed) {
                // It does not even take that it is closed.
                self.break_off(chat);
            }
        }
    }

    /// Routes what it has said, until more is wanted of it.
    fn route(&mut self, chat: &mut Chat) {
        let rest = std::mem::take(&mut self.rest);
        let mut bytes = &rest[..];
        self.input = loop {
            let now = chat.now();
            if self.is_behind(chat) {
                self.connection.hold();
                break Input::Holds(now);
            }
            let next = if self.ended {
                self.connection.end_of_input(now)
            } else {
                self.connection.next(now, &mut bytes)
            };
            match step(chat, self.id, &mut self.farewell, next) {
                Step::Apply(after) => self.connection.apply(now, after),
                Step::Wait(Some(until)) => break Input::Holds(until),
                Step::Wait(None) if !self.ended => break Input::Wants,
                Step::Wait(None) | Step::Finish => return self.finish(chat),
            }
        };
        self.rest = bytes.to_vec();
    }

    /// Nothing more will be heard: others learn of it now, and what waits is still sent.
    fn finish(&mut self, chat: &mut Chat) {
        self.input = Input::Over;
        if let Some(id) = self.id {
            if let Some(outbox) = chat.outboxes.all.get_mut(&id) {
                let push = outbox.mailbox.close(&[]);
                outbox.note(push);
            }
            let after = chat.handle(id, &Incoming::Close(CloseCode::QUIT));
            debug_assert_eq!(after, After::Closed);
        }
    }

    /// The socket is broken: nothing is heard or sent any more.
    pub(crate) fn break_off(&mut self, chat: &mut Chat) {
        self.input = Input::Over;
        self.farewell = None;
        if let Some(outbox) = self.id.and_then(|id| chat.outboxes.all.get_mut(&id)) {
            outbox.mailbox.abandon();
        }
    }

    /// The socket takes something again.
    pub(crate) fn on_writable(&mut self) {
        self.is_full = false;
    }

    /// What the socket is to be given now.
    pub(crate) fn bytes_to_send(&mut self, chat: &mut Chat) -> Option<Buffer> {
        let Some(id) = self.id else {
            return self.farewell.take().map(Buffer::from);
        };
        let outbox = chat.outboxes.all.get_mut(&id)?;
        let is_tried = outbox.is_claimed && (!self.is_full || outbox.mailbox.is_cut());
        is_tried.then(|| {
            let mut bytes = Buffer::default();
            outbox.mailbox.take(&mut bytes);
            bytes
        })
    }

    /// The socket took so much of what it was given. Answers whether that was the last: then
    /// sending is to be shut down.
    pub(crate) fn sent(&mut self, chat: &mut Chat, mut bytes: Buffer, sent: usize) -> bool {
        let Some((id, outbox)) = self.id.and_then(|id| Some((id, chat.outboxes.all.get_mut(&id)?)))
        else {
            return true;
        };
        let wrote = outbox.mailbox.wrote(&mut bytes, sent);
        outbox.is_claimed = wrote == Wrote::More;
        self.is_full = wrote == Wrote::More;
        let now = chat.now();
        let stalls = self.stalls.filter(|_| sent == 0);
        let stall = chat.limits.duration(Limit::WriteStallMs);
        self.stalls = self.is_full.then(|| stalls.unwrap_or(now + stall));
        if wrote == Wrote::Finished {
            // The router does not know of it yet where it was the last word to a slow reader. The
            // connection still reads for a moment, lest a reset destroys the last word.
            let after = chat.handle(id, &Incoming::Close(CloseCode::SLOW_CONSUMER));
            self.connection.apply(now, after);
        }
        wrote == Wrote::Finished
    }

    /// Whether the socket is to be closed: then nobody knows of this peer any more.
    pub(crate) fn is_gone(&self, chat: &mut Chat) -> bool {
        let outbox = self.id.and_then(|id| chat.outboxes.all.get(&id));
        let has_sent = match outbox {
            Some(outbox) => outbox.mailbox.is_closed(),
            None => self.farewell.is_none(),
        };
        let is_gone = self.input == Input::Over && has_sent;
        match self.id {
            Some(id) if is_gone => {
                chat.outboxes.all.remove(&id);
                chat.router.disconnect(chat.now(), id, &mut chat.outboxes);
            }
            None if is_gone => chat.refused -= 1,
            _ => {}
        }
        is_gone
    }
}

/// What came of asking a connection.
enum Step {
    Apply(After),
    Wait(Option<Instant>),
    Finish,
}

/// What the connection wants is done; its messages go to the router.
fn step(
    chat: &mut Chat,
    id: Option<ConnId>,
    farewell: &mut Option<Vec<u8>>,
    next: Next<'_>,
) -> Step {
    match (next, id) {
        (Next::Message(incoming), Some(id)) => Step::Apply(chat.handle(id, &incoming)),
        (Next::Message(_), None) => Step::Apply(After::Closed),
        (Next::NeedsBytes, _) => Step::Wait(None),
        (Next::PausedUntil(until), _) => Step::Wait(Some(until)),
        (Next::Farewell(last), id) => {
            if let Some(outbox) = id.and_then(|id| chat.outboxes.all.get_mut(&id)) {
                let push = outbox.mailbox.close(last);
                outbox.note(push);
            } else {
                *farewell = Some(last.to_vec());
            }
            Step::Apply(After::Nothing)
        }
        _ => Step::Finish,
    }
}
