//! What the operating system gives to those who serve connections: locks, time, sockets and ways
//! to wait for them.
//!
//! They ask nobody else for it, so that their test can take its place and decide who runs when.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use netcomm_core::time::{Instant, UnixMillis};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, sockopt};

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

/// A connected socket. Only [`Socket::wait_for_input`] and [`Socket::wait_for_break`] wait.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// How long its reader lets the kernel wait, in microseconds; 0 where that is to be said anew.
    patience: AtomicU64,
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self { stream, patience: AtomicU64::new(0) }
    }
}

impl Socket {
    /// How many bytes it took: none where it is full.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match retry_on_intr(|| rustix::net::send(&self.stream, bytes, flags)) {
            Err(Errno::WOULDBLOCK) => Ok(0),
            sent => Ok(sent?),
        }
    }

    /// How many bytes it gave, 0 at the end; nothing where there is nothing yet.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.try_receive(buffer, RecvFlags::DONTWAIT)
    }

    /// The same, but waits. Only the thread that reads may call it. It may wait less than it is
    /// asked to: the kernel is told only where it would wait too long, or has just waited.
    pub(crate) fn wait_for_input(
        &self,
        buffer: &mut [u8],
        timeout: Option<Duration>,
    ) -> io::Result<Option<usize>> {
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_micros(1)));
        let micros = |timeout: Duration| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
        let wanted = timeout.map_or(u64::MAX, micros);
        let told = self.patience.load(Ordering::Relaxed);
        if told == 0 || told > wanted {
            sockopt::set_socket_timeout(&self.stream, sockopt::Timeout::Recv, timeout)?;
            self.patience.store(wanted, Ordering::Relaxed);
        }
        let received = self.try_receive(buffer, RecvFlags::empty());
        if let Ok(None) = received {
            self.patience.store(0, Ordering::Relaxed);
        }
        received
    }

    fn try_receive(&self, buffer: &mut [u8], how: RecvFlags) -> io::Result<Option<usize>> {
        match retry_on_intr(|| rustix::net::recv(&self.stream, &mut *buffer, how)) {
            Err(Errno::WOULDBLOCK) => Ok(None),
            received => Ok(Some(received?.0)),
        }
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        // One that is already gone needs no shutting down.
        self.stream.shutdown(how).ok();
    }

    /// Waits until it breaks, or is ended both ways; answers whether that came before the time was
    /// over.
    pub(crate) fn wait_for_break(&self, timeout: Option<Duration>) -> io::Result<bool> {
        let mut watched = [PollFd::new(&self.stream, PollFlags::empty())];
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
        watched.extend(sockets.map(|socket| PollFd::new(&socket.stream, PollFlags::OUT)));
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
