//! The server: real connections and a real router.

use std::collections::BTreeMap;

use netcomm_core::limits::Limits;
use netcomm_core::server::{
    ConnId, Connection, Deliver, Incoming, Next, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};

use super::Dice;

pub struct Server {
    pub router: Router,
    limits: Limits,
    sockets: BTreeMap<ConnId, Socket>,
    out: Out,
}

struct Socket {
    connection: Connection,
    /// Read, and not taken by the connection yet.
    input: Vec<u8>,
    paused: Option<Instant>,
}

/// What each connection is to be sent.
#[derive(Default)]
struct Out(BTreeMap<ConnId, Sent>);

/// What a connection was sent since it was last asked.
#[derive(Default)]
pub struct Sent {
    pub bytes: Vec<u8>,
    pub finished: bool,
}

impl Deliver for Out {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            let sent = self.0.entry(to.conn).or_default();
            sent.bytes.extend_from_slice(message.bytes(to.face));
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        let sent = self.0.entry(to.conn).or_default();
        sent.bytes.extend_from_slice(last.bytes(to.face));
        sent.finished = true;
    }
}

impl Server {
    pub fn new(set: &[(&str, u64)], dice: &mut Dice) -> Self {
        let mut limits = Limits::default();
        for (name, value) in set {
            limits.set(name, *value).expect("a limit within its range");
        }
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(1_000_000));
        Self {
            router: Router::new(limits.clone(), clock, dice.bytes()),
            limits,
            sockets: BTreeMap::new(),
            out: Out::default(),
        }
    }

    pub fn accept(&mut self, now: Instant, dice: &mut Dice) -> ConnId {
        let conn = self
            .router
            .connect(now, Origin::Exempt, dice.bytes(), &mut self.out)
            .expect("a connection");
        let socket = Socket {
            connection: Connection::new(&self.limits, now),
            input: Vec::new(),
            paused: None,
        };
        self.sockets.insert(conn, socket);
        conn
    }

    pub fn read(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        if let Some(socket) = self.sockets.get_mut(&conn) {
            socket.input.extend_from_slice(bytes);
        }
        self.go_on(now, conn);
    }

    /// The connection is gone.
    pub fn lose(&mut self, now: Instant, conn: ConnId) {
        if self.sockets.remove(&conn).is_some() {
            self.router.disconnect(now, conn, &mut self.out);
        }
        self.out.0.remove(&conn);
    }

    pub fn take(&mut self, conn: ConnId) -> Sent {
        self.out.0.remove(&conn).unwrap_or_default()
    }

    pub fn due(&self) -> Option<Instant> {
        let sockets = self.sockets.values();
        let sockets = sockets.flat_map(|one| [one.connection.poll_timeout(), one.paused]);
        sockets.flatten().chain(self.router.poll_timeout()).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.router.poll_timeout().is_some_and(|due| due <= now) {
            self.router.handle_timeout(now, &mut self.out);
        }
        for conn in self.sockets.keys().copied().collect::<Vec<_>>() {
            let socket = self.sockets.get_mut(&conn).expect("a socket");
            if socket.paused.is_some_and(|due| due <= now) {
                self.go_on(now, conn);
            }
            let Some(socket) = self.sockets.get_mut(&conn) else {
                continue;
            };
            let mut finished = false;
            match socket.connection.handle_timeout(now) {
                Next::Message(incoming) => {
                    let after = self.router.handle(now, conn, incoming, &mut self.out);
                    socket.connection.apply(now, after);
                }
                Next::Finished => finished = true,
                Next::Farewell(bytes) => {
                    let sent = self.out.0.entry(conn).or_default();
                    sent.bytes.extend_from_slice(bytes);
                    sent.finished = true;
                }
                _ => {}
            }
            if finished {
                self.finish(now, conn);
            }
        }
    }

    fn go_on(&mut self, now: Instant, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(&conn) else {
            return;
        };
        if socket.paused.is_some_and(|due| due > now) {
            return;
        }
        socket.paused = None;
        let input = std::mem::take(&mut socket.input);
        let mut rest = &input[..];
        let mut finished = false;
        loop {
            match socket.connection.next(now, &mut rest) {
                Next::Message(incoming) => {
                    let opened = matches!(incoming, Incoming::Opened(_));
                    let after = self.router.handle(now, conn, incoming, &mut self.out);
                    assert!(!opened || after == netcomm_core::server::After::Nothing);
                    socket.connection.apply(now, after);
                }
                Next::PausedUntil(until) => {
                    socket.paused = Some(until);
                    break;
                }
                Next::Farewell(bytes) => {
                    let sent = self.out.0.entry(conn).or_default();
                    sent.bytes.extend_from_slice(bytes);
                    sent.finished = true;
                }
                Next::Finished => {
                    finished = true;
                    break;
                }
                _ => break,
            }
        }
        socket.input = rest.to_vec();
        if finished {
            self.finish(now, conn);
        }
    }

    fn finish(&mut self, now: Instant, conn: ConnId) {
        self.sockets.remove(&conn);
        self.router.disconnect(now, conn, &mut self.out);
        self.out.0.entry(conn).or_default().finished = true;
    }
}
