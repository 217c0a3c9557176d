//! One client: a session over a socket that never blocks.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use netcomm_core::client::{Event, Output, SendError, Session, SessionConfig};
use netcomm_core::time::Instant;
use netcomm_core::wire::{Conversation, RequestId};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::{Errno, read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

/// What is read at once.
pub(crate) const READ: usize = 64 * 1024;

/// How often a socket is read before others have their turn.
const TURNS: usize = 4;

/// Where sockets are watched.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) epoll: OwnedFd,
    pub(crate) server: SocketAddr,
}

impl Watch {
    /// Begins to connect; `key` will be ready when that is done.
    pub(crate) fn connect(&self, key: u64) -> rustix::io::Result<OwnedFd> {
        let family = if self.server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        match connect(&socket, &self.server) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error),
        }
        epoll::add(&self.epoll, &socket, EventData::new_u64(key), EventFlags::OUT)?;
        Ok(socket)
    }

    pub(crate) fn listen(&self, key: u64, socket: &OwnedFd, flags: EventFlags) {
        // Fails only for want of kernel memory: the session notices by its deadlines.
        epoll::modify(&self.epoll, socket, EventData::new_u64(key), flags).ok();
    }
}

/// A session and its socket.
#[derive(Debug)]
pub(crate) struct Client {
    key: u64,
    session: Session,
    socket: Option<OwnedFd>,
    stands: bool,
    unsent: Vec<u8>,
    /// Whether the socket takes no more for now.
    is_full: bool,
    events: Vec<Event>,
    due: Option<Instant>,
}

impl Client {
    pub(crate) fn new(key: u64, nickname: &str, room: &str, now: Instant) -> Self {
        let mut config = SessionConfig::new(nickname);
        config.rooms.push(room.into());
        Self {
            key,
            session: Session::new(config, now, key),
            socket: None,
            stands: false,
            unsent: Vec::new(),
            is_full: false,
            events: Vec::new(),
            due: None,
        }
    }

    /// What has happened since it was asked last.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// When `time_out` is to be called.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn time_out(&mut self, watch: &Watch, now: Instant) {
        self.session.handle_timeout(now);
        self.drive(watch, now);
    }

    /// Says something in a room.
    pub(crate) fn post(
        &mut self,
        watch: &Watch,
        now: Instant,
        room: &str,
        text: &str,
    ) -> Result<RequestId, SendError> {
        let id = self.session.post(now, Conversation::room(room), text)?;
        self.drive(watch, now);
        Ok(id)
    }

    pub(crate) fn quit(&mut self, watch: &Watch, now: Instant) {
        self.session.quit(now);
        self.drive(watch, now);
    }

    /// Reads no more, and hears only of the socket's end.
    pub(crate) fn freeze(&mut self, watch: &Watch) {
        if let Some(socket) = &self.socket {
            // So that the server notices soon; much less makes the kernel drop and retry instead.
            sockopt::set_socket_recv_buffer_size(socket, 32 * 1024).ok();
            watch.listen(self.key, socket, EventFlags::RDHUP);
        }
    }

    /// Reads again.
    pub(crate) fn thaw(&mut self, watch: &Watch) {
        if let Some(socket) = &self.socket {
            sockopt::set_socket_recv_buffer_size(socket, 1024 * 1024).ok();
            watch.listen(self.key, socket, EventFlags::IN);
        }
    }

    /// The socket can be read, written, or has ended.
    pub(crate) fn ready(&mut self, watch: &Watch, now: Instant, buffer: &mut [u8]) {
        let Some(socket) = &self.socket else {
            return;
        };
        if !self.stands {
            if sockopt::socket_error(socket).is_ok_and(|error| error.is_ok()) {
                self.stands = true;
                watch.listen(self.key, socket, EventFlags::IN);
                self.session.handle_connected(now);
            } else {
                self.end(now);
            }
            return self.drive(watch, now);
        }
        if !self.unsent.is_empty() {
            self.flush(watch, now);
        }
        for _ in 0..TURNS {
            let Some(socket) = &self.socket else {
                break;
            };
            match read(socket, &mut *buffer) {
                Ok(0) => self.end(now),
                Ok(length) => {
                    self.session.receive(now, &buffer[..length]);
                    if length < buffer.len() {
                        break;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => self.end(now),
            }
        }
        self.drive(watch, now);
    }

    pub(crate) fn drive(&mut self, watch: &Watch, now: Instant) {
        loop {
            match self.session.poll_output() {
                Output::Connect => {
                    self.stands = false;
                    self.is_full = false;
                    self.unsent.clear();
                    match watch.connect(self.key) {
                        Ok(socket) => self.socket = Some(socket),
                        Err(_) => self.end(now),
                    }
                }
                Output::Transmit(bytes) => self.unsent.extend_from_slice(&bytes),
                Output::Event(event) => self.events.push(event),
                Output::Disconnect => {
                    self.flush(watch, now);
                    self.socket = None;
                }
                Output::Wait(due) => {
                    self.due = due;
                    if self.unsent.is_empty() || !self.flush(watch, now) {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Answers whether the connection turned out to be at its end.
    fn flush(&mut self, watch: &Watch, now: Instant) -> bool {
        let Some(socket) = self.socket.as_ref().filter(|_| self.stands) else {
            self.unsent.clear();
            return false;
        };
        let mut sent = 0;
        while sent < self.unsent.len() {
            match write(socket, &self.unsent[sent..]) {
                Ok(length) => sent += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    self.end(now);
                    return true;
                }
            }
        }
        self.unsent.drain(..sent);
        let is_full = !self.unsent.is_empty();
        if is_full != self.is_full {
            self.is_full = is_full;
            let mut flags = EventFlags::IN;
            flags.set(EventFlags::OUT, is_full);
            watch.listen(self.key, socket, flags);
        }
        false
    }

    fn end(&mut self, now: Instant) {
        self.socket = None;
        self.unsent.clear();
        self.session.handle_disconnected(now);
    }
}
