//! One connection as the thread that reads it sees it: what it does in its turn.

use std::net::Shutdown;
use std::sync::Arc;

use netcomm_core::limits::Limit;
use netcomm_core::name::Nickname;
use netcomm_core::server::{After, ConnId, Connection, Incoming, Next};
use netcomm_core::time::Instant;
use netcomm_core::wire::{ClientMessage, CloseCode};
use tracing::Level;

use crate::claims::Claims;
use crate::hub::{Hub, Routing};
use crate::log;
use crate::outlet::Outlet;
use crate::peer::Peer;
use crate::readers::{Inbox, Input, Ready};
use crate::system::{Socket, Watch};
use crate::table::Turn;

/// So often something is received in one turn; the second time nothing is there as a rule.
const READS: usize = 2;

/// So many messages are routed under one lock.
const BATCH: usize = 64;

const LOST: &str = "the connection was lost";
pub(crate) const BY_SERVER: &str = "closed by the server";

/// What a connection does next.
#[derive(Clone, Copy, Debug)]
enum Then {
    Read,
    /// No reading before this.
    Pause(Until),
    /// The peer sends no more; what is left is routed after this.
    Ending(Until),
    End(&'static str),
    /// What waits for the peer is sent; for this reason.
    Leave(&'static str),
}

/// How long nothing is read or routed.
#[derive(Clone, Copy, Debug)]
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

/// One connection, as far as only the thread that reads it knows it.
#[derive(Debug)]
pub(crate) struct Handler {
    peer: Arc<Peer>,
    /// One that the router refused has none.
    id: Option<ConnId>,
    connection: Connection,
    then: Then,
    input: Input,
    outlet: Outlet,
    /// What the peer has sent and the connection has not taken.
    rest: Vec<u8>,
    nickname: Option<Nickname>,
    /// Why it is closed.
    why: Option<&'static str>,
    /// What counts those that are refused.
    _refused: Option<Arc<()>>,
}

/// A connection that no thread reads yet.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) peer: Arc<Peer>,
    /// Whether the router has admitted it; if not, why, and what counts those that are refused.
    pub(crate) admitted: Result<ConnId, (CloseCode, Arc<()>)>,
}

impl Newcomer {
    /// Has the thread be told, from now on, what happens to the socket.
    pub(crate) fn begin(
        self,
        hub: &Hub,
        inbox: &Arc<Inbox>,
        watch: &Watch,
        slot: usize,
    ) -> Handler {
        let Self { peer, admitted } = self;
        peer.is_read_by(inbox, slot);
        let watched = watch.add(&peer.socket, slot);
        let (id, connection, refused) = match admitted {
            Ok(id) => (Some(id), Connection::new(&hub.limits, hub.now()), None),
            Err((code, counted)) => {
                (None, Connection::refusing(&hub.limits, hub.now(), code), Some(counted))
            }
        };
        let then = watched.map_or_else(
            |error| {
                hub.log(Level::ERROR, move || tracing::error!(%error, "watching a socket"));
                Then::End(LOST)
            },
            |()| Then::Read,
        );
        Handler {
            peer,
            id,
            connection,
            then,
            input: Input::Nothing,
            outlet: Outlet::default(),
            rest: Vec::new(),
            nickname: None,
            why: None,
            _refused: refused,
        }
    }
}

impl Handler {
    /// Takes note of what happened to the socket.
    pub(crate) fn notice(&mut self, ready: Ready) {
        self.input = self.input.max(ready.input);
        self.outlet.takes |= ready.takes;
    }

    /// The mailbox is to be looked at.
    pub(crate) fn call(&mut self) {
        self.outlet.is_called = true;
    }

    /// Reads, and routes what came; or does what else there is to do.
    pub(crate) fn turn(&mut self, claims: &mut Claims<'_>, buffer: &mut [u8]) -> Turn {
        self.outlet.tend(&self.peer, claims.hub);
        self.then = self.proceed(claims, buffer);
        if let Then::End(why) = self.then {
            self.then = self.end(why, claims);
        }
        match self.then {
            Then::Leave(why) if !self.must_stay() => {
                self.cut_off(why, claims);
                Turn::Over
            }
            Then::Read if self.input > Input::Nothing => Turn::More,
            Then::Pause(Until::Room) | Then::Ending(Until::Room)
                if !self.peer.must_wait_for_room(&claims.hub.limits) =>
            {
                Turn::More
            }
            _ if self.outlet.has_more() => Turn::More,
            _ => Turn::Waits(self.poll_timeout()),
        }
    }

    fn proceed(&mut self, claims: &mut Claims<'_>, buffer: &mut [u8]) -> Then {
        if let Then::End(_) | Then::Leave(_) = self.then {
            return self.then;
        }
        if self.connection.poll_timeout().is_some_and(|due| due <= claims.hub.now())
            && let Answer::Finished = self.route(Ask::Time, claims)
        {
            return Then::End("time ran out");
        }
        let then = match self.then {
            Then::Pause(_) | Then::Ending(_) if self.input == Input::Break => Then::End(LOST),
            Then::Pause(until) | Then::Ending(until) if self.must_wait(until, claims.hub) => {
                self.then
            }
            Then::Ending(_) => self.input_ended(claims),
            Then::Pause(_) => {
                let rest = core::mem::take(&mut self.rest);
                self.feed(&rest, claims)
            }
            _ if self.input > Input::Nothing => self.read(claims, buffer),
            then => then,
        };
        if self.peer.is_ended() { Then::End(LOST) } else { then }
    }

    /// When it is to have a turn at the latest.
    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.connection.poll_timeout();
        let own = match self.then {
            Then::Pause(Until::Time(until)) | Then::Ending(Until::Time(until)) => {
                Some(due.map_or(until, |due| due.min(until)))
            }
            Then::Leave(_) => None,
            _ => due,
        };
        [own, self.outlet.poll_timeout()].into_iter().flatten().min()
    }

    fn read(&mut self, claims: &mut Claims<'_>, buffer: &mut [u8]) -> Then {
        for _ in 0..READS {
            match self.peer.socket.receive(buffer) {
                Err(_) => return Then::End(LOST),
                Ok(Some(0)) => return self.input_ended(claims),
                Ok(Some(came)) => {
                    let then = self.feed(&buffer[..came], claims);
                    if !matches!(then, Then::Read) {
                        return then;
                    }
                }
                // Only now: urgent data ends what is received at once, and more is there.
                Ok(None) => {
                    self.input = Input::Nothing;
                    break;
                }
            }
        }
        Then::Read
    }

    fn must_wait(&self, until: Until, hub: &Hub) -> bool {
        match until {
            Until::Time(until) => hub.now() < until,
            Until::Room => self.is_behind(hub),
        }
    }

    /// Routes what was read; what a pause leaves is kept.
    fn feed(&mut self, mut input: &[u8], claims: &mut Claims<'_>) -> Then {
        match self.route(Ask::Next(&mut input), claims) {
            Answer::Nothing => Then::Read,
            Answer::Paused(until) => {
                self.rest = input.to_vec();
                Then::Pause(until)
            }
            Answer::Finished => Then::End("closed"),
        }
    }

    fn input_ended(&mut self, claims: &mut Claims<'_>) -> Then {
        match self.route(Ask::End, claims) {
            Answer::Paused(until) => Then::Ending(until),
            Answer::Nothing | Answer::Finished => Then::End("the peer ended it"),
        }
    }

    /// Routes all that the connection makes of what it is asked for: a batch under one lock, and what
    /// it is logged with after it. No request is routed while too much waits for who asks: that
    /// slows a peer that asks for more than it reads, where what others say would cut it.
    fn route(&mut self, mut ask: Ask<'_, '_>, claims: &mut Claims<'_>) -> Answer {
        loop {
            if self.is_behind(claims.hub) {
                if let Ask::Time = ask {
                    self.connection.forgive(claims.hub.now());
                } else {
                    self.connection.hold();
                    return Answer::Paused(Until::Room);
                }
            }
            let mut lines = Vec::new();
            let mut routing = claims.hub.routing(claims);
            let answer = self.route_batch(&mut ask, &mut routing, &mut lines);
            routing.end();
            if claims.is_due() {
                claims.send();
            }
            for line in lines {
                claims.hub.log(Level::INFO, line);
            }
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    fn route_batch(
        &mut self,
        ask: &mut Ask<'_, '_>,
        routing: &mut Routing<'_, '_>,
        lines: &mut Vec<log::Line>,
    ) -> Option<Answer> {
        let hub = routing.hub();
        let now = hub.now();
        // As much as ever fits, whoever is told: where a run ends, its author sees.
        let most = BATCH.min(hub.limits.count(Limit::MailboxFrames) / 8);
        let mut routed = 0;
        while routed < most && !(routing.has_delivered() && self.is_behind(hub)) {
            // Where posts are logged, each is routed by itself.
            if let (Some(id), Ask::Next(input)) = (self.id, &mut *ask)
                && tracing::level_filters::LevelFilter::current() < Level::DEBUG
                && let Some(posts) = self.connection.posts(now, input, most - routed)
            {
                routed += posts.len();
                let after = routing.handle_posts(id, &posts);
                self.connection.apply(now, after);
                continue;
            }
            routed += 1;
            let next = match ask {
                Ask::Next(input) => self.connection.next(now, input),
                Ask::End => self.connection.end_of_input(now),
                Ask::Time => self.connection.handle_timeout(now),
            };
            let incoming = match next {
                Next::Message(incoming) => incoming,
                Next::PausedUntil(until) => return Some(Answer::Paused(Until::Time(until))),
                Next::Farewell(last) => {
                    say_farewell(&self.peer, last);
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
            let after = routing.handle(id, &incoming);
            let (conn, content) = (self.peer.number, hub.log_content);
            lines.extend(log::line(conn, self.nickname, &incoming, after, content));
            if let After::LoggedIn(nickname) | After::Renamed(nickname) = after {
                self.nickname = Some(nickname);
            }
            self.connection.apply(now, after);
        }
        None
    }

    fn is_behind(&self, hub: &Hub) -> bool {
        self.peer.mailbox().is_behind(&hub.limits)
    }

    /// Nothing more is read. The last words are still to be sent.
    fn end(&mut self, why: &'static str, claims: &mut Claims<'_>) -> Then {
        let is_open = self.peer.mailbox().is_open();
        if let Some(id) = self.id
            && is_open
        {
            claims.hub.finish(id, &self.peer, claims);
        }
        let by_server = (!is_open).then_some(BY_SERVER);
        Then::Leave(self.why.or(by_server).unwrap_or(why))
    }

    /// Whether something is to be sent yet, or is on its way to a peer that has not ended as well.
    /// Meanwhile the connection counts as one.
    fn must_stay(&self) -> bool {
        self.id.is_some()
            && self.input != Input::Break
            && (self.peer.must_wait_for_end() || (self.outlet.lingers() && !self.peer.is_ended()))
    }

    /// It is gone, whatever waits for it.
    pub(crate) fn cut_off(&self, why: &'static str, claims: &mut Claims<'_>) {
        self.peer.abandon(&claims.hub.waiting);
        let Some(id) = self.id else { return };
        let (conn, nickname) = (self.peer.number, self.nickname);
        claims.hub.log(Level::INFO, move || {
            let nickname = nickname.as_ref().map(Nickname::as_str);
            tracing::info!(conn, nickname, why, "disconnected");
        });
        claims.hub.disconnect(id, claims);
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.peer.socket
    }
}

/// The socket is new, and has room for a few words; who does not take them is not told.
#[inline(never)]
fn say_farewell(peer: &Peer, last: &[u8]) {
    peer.socket.send(std::iter::once(last)).ok();
    peer.socket.shut_down(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use netcomm_core::limits::Limits;

    use super::*;
    use crate::readers::Readers;

    /// Longer than anything takes, however loaded the machine is.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// What follows the turn of a handler that is told, in a pause, how its peer is treated with
    /// `act`.
    fn turn_after(act: impl FnOnce(TcpStream)) -> Turn {
        let (lines, _) = std::sync::mpsc::sync_channel(1);
        let (hub, _) = Hub::new(Limits::default(), false, lines, 1).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = listener.accept().unwrap();
        let peer = Arc::new(Peer::new(stream.into(), address));
        let (_, mut desks) = Readers::new(1).unwrap();
        let desk = &mut desks[0];
        let admitted = Err((CloseCode::FULL, Arc::new(())));
        let newcomer = Newcomer { peer, admitted };
        let mut handler = newcomer.begin(&hub, &desk.inbox, &desk.watch, 0);
        handler.then = Then::Pause(Until::Time(hub.now() + PATIENCE));
        act(other);
        desk.watch.wait(Some(PATIENCE)).unwrap();
        desk.watch.ready().for_each(|ready| handler.notice(ready));
        handler.turn(&mut Claims::none(&hub), &mut [0; 64])
    }

    #[test]
    fn a_pause_lasts_for_a_peer_that_sends_no_more() {
        let mut kept = None;
        let half_close = |other: TcpStream| {
            other.shutdown(Shutdown::Write).unwrap();
            kept = Some(other);
        };
        assert!(matches!(turn_after(half_close), Turn::Waits(Some(_))));
    }

    #[test]
    fn a_pause_ends_with_the_connection() {
        let reset = |other: TcpStream| {
            rustix::net::sockopt::set_socket_linger(&other, Some(Duration::ZERO)).unwrap();
        };
        assert_eq!(turn_after(reset), Turn::Over);
    }
}
