//! The thread of one connection: it waits, reads, routes, and sends what it made others be sent.
//!
//! It waits in [`serve`], which is kept shallow: an idle connection keeps few pages of stack and
//! no buffer. Everything else happens in [`Reader::turn`] and below.

use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::name::Nickname;
use netcomm_core::server::{After, ConnId, Connection, Incoming, Next};
use netcomm_core::time::Instant;
use netcomm_core::wire::{ClientMessage, CloseCode};
use tracing::Level;

use crate::hub::{Hub, Routing};
use crate::log;
use crate::peer::Peer;
use crate::pool;

/// An idle connection waits for its input with no more room than this, on its stack: enough for a
/// few messages.
const HEAD: usize = 1024;

/// So many buffers are read and routed before the deadlines are looked at again.
const READS: usize = 4;

/// So many messages are routed under one lock, and sent before others are routed.
const BATCH: usize = 64;

const LOST: &str = "the connection was lost";

/// What comes after a turn.
#[derive(Clone, Copy)]
enum Then {
    Wait,
    /// No reading before this.
    Pause(Until),
    /// The peer sends no more; what is left is routed after this.
    Ending(Until),
    End(&'static str),
}

/// How long nothing is read or routed.
#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    /// Less waits for the peer.
    Room,
}

/// What a connection is asked for.
enum Ask<'a, 'i> {
    /// What to do with the input.
    Next(&'a mut &'i [u8]),
    /// What to do at the end of the input.
    End,
    /// What is due.
    Time,
}

/// What it answers when all its messages are routed.
enum Answer {
    Nothing,
    Paused(Until),
    Finished,
}

/// One connection, as far as only its own thread knows it.
struct Reader<'a> {
    hub: &'a Hub,
    peer: &'a Arc<Peer>,
    /// One that the router refused has none.
    id: Option<ConnId>,
    connection: Connection,
    /// How much came while it waited.
    came: Option<usize>,
    /// What the peer has sent and the connection has not taken.
    rest: Vec<u8>,
    nickname: Option<Nickname>,
    /// Why it is closed.
    why: Option<&'static str>,
}

/// Serves a connection to its end, whether the router has admitted it or said why not.
pub(crate) fn serve(hub: &Hub, peer: &Arc<Peer>, admitted: Result<ConnId, CloseCode>) {
    let mut reader = Reader {
        hub,
        peer,
        id: admitted.ok(),
        connection: match admitted {
            Ok(_) => Connection::new(&hub.limits, hub.now()),
            Err(code) => Connection::refusing(&hub.limits, hub.now(), code),
        },
        came: None,
        rest: Vec::new(),
        nickname: None,
        why: None,
    };
    let mut head = [0; HEAD];
    let mut then = Then::Wait;
    loop {
        let is_broken = reader.wait(then, &mut head);
        then = if is_broken { Then::End(LOST) } else { reader.turn(then, &head) };
        if let Then::End(why) = then {
            return reader.end(why);
        }
    }
}

impl<'h> Reader<'h> {
    /// Waits for input, which goes into `head`, or the next deadline, whichever comes first. Answers
    /// whether the connection broke while nothing was to be read.
    #[inline(never)]
    fn wait(&mut self, then: Then, head: &mut [u8; HEAD]) -> bool {
        let pause = match then {
            Then::Pause(Until::Time(until)) | Then::Ending(Until::Time(until)) => Some(until),
            Then::Pause(Until::Room) | Then::Ending(Until::Room) => {
                self.peer.wait_for_room(&self.hub.limits);
                return false;
            }
            Then::Wait | Then::End(_) => None,
        };
        let due = [self.connection.poll_timeout(), pause];
        let due = due.into_iter().flatten().min();
        // Rounded up, so that what is due is due when the wait is over.
        let left = due.map(|due| due.since(self.hub.now()) + Duration::from_micros(50));
        if pause.is_some() {
            return self.peer.socket.wait_for_break(left).unwrap_or(true);
        }
        let came = self.peer.socket.wait_for_input(head, left);
        self.came = came.as_ref().ok().copied().flatten();
        came.is_err()
    }

    #[inline(never)]
    fn turn(&mut self, before: Then, head: &[u8; HEAD]) -> Then {
        if let Answer::Finished = self.route(Ask::Time) {
            return Then::End("time ran out");
        }
        let then = match before {
            Then::Pause(until) | Then::Ending(until) if self.must_wait(until) => before,
            Then::Ending(_) => self.input_ended(),
            Then::Pause(_) => {
                let rest = core::mem::take(&mut self.rest);
                let stop = self.feed(&rest);
                drop(rest);
                stop.unwrap_or_else(|| self.read(&[]))
            }
            Then::Wait | Then::End(_) => self.take(head),
        };
        if self.peer.is_ended() {
            return Then::End(LOST);
        }
        then
    }

    /// Routes what came while it waited, and what came with it.
    fn take(&mut self, head: &[u8; HEAD]) -> Then {
        match self.came.take() {
            None => Then::Wait,
            Some(0) => self.input_ended(),
            Some(HEAD) => self.read(head),
            Some(came) => self.feed(&head[..came]).unwrap_or(Then::Wait),
        }
    }

    /// Reads and routes what is there; `head` is the beginning of it.
    fn read(&mut self, head: &[u8]) -> Then {
        let kept = self.hub.read_buffers.take();
        let mut buffer = kept.unwrap_or_else(|| vec![0; pool::READ_BYTES]);
        let mut known = head.len();
        buffer[..known].copy_from_slice(head);
        let mut then = Then::Wait;
        for _ in 0..READS {
            let bytes = match self.peer.socket.receive(&mut buffer[known..]) {
                Ok(Some(0)) if known == 0 => {
                    then = self.input_ended();
                    break;
                }
                Err(_) if known == 0 => {
                    then = Then::End(LOST);
                    break;
                }
                // An end comes up again when what is known is routed.
                came => &buffer[..known + came.ok().flatten().unwrap_or(0)],
            };
            known = 0;
            if let Some(stop) = self.feed(bytes) {
                then = stop;
                break;
            }
            if bytes.len() < buffer.len() {
                break;
            }
        }
        self.hub.read_buffers.give_back(buffer);
        then
    }

    fn must_wait(&self, until: Until) -> bool {
        match until {
            Until::Time(until) => self.hub.now() < until,
            Until::Room => self.is_behind(),
        }
    }

    /// Routes what was read; what a pause leaves is kept.
    fn feed(&mut self, mut input: &[u8]) -> Option<Then> {
        match self.route(Ask::Next(&mut input)) {
            Answer::Nothing => None,
            Answer::Paused(until) => {
                self.rest = input.to_vec();
                Some(Then::Pause(until))
            }
            Answer::Finished => Some(Then::End("closed")),
        }
    }

    fn input_ended(&mut self) -> Then {
        match self.route(Ask::End) {
            Answer::Paused(until) => Then::Ending(until),
            Answer::Nothing | Answer::Finished => Then::End("the peer ended it"),
        }
    }

    /// Routes all that the connection makes of what it is asked for. The first message is found
    /// before the lock is taken, a batch is routed under it, and what it made others be sent is
    /// sent, and logged, after it. No request is routed while too much waits for who asks: that
    /// slows a peer that asks for more than it reads, where what others say would cut it.
    fn route(&mut self, mut ask: Ask<'_, '_>) -> Answer {
        loop {
            if self.is_behind() {
                if let Ask::Time = ask {
                    self.connection.forgive(self.hub.now());
                } else {
                    self.connection.hold();
                    return Answer::Paused(Until::Room);
                }
            }
            let (mut routing, mut lines) = (None, Vec::new());
            let answer = self.route_batch(&mut ask, &mut routing, &mut lines);
            if let Some(routing) = routing {
                routing.end();
            }
            for line in lines {
                self.hub.log(Level::INFO, line);
            }
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    fn route_batch(
        &mut self,
        ask: &mut Ask<'_, '_>,
        routing: &mut Option<Routing<'h>>,
        lines: &mut Vec<log::Line>,
    ) -> Option<Answer> {
        let now = self.hub.now();
        for _ in 0..BATCH {
            let next = match ask {
                Ask::Next(input) => self.connection.next(now, input),
                Ask::End => self.connection.end_of_input(now),
                Ask::Time => self.connection.handle_timeout(now),
            };
            let incoming = match next {
                Next::Message(incoming) => incoming,
                Next::PausedUntil(until) => return Some(Answer::Paused(Until::Time(until))),
                Next::Farewell(last) => {
                    say_farewell(self.peer, last);
                    self.why = self.connection.farewell_code().and_then(CloseCode::name);
                    continue;
                }
                Next::Finished => return Some(Answer::Finished),
                _ => return Some(Answer::Nothing),
            };
            let Some(id) = self.id else {
                self.connection.apply(now, After::Closed);
                continue;
            };
            match &incoming {
                Incoming::Close(code) => self.why = code.name(),
                Incoming::Request { message: ClientMessage::Quit, .. } => self.why = Some("quit"),
                _ => {}
            }
            let routing = routing.get_or_insert_with(|| self.hub.routing());
            let after = routing.handle(id, incoming.clone());
            let (conn, content) = (self.peer.number, self.hub.log_content);
            lines.extend(log::line(conn, self.nickname, &incoming, after, content));
            if let After::LoggedIn(nickname) | After::Renamed(nickname) = after {
                self.nickname = Some(nickname);
            }
            self.connection.apply(now, after);
            if routing.has_delivered() && self.is_behind() {
                break;
            }
        }
        None
    }

    fn is_behind(&self) -> bool {
        self.peer.mailbox().is_behind(&self.hub.limits)
    }

    #[inline(never)]
    fn end(self, why: &'static str) {
        let Self { hub, peer, .. } = self;
        let Some(id) = self.id else {
            return peer.end();
        };
        let is_open = peer.mailbox().is_open();
        if is_open {
            hub.finish(id, peer);
        }
        wait_until_sent(hub, peer);
        let by_server = (!is_open).then_some("closed by the server");
        let why = self.why.or(by_server).unwrap_or(why);
        let (conn, nickname) = (peer.number, self.nickname);
        hub.log(Level::INFO, move || {
            let nickname = nickname.as_ref().map(Nickname::as_str);
            tracing::info!(conn, nickname, why, "disconnected");
        });
        hub.disconnect(id);
    }
}

/// What waits is sent, by the stragglers if need be, or given up by them. Meanwhile the connection
/// counts as one.
fn wait_until_sent(hub: &Hub, peer: &Peer) {
    while !peer.is_ended() && !peer.mailbox().is_closed() {
        if peer.socket.wait_for_break(None).unwrap_or(true) {
            break;
        }
    }
    peer.abandon(&hub.waiting);
}

/// The socket is new, and has room for a few words; who does not take them is not told.
#[inline(never)]
fn say_farewell(peer: &Peer, last: &[u8]) {
    peer.socket.send(last).ok();
    peer.socket.shut_down(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use netcomm_core::limits::Limits;

    use super::*;

    /// What a reader does that waits with `then` while its peer is treated with `act`.
    fn waits(act: impl FnOnce(TcpStream), lasts: Duration) -> (bool, Duration) {
        let (lines, _) = std::sync::mpsc::sync_channel(1);
        let hub = Hub::new(Limits::default(), false, lines).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = listener.accept().unwrap();
        let peer = Arc::new(Peer::new(stream.into(), address));
        let mut reader = Reader {
            hub: &hub,
            peer: &peer,
            id: None,
            connection: Connection::new(&hub.limits, hub.now()),
            came: None,
            rest: Vec::new(),
            nickname: None,
            why: None,
        };
        act(other);
        let before = hub.now();
        let broken = reader.wait(Then::Pause(Until::Time(before + lasts)), &mut [0; HEAD]);
        (broken, hub.now().since(before))
    }

    #[test]
    fn a_pause_lasts_for_a_peer_that_sends_no_more() {
        let lasts = Duration::from_millis(30);
        let mut kept = None;
        let half_close = |other: TcpStream| {
            other.shutdown(Shutdown::Write).unwrap();
            kept = Some(other);
        };
        let (broken, passed) = waits(half_close, lasts);
        assert!(!broken && passed >= lasts, "{passed:?}");
    }

    #[test]
    fn a_pause_ends_with_the_connection() {
        let reset = |other: TcpStream| {
            rustix::net::sockopt::set_socket_linger(&other, Some(Duration::ZERO)).unwrap();
        };
        assert!(waits(reset, Duration::from_hours(1)).0);
    }
}
