//! One connection: a socket that never waits, and what is half read and half sent.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
    sockopt,
};

use crate::dialects::User;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting,
    /// The step that is waited for.
    Entering(usize),
    Inside,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) user: User,
    pub(crate) address: String,
    pub(crate) socket: OwnedFd,
    pub(crate) stage: Stage,
    /// What came of something that is not whole yet.
    pub(crate) unread: Vec<u8>,
    /// What the socket did not take yet.
    pub(crate) unsent: Vec<u8>,
    pub(crate) posts: u32,
    /// Whether readiness to send is watched too.
    pub(crate) watches_room: bool,
}

impl Connection {
    /// Begins to connect.
    pub(crate) fn new(server: SocketAddr, user: User) -> std::io::Result<Self> {
        let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        match connect(&socket, &server) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let address = user.address();
        let (unread, unsent) = (Vec::new(), Vec::new());
        let stage = Stage::Connecting;
        Ok(Self { user, address, socket, stage, unread, unsent, posts: 0, watches_room: false })
    }

    /// Reads once, behind what was kept; answers how many bytes there are then, or `None` where
    /// nothing came. An error says that the connection has ended.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<Option<usize>> {
        let kept = self.unread.len();
        if kept >= buffer.len() / 2 {
            return Err(self.failure("something endless came"));
        }
        buffer[..kept].copy_from_slice(&self.unread);
        match recv(&self.socket, &mut buffer[kept..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => Err(self.failure("the server hung up")),
            Ok((length, _)) => {
                self.unread.clear();
                Ok(Some(kept + length))
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    /// Sends what waits, as far as the socket takes it.
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        while !self.unsent.is_empty() {
            match send(&self.socket, &self.unsent, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(sent) if sent == self.unsent.len() => self.unsent.clear(),
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(self.failure(&error.to_string())),
            }
        }
        Ok(())
    }

    /// An error that says whose connection it was.
    pub(crate) fn failure(&self, what: &str) -> std::io::Error {
        std::io::Error::other(format!("{}, {:?}: {what}", self.user.name(), self.stage))
    }
}
