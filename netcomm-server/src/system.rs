//! What the operating system gives to those who serve connections: locks, time, sockets and ways
//! to wait for them.
//!
//! They ask nobody else for it, so that their test can take its place and decide who runs when.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use netcomm_core::time::{Instant, UnixMillis};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags};

pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;

/// Tells the time since it was made.
#[derive(Debug)]
pub(crate) struct Clock(std::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }
}

pub(crate) fn unix_time() -> UnixMillis {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn entropy() -> io::Result<[u8; 16]> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy)?;
    Ok(entropy)
}

/// What is waited for at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Something to read, or the end.
    Input,
    /// That it breaks, or is ended both ways.
    Break,
}

/// A connected socket. Nothing waits but [`Socket::wait`].
#[derive(Debug)]
pub(crate) struct Socket(TcpStream);

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self(stream)
    }
}

impl Socket {
    /// How many bytes it took: none where it is full.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match retry_on_intr(|| rustix::net::send(&self.0, bytes, flags)) {
            Err(Errno::WOULDBLOCK) => Ok(0),
            sent => Ok(sent?),
        }
    }

    /// How many bytes it gave, 0 at the end; nothing where there is nothing yet.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match retry_on_intr(|| rustix::net::recv(&self.0, &mut *buffer, RecvFlags::DONTWAIT)) {
            Err(Errno::WOULDBLOCK) => Ok(None),
            received => Ok(Some(received?.0)),
        }
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        // One that is already gone needs no shutting down.
        self.0.shutdown(how).ok();
    }

    /// Waits for what is wanted; answers whether that came before the time was over.
    pub(crate) fn wait(&self, wanted: Wanted, timeout: Option<Duration>) -> io::Result<bool> {
        let events = match wanted {
            Wanted::Input => PollFlags::IN,
            Wanted::Break => PollFlags::empty(),
        };
        let mut watched = [PollFd::new(&self.0, events)];
        poll_all(&mut watched, timeout)?;
        Ok(!watched[0].revents().is_empty())
    }
}

/// Wakes a thread that waits for many sockets.
#[derive(Debug)]
pub(crate) struct Bell {
    rope: UnixStream,
    ear: UnixStream,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let (rope, ear) = UnixStream::pair()?;
        rope.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok(Self { rope, ear })
    }

    pub(crate) fn ring(&self) {
        // A full bell rings already.
        (&self.rope).write_all(&[0]).ok();
    }

    /// Waits until it is rung, a socket takes something or breaks, or the time is over. Answers
    /// which sockets do.
    pub(crate) fn wait<'s>(
        &self,
        sockets: impl Iterator<Item = &'s Socket>,
        timeout: Option<Duration>,
    ) -> io::Result<Vec<bool>> {
        let mut watched = vec![PollFd::new(&self.ear, PollFlags::IN)];
        watched.extend(sockets.map(|socket| PollFd::new(&socket.0, PollFlags::OUT)));
        poll_all(&mut watched, timeout)?;
        let mut rung = [0; 64];
        while (&self.ear).read(&mut rung).is_ok_and(|read| read > 0) {}
        Ok(watched[1..].iter().map(|watched| !watched.revents().is_empty()).collect())
    }
}

/// A signal ends the wait, as if the time were over.
fn poll_all(watched: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(watched, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
