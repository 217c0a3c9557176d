//! The server: real connections, real mailboxes and a real router, driven as the examples do it.

use std::collections::BTreeMap;
use std::time::Duration;

use allocation_counter::opt_out;
use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    After, Buffer, ConnId, Connection, Incoming, Memory, Next, Origin, Push, Router, Wrote,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::CloseCode;

use super::dice::Dice;
use super::outbox::{Outbox, Outboxes, Told, counted};

pub type SocketId = u64;

pub struct Server {
    router: Router,
    sockets: BTreeMap<SocketId, Socket>,
    out: Outboxes,
    next: SocketId,
    /// Bytes of memory that it holds, and those that it has announced.
    held: i64,
    announced: u64,
}

struct Socket {
    connection: Connection,
    /// The router's name for it; one that it has refused has none.
    conn: Option<ConnId>,
    /// The last words to one that has none.
    farewell: Option<Vec<u8>>,
    /// Read, and not taken by the connection yet.
    input: Vec<u8>,
    /// Whether the peer sends no more.
    ended: bool,
    wants: Wants,
}

/// How it goes on with what a peer says.
#[derive(Clone, Copy, PartialEq)]
enum Wants {
    Bytes,
    /// Not before this instant, but then without new bytes.
    Time(Instant),
    /// Nothing: the socket is closed when everything is sent.
    Nothing,
}

/// What came of asking a connection.
enum Step {
    Apply(After),
    Wait(Option<Instant>),
    Finish,
}

/// What a socket was given.
#[derive(Default)]
pub struct Sent {
    pub bytes: Vec<u8>,
    /// Nothing comes after it.
    pub is_last: bool,
}

impl Server {
    /// A server that has replaced `before`.
    pub fn new(limits: &Limits, dice: &mut Dice, before: Option<&Self>) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(1_000_000));
        let mut held = 0;
        let seed = dice.bytes();
        let parts = Memory::at_most(limits).parts();
        Self {
            router: counted(&mut held, || Router::new(limits.clone(), clock, seed)),
            sockets: BTreeMap::new(),
            out: Outboxes::new(limits.clone()),
            next: before.map_or(0, |before| before.next),
            held,
            announced: parts.iter().map(|part| part.bytes).sum(),
        }
    }

    pub fn accept(&mut self, now: Instant, dice: &mut Dice) -> SocketId {
        let Self { router, out, held, next: id, .. } = self;
        *id += 1;
        let entropy = dice.bytes();
        let limits = out.limits.clone();
        let accepted = counted(held, || router.connect(now, Origin::Exempt, entropy, out));
        let (conn, connection) = match accepted {
            Ok(conn) => (Some(conn), Connection::new(&limits, now)),
            Err(why) => (None, Connection::refusing(&limits, now, why)),
        };
        if let Some(conn) = conn {
            out.all.insert(conn, Outbox::new(*id));
        }
        let (farewell, input, wants) = (None, Vec::new(), Wants::Bytes);
        let socket = Socket { connection, conn, farewell, input, ended: false, wants };
        self.sockets.insert(*id, socket);
        *id
    }

    pub fn read(&mut self, now: Instant, id: SocketId, bytes: &[u8]) {
        if let Some(socket) = self.sockets.get_mut(&id)
            && socket.wants != Wants::Nothing
        {
            socket.input.extend_from_slice(bytes);
            if socket.wants == Wants::Bytes {
                self.route(now, id);
            }
        }
    }

    /// The client sends no more.
    pub fn end(&mut self, now: Instant, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.ended = true;
            if socket.wants == Wants::Bytes {
                self.route(now, id);
            }
        }
    }

    /// The link is broken: nothing is heard or sent any more.
    pub fn lose(&mut self, now: Instant, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.wants = Wants::Nothing;
            socket.farewell = None;
            let outbox = socket.conn.and_then(|conn| self.out.all.get_mut(&conn));
            if let Some(outbox) = outbox {
                counted(&mut self.held, || outbox.mailbox.abandon());
            }
            self.sweep(now);
        }
    }

    /// Everybody is told to come back after this time, and nobody is let in any more.
    pub fn shut_down(&mut self, now: Instant, retry_after: Duration) {
        let Self { router, out, held, .. } = self;
        counted(held, || router.shut_down(now, retry_after, out));
    }

    /// What the socket takes, where there is so much room for it.
    pub fn send(&mut self, now: Instant, id: SocketId, room: usize) -> Sent {
        let Self { router, out, sockets, held, .. } = self;
        let mut sent = Sent::default();
        let Some(socket) = sockets.get_mut(&id) else {
            sent.is_last = true;
            return sent;
        };
        let Some(conn) = socket.conn else {
            sent.is_last = socket.farewell.is_some();
            sent.bytes = socket.farewell.take().unwrap_or_default();
            return sent;
        };
        let stall = out.limits.duration(Limit::WriteStallMs);
        while let Some(outbox) = out.all.get_mut(&conn).filter(|one| one.claimed) {
            let room = room - sent.bytes.len();
            if room == 0 && !outbox.mailbox.is_cut() {
                outbox.stalls.get_or_insert(now + stall);
                break;
            }
            let mut bytes = Buffer::default();
            outbox.mailbox.take(&mut bytes);
            let before = sent.bytes.len();
            bytes.pieces().for_each(|piece| sent.bytes.extend_from_slice(piece));
            sent.bytes.truncate(before + room);
            let taken = sent.bytes.len() - before;
            let wrote = counted(held, || {
                let wrote = outbox.mailbox.wrote(&mut bytes, taken);
                drop(bytes);
                wrote
            });
            outbox.claimed = wrote == Wrote::More;
            if taken > 0 {
                outbox.stalls = None;
            }
            if wrote == Wrote::Finished {
                sent.is_last = true;
                let close = Incoming::Close(CloseCode::SLOW_CONSUMER);
                let after = counted(held, || router.handle(now, conn, &close, out));
                socket.connection.apply(now, after);
            }
        }
        sent
    }

    pub fn due(&self) -> Option<Instant> {
        let sockets = self.sockets.values().filter(|one| one.wants != Wants::Nothing);
        let connections = sockets.filter_map(|one| one.connection.poll_timeout());
        let held = self.sockets.values().filter_map(|one| match one.wants {
            Wants::Time(until) if !self.out.is_behind(one.conn) => Some(until),
            _ => None,
        });
        let stalls = self.out.all.values().filter_map(|outbox| outbox.stalls);
        connections.chain(held).chain(stalls).chain(self.router.poll_timeout()).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let Self { router, out, held, .. } = self;
        if router.poll_timeout().is_some_and(|due| due <= now) {
            counted(held, || router.handle_timeout(now, out));
        }
        for id in self.sockets.keys().copied().collect::<Vec<_>>() {
            self.on_time(now, id);
        }
        self.sweep(now);
        self.out.check();
        let held = u64::try_from(self.held).unwrap_or(0);
        assert!(held <= self.announced, "{held} bytes of {} are held", self.announced);
    }

    /// What was put into mailboxes since it was last asked.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.out.told)
    }

    fn on_time(&mut self, now: Instant, id: SocketId) {
        let Self { router, out, sockets, held, .. } = self;
        let Some(socket) = sockets.get_mut(&id) else { return };
        let Socket { connection, conn, farewell, wants, .. } = socket;
        let mut finished = false;
        while !finished
            && *wants != Wants::Nothing
            && connection.poll_timeout().is_some_and(|due| due <= now)
        {
            let next = || step(now, router, out, *conn, farewell, connection.handle_timeout(now));
            match counted(held, next) {
                Step::Apply(after) => counted(held, || connection.apply(now, after)),
                Step::Finish => finished = true,
                Step::Wait(_) => break,
            }
        }
        counted(held, || router.flush(out));
        let goes_on = matches!(*wants, Wants::Time(until) if until <= now);
        let goes_on = goes_on && !out.is_behind(*conn);
        let outbox = conn.and_then(|conn| out.all.get_mut(&conn));
        if let Some(outbox) = outbox
            && outbox.stalls.is_some_and(|due| due <= now)
        {
            outbox.stalls = None;
            if counted(held, || outbox.cut()) == Push::Closed {
                // It does not even take that it is closed.
                *wants = Wants::Nothing;
                counted(held, || outbox.mailbox.abandon());
            }
        }
        if finished {
            self.finish(now, id);
        } else if goes_on {
            self.route(now, id);
        }
    }

    /// Routes what it has said, until more is wanted of it.
    fn route(&mut self, now: Instant, id: SocketId) {
        let Self { router, out, sockets, held, .. } = self;
        let Some(socket) = sockets.get_mut(&id) else { return };
        let Socket { connection, conn, farewell, input, ended, wants } = socket;
        let read = std::mem::take(input);
        let mut rest = &read[..];
        let mut finished = false;
        *wants = loop {
            if out.is_behind(*conn) {
                connection.hold();
                break Wants::Time(now);
            }
            // All input first, then its end.
            let over = *ended && rest.is_empty();
            // As a server does that logs nothing of them, and as one that does.
            if let Some(conn) = conn.filter(|conn| conn.index().is_multiple_of(2))
                && let Some(posts) = counted(held, || connection.posts(now, &mut rest, usize::MAX))
            {
                let after = counted(held, || router.handle_posts(now, conn, &posts, out));
                counted(held, || connection.apply(now, after));
                continue;
            }
            let next = counted(held, || {
                let next = if over {
                    connection.end_of_input(now)
                } else {
                    connection.next(now, &mut rest)
                };
                step(now, router, out, *conn, farewell, next)
            });
            match next {
                Step::Apply(after) => counted(held, || connection.apply(now, after)),
                Step::Wait(Some(until)) => break Wants::Time(until),
                Step::Wait(None) if !*ended => break Wants::Bytes,
                Step::Wait(None) if !over => {}
                Step::Wait(None) | Step::Finish => {
                    finished = true;
                    break Wants::Nothing;
                }
            }
        };
        *input = rest.to_vec();
        counted(held, || router.flush(out));
        if finished {
            self.finish(now, id);
        }
    }

    /// Nothing more will be heard; what waits is still sent.
    fn finish(&mut self, now: Instant, id: SocketId) {
        let Self { router, out, sockets, held, .. } = self;
        let Some(socket) = sockets.get_mut(&id) else { return };
        socket.wants = Wants::Nothing;
        if let Some(conn) = socket.conn {
            counted(held, || {
                out.close(conn, &[]);
                let after = router.handle(now, conn, &Incoming::Close(CloseCode::QUIT), out);
                assert_eq!(after, After::Closed);
            });
        }
    }

    /// Closes the sockets that are done with.
    fn sweep(&mut self, now: Instant) {
        let Self { router, out, sockets, held, .. } = self;
        sockets.retain(|_, socket| {
            let outbox = socket.conn.and_then(|conn| out.all.get(&conn));
            let has_sent = match outbox {
                Some(outbox) => outbox.mailbox.is_closed(),
                None => socket.farewell.is_none(),
            };
            let is_gone = socket.wants == Wants::Nothing && has_sent;
            if is_gone {
                let connection = Connection::new(&out.limits, now);
                counted(held, || drop(std::mem::replace(&mut socket.connection, connection)));
            }
            if is_gone && let Some(conn) = socket.conn {
                let outbox = out.all.remove(&conn);
                counted(held, || {
                    drop(outbox);
                    router.disconnect(now, conn, out);
                });
            }
            !is_gone
        });
    }
}

/// What the connection wants is done; its messages go to the router, which is still to be flushed.
fn step(
    now: Instant,
    router: &mut Router,
    out: &mut Outboxes,
    conn: Option<ConnId>,
    farewell: &mut Option<Vec<u8>>,
    next: Next<'_>,
) -> Step {
    match (next, conn) {
        (Next::Message(incoming), Some(conn)) => {
            Step::Apply(router.handle_unflushed(now, conn, &incoming, out))
        }
        (Next::Message(_), None) => Step::Apply(After::Closed),
        (Next::NeedsBytes, _) => Step::Wait(None),
        (Next::PausedUntil(until), _) => Step::Wait(Some(until)),
        (Next::Farewell(last), Some(conn)) => {
            out.close(conn, last);
            Step::Apply(After::Nothing)
        }
        (Next::Farewell(last), None) => {
            opt_out(|| *farewell = Some(last.to_vec()));
            Step::Apply(After::Nothing)
        }
        _ => Step::Finish,
    }
}
