//! Many connections to one server, in one loop that waits for all of them.

use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv, sockopt};

use crate::connection::{Connection, Stage};
use crate::dialects::{Dialect, Kind, Place, User};
use crate::servers::Target;

/// How long one may take to come in while others wait.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often those who come in may try again, all together.
const ATTEMPTS: u32 = 1000;
/// What is read at once, and as much again for what was kept.
const BUFFER: usize = 128 * 1024;

/// What the kernel keeps for one who reads little; much less makes it drop and retry instead.
const SLOW_BUFFER: usize = 32 * 1024;

/// Takes what connections are told.
pub(crate) trait Hear {
    /// Connection `who` was told `text`; an error ends the run.
    fn text(&mut self, who: usize, text: &[u8], now: Instant) -> std::io::Result<()>;
    /// So many posts of connection `who` were accepted.
    fn accepted(&mut self, who: usize, posts: u64);
}

/// Hears nothing.
pub(crate) struct Deaf;

impl Hear for Deaf {
    fn text(&mut self, _: usize, _: &[u8], _: Instant) -> std::io::Result<()> {
        Ok(())
    }

    fn accepted(&mut self, _: usize, _: u64) {}
}

pub(crate) struct Crowd {
    pub(crate) dialect: Box<dyn Dialect>,
    server: SocketAddr,
    at_once: usize,
    awake: Duration,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    inside: usize,
    buffer: Vec<u8>,
    /// Whether anyone but the first may lose its connection.
    pub(crate) forgives: bool,
    /// Those who have lost theirs.
    pub(crate) lost: Vec<usize>,
    /// How often somebody may still try again.
    attempts: u32,
}

impl Crowd {
    pub(crate) fn new(target: Target) -> std::io::Result<Self> {
        let Target { address: server, at_once, awake, .. } = target;
        let dialect = target.language.dialect(target.answers);
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let (connections, buffer) = (Vec::new(), vec![0; BUFFER]);
        let (forgives, lost) = (false, Vec::new());
        Ok(Self {
            dialect,
            server,
            epoll,
            connections,
            inside: 0,
            buffer,
            forgives,
            lost,
            attempts: ATTEMPTS,
            at_once,
            awake,
        })
    }

    /// Lets `users` come in, a few at a time, and waits for them.
    pub(crate) fn enter(
        &mut self,
        users: impl IntoIterator<Item = User>,
    ) -> std::io::Result<Range<usize>> {
        let begin = self.connections.len();
        let mut users = users.into_iter().peekable();
        let mut moved = Instant::now();
        while users.peek().is_some() || self.inside < self.connections.len() {
            while self.connections.len() - self.inside < self.at_once
                && self.may_follow()
                && let Some(user) = users.next()
            {
                self.connections.push(Connection::new(self.server, user)?);
                self.watch(self.connections.len() - 1)?;
            }
            let before = self.inside;
            self.poll(Duration::from_millis(100), &mut Deaf)?;
            if self.inside > before {
                moved = Instant::now();
            } else if moved.elapsed() > PATIENCE {
                let waiting = self.connections.iter().find(|one| one.stage != Stage::Inside);
                let waiting = waiting.map(|one| one.failure("the server does not let it in"));
                return Err(waiting.unwrap_or_else(|| std::io::Error::other("nobody waits")));
            }
        }
        Ok(begin..self.connections.len())
    }

    /// Waits for at most `wait`, and reads once whatever is ready. It looks again for a while
    /// before it sleeps: whoever sends to one that sleeps pays for waking it.
    pub(crate) fn poll(&mut self, wait: Duration, hear: &mut impl Hear) -> std::io::Result<()> {
        let mut events = [MaybeUninit::uninit(); 1024];
        let (begin, awake) = (Instant::now(), self.awake.min(wait));
        let ready = loop {
            let passed = begin.elapsed();
            let is_awake = passed < awake;
            let wait = if is_awake { Duration::ZERO } else { wait.saturating_sub(passed) };
            let wait = Timespec::try_from(wait).unwrap_or_default();
            match epoll::wait(&self.epoll, &mut events, Some(&wait)) {
                Ok((ready, _)) if is_awake && ready.is_empty() => {}
                Ok((ready, _)) => break ready,
                Err(Errno::INTR) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        };
        for event in ready {
            let who = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            match self.ready(who, hear) {
                Err(_) if self.forgives && who > 0 => {
                    self.freeze(who)?;
                    self.lost.push(who);
                }
                Err(error) => self.come_again(who, error)?,
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Queues a post.
    pub(crate) fn post(&mut self, who: usize, text: &str) {
        let one = &mut self.connections[who];
        one.posts += 1;
        self.dialect.post(&one.user, &one.address, one.posts, text, &mut one.unsent);
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self, who: usize) -> std::io::Result<()> {
        let one = &mut self.connections[who];
        one.flush()?;
        if one.watches_room == one.unsent.is_empty() {
            one.watches_room = !one.watches_room;
            let mut flags = EventFlags::IN;
            flags.set(EventFlags::OUT, one.watches_room);
            epoll::modify(&self.epoll, &one.socket, EventData::new_u64(who as u64), flags)?;
        }
        Ok(())
    }

    /// Is told nothing of this one any more, who reads little from now on.
    pub(crate) fn freeze(&mut self, who: usize) -> std::io::Result<()> {
        let socket = &self.connections[who].socket;
        // So that the server notices soon.
        sockopt::set_socket_recv_buffer_size(socket, SLOW_BUFFER)?;
        Ok(epoll::delete(&self.epoll, socket)?)
    }

    /// Whether it is in.
    pub(crate) fn is_inside(&self, who: usize) -> bool {
        self.connections[who].stage == Stage::Inside
    }

    /// Whether the socket has taken all that was queued.
    pub(crate) fn has_sent(&self, who: usize) -> bool {
        self.connections[who].unsent.is_empty()
    }

    /// Reads at most `length` bytes and forgets them; `false` where the connection has ended.
    pub(crate) fn sip(&mut self, who: usize, length: usize) -> bool {
        let socket = &self.connections[who].socket;
        match recv(socket, &mut self.buffer[..length], RecvFlags::DONTWAIT) {
            Ok((length, _)) => length > 0,
            Err(error) => matches!(error, Errno::AGAIN | Errno::INTR),
        }
    }

    /// Lets another user come in the place of one that was frozen, without waiting for it.
    pub(crate) fn replace(&mut self, who: usize, user: User) -> std::io::Result<()> {
        self.inside -= usize::from(self.is_inside(who));
        self.connections[who] = Connection::new(self.server, user)?;
        self.watch(who)
    }

    /// One who lost its connection before it was in comes again, where that is allowed.
    fn come_again(&mut self, who: usize, error: std::io::Error) -> std::io::Result<()> {
        if !self.dialect.comes_again() || self.is_inside(who) || self.attempts == 0 {
            return Err(error);
        }
        self.attempts -= 1;
        let user = self.connections[who].user.clone();
        self.replace(who, user)
    }

    /// Whether the one that came last has made the room that others would enter.
    fn may_follow(&self) -> bool {
        self.connections.last().is_none_or(|one| {
            let makes_room = matches!(one.user.place, Place::Room { is_first: true, .. });
            !makes_room || one.stage == Stage::Inside
        })
    }

    fn watch(&self, who: usize) -> std::io::Result<()> {
        let (socket, data) = (&self.connections[who].socket, EventData::new_u64(who as u64));
        Ok(epoll::add(&self.epoll, socket, data, EventFlags::OUT)?)
    }

    fn ready(&mut self, who: usize, hear: &mut impl Hear) -> std::io::Result<()> {
        let one = &mut self.connections[who];
        if one.stage == Stage::Connecting {
            if let Err(error) = sockopt::socket_error(&one.socket)? {
                return Err(one.failure(&error.to_string()));
            }
            let data = EventData::new_u64(who as u64);
            epoll::modify(&self.epoll, &one.socket, data, EventFlags::IN)?;
            return self.say(who, 0);
        }
        if one.watches_room {
            self.flush(who)?;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = self.read(who, &mut buffer, hear);
        self.buffer = buffer;
        outcome
    }

    fn read(&mut self, who: usize, buffer: &mut [u8], hear: &mut impl Hear) -> std::io::Result<()> {
        let Some(length) = self.connections[who].read(buffer)? else {
            return Ok(());
        };
        let now = Instant::now();
        let mut rest = &buffer[..length];
        loop {
            let stage = self.connections[who].stage;
            let step = if let Stage::Entering(step) = stage { Some(step) } else { None };
            let Some(item) = self.dialect.item(step, rest) else {
                break;
            };
            let (said, after) = rest.split_at(item.length);
            rest = after;
            match item.kind {
                Kind::Text(text) => hear.text(who, text, now)?,
                Kind::Accepted(posts) => hear.accepted(who, posts),
                Kind::Call(reply) => {
                    self.connections[who].unsent.extend_from_slice(&reply);
                    self.flush(who)?;
                }
                Kind::Fault => {
                    let said = format!("the server said {}", said.escape_ascii());
                    return Err(self.connections[who].failure(&said));
                }
                Kind::Other => {
                    if let Some(step) = step
                        && self.dialect.has_entered(step, said)
                    {
                        self.say(who, step + 1)?;
                    }
                }
            }
        }
        self.connections[who].unread.extend_from_slice(rest);
        Ok(())
    }

    fn say(&mut self, who: usize, step: usize) -> std::io::Result<()> {
        let one = &mut self.connections[who];
        if self.dialect.enter(step, &one.user, &mut one.unsent) {
            one.stage = Stage::Entering(step);
            self.flush(who)
        } else {
            one.stage = Stage::Inside;
            self.inside += 1;
            Ok(())
        }
    }
}
