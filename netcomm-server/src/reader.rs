//! The thread of one connection: it waits, reads, routes, and sends what it made others be sent.
//!
//! It waits in [`serve`], which is kept shallow: an idle connection keeps few pages of stack and
//! no buffer. Everything else happens in [`turn`] and below.

use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::server::{ConnId, Connection, Incoming, Next};
use netcomm_core::time::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::RecvFlags;

use crate::hub::{Claimed, Hub};
use crate::log;
use crate::peer::{self, Peer};

/// So many buffers are read and routed before anything is sent.
const READS: usize = 4;

/// What comes after a turn.
enum Then {
    Wait,
    /// No reading before this.
    Pause(Instant),
    /// The peer sends no more; call again at this instant for what is left.
    Ending(Instant),
    End(&'static str),
}

/// What the peer has sent and the connection has not taken.
#[derive(Default)]
struct Rest(Vec<u8>);

/// Serves a connection to its end. One that the router refused has no `id`.
pub(crate) fn serve(hub: &Hub, peer: &Arc<Peer>, id: Option<ConnId>, mut connection: Connection) {
    let mut rest = Rest::default();
    let mut then = Then::Wait;
    let why = loop {
        wait(hub, &peer.stream, &then, connection.poll_timeout());
        then = turn(hub, peer, id, &mut connection, &mut rest, &then);
        if let Then::End(why) = then {
            break why;
        }
    };
    end(hub, peer, id, why);
}

#[inline(never)]
fn end(hub: &Hub, peer: &Arc<Peer>, id: Option<ConnId>, why: &str) {
    if let Some(id) = id {
        // What waits is still sent, by the stragglers if need be; the socket closes after it.
        hub.finish(peer);
        hub.disconnect(id);
        tracing::info!(peer = %peer.address, conn = ?id, why, "disconnected");
    } else {
        peer.end();
    }
}

/// Waits for input or the next deadline, whichever comes first.
#[inline(never)]
fn wait(hub: &Hub, stream: &TcpStream, then: &Then, due: Option<Instant>) {
    let (events, pause) = match then {
        Then::Pause(until) | Then::Ending(until) => (PollFlags::empty(), Some(*until)),
        Then::Wait | Then::End(_) => (PollFlags::IN, None),
    };
    let due = [due, pause].into_iter().flatten().min();
    // Rounded up, so that what is due is due when the wait is over.
    let left = due.map(|due| due.since(hub.now()) + Duration::from_micros(50));
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    if let Err(error) = poll(&mut [PollFd::new(stream, events)], timeout.as_ref()) {
        tracing::trace!(%error, "waiting for input");
    }
}

#[inline(never)]
fn turn(
    hub: &Hub,
    peer: &Arc<Peer>,
    id: Option<ConnId>,
    connection: &mut Connection,
    rest: &mut Rest,
    before: &Then,
) -> Then {
    let mut claimed = Claimed::new();
    let mut session = Turn {
        hub,
        peer,
        id,
        connection,
        claimed: &mut claimed,
    };
    let then = session.run(rest, before);
    hub.flush(&mut claimed);
    if peer.is_ended() {
        return Then::End("ended by the server");
    }
    then
}

struct Turn<'a> {
    hub: &'a Hub,
    peer: &'a Arc<Peer>,
    id: Option<ConnId>,
    connection: &'a mut Connection,
    claimed: &'a mut Claimed,
}

impl Turn<'_> {
    fn run(&mut self, rest: &mut Rest, before: &Then) -> Then {
        if let Some(end) = self.time() {
            return end;
        }
        match *before {
            Then::Pause(until) if self.hub.now() < until => return Then::Pause(until),
            Then::Ending(until) if self.hub.now() < until => return Then::Ending(until),
            Then::Ending(_) => return self.input_ended(),
            Then::Pause(_) => {
                let bytes = core::mem::take(&mut rest.0);
                if let Some(then) = self.feed(&bytes, rest) {
                    return then;
                }
            }
            Then::Wait | Then::End(_) => {}
        }
        let mut buffer = self.hub.buffers.take();
        let then = self.read(&mut buffer, rest);
        self.hub.buffers.give_back(buffer);
        then
    }

    fn read(&mut self, buffer: &mut [u8], rest: &mut Rest) -> Then {
        for _ in 0..READS {
            let read = rustix::net::recv(&self.peer.stream, &mut *buffer, RecvFlags::DONTWAIT);
            let bytes = match read {
                Ok((0, _)) => return self.input_ended(),
                Ok((read, _)) => &buffer[..read],
                Err(Errno::WOULDBLOCK | Errno::INTR) => return Then::Wait,
                Err(_) => return Then::End("the connection was lost"),
            };
            let all = bytes.len() == buffer.len();
            if let Some(then) = self.feed(bytes, rest) {
                return then;
            }
            if !all {
                break;
            }
        }
        Then::Wait
    }

    /// Routes what was read; what a pause leaves is kept in `rest`.
    fn feed(&mut self, mut input: &[u8], rest: &mut Rest) -> Option<Then> {
        loop {
            let now = self.hub.now();
            let after = match self.connection.next(now, &mut input) {
                Next::Message(incoming) => {
                    handle(self.hub, self.peer, self.id, incoming, self.claimed)
                }
                Next::PausedUntil(until) => {
                    rest.0 = input.to_vec();
                    return Some(Then::Pause(until));
                }
                Next::Farewell(last) => {
                    say_farewell(self.peer, last);
                    continue;
                }
                Next::Finished => return Some(Then::End("closed")),
                _ => return None,
            };
            self.connection.apply(now, after);
        }
    }

    fn input_ended(&mut self) -> Then {
        loop {
            let now = self.hub.now();
            let after = match self.connection.end_of_input(now) {
                Next::Message(incoming) => {
                    handle(self.hub, self.peer, self.id, incoming, self.claimed)
                }
                Next::PausedUntil(until) => return Then::Ending(until),
                Next::Farewell(last) => {
                    say_farewell(self.peer, last);
                    continue;
                }
                _ => return Then::End("the peer ended it"),
            };
            self.connection.apply(now, after);
        }
    }

    fn time(&mut self) -> Option<Then> {
        loop {
            let now = self.hub.now();
            let after = match self.connection.handle_timeout(now) {
                Next::Message(incoming) => {
                    handle(self.hub, self.peer, self.id, incoming, self.claimed)
                }
                Next::Farewell(last) => {
                    say_farewell(self.peer, last);
                    continue;
                }
                Next::Finished => return Some(Then::End("time ran out")),
                _ => return None,
            };
            self.connection.apply(now, after);
        }
    }
}

fn handle(
    hub: &Hub,
    peer: &Peer,
    id: Option<ConnId>,
    incoming: Incoming<'_>,
    claimed: &mut Claimed,
) -> netcomm_core::server::After {
    let Some(id) = id else {
        return netcomm_core::server::After::Closed;
    };
    let seen = log::Seen::of(&incoming, hub.log_content);
    let after = hub.handle(id, incoming, claimed);
    seen.tell(peer, id, &after);
    after
}

/// The socket is new, and has room for a few words; who does not take them is not told.
#[inline(never)]
fn say_farewell(peer: &Peer, last: &[u8]) {
    if let Err(error) = peer::send(&peer.stream, last) {
        tracing::trace!(%error, "saying why");
    }
    peer::shut_down(&peer.stream, Shutdown::Write);
}
