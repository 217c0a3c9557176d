//! What the operating system gives to those who serve connections: locks, time, sockets and ways
//! to wait for them.
//!
//! They ask nobody else for it, so that their test can take its place and decide who runs when.

use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use netcomm_core::time::{Instant, UnixMillis};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

use crate::readers::{Input, Ready};

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

/// So many pieces are sent at once.
const PIECES: usize = 16;

/// A connected socket. No call waits for it.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self { stream }
    }
}

impl Socket {
    /// How many bytes of all `pieces` it took: not all of them where it is full.
    pub(crate) fn send<'a>(&self, mut pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<usize> {
        let mut sent = 0;
        loop {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let (mut count, mut offered) = (0, 0);
            for (slice, piece) in slices.iter_mut().zip(pieces.by_ref()) {
                *slice = IoSlice::new(piece);
                count += 1;
                offered += piece.len();
            }
            let took = self.send_slices(&slices[..count])?;
            sent += took;
            if took < offered || count < PIECES {
                return Ok(sent);
            }
        }
    }

    fn send_slices(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let sent = match slices {
            [] => Ok(0),
            [one] => retry_on_intr(|| rustix::net::send(&self.stream, one, flags)),
            several => retry_on_intr(|| {
                let mut nothing = SendAncillaryBuffer::default();
                rustix::net::sendmsg(&self.stream, several, &mut nothing, flags)
            }),
        };
        match sent {
            Err(Errno::WOULDBLOCK) => Ok(0),
            sent => Ok(sent?),
        }
    }

    /// How many bytes it gave, 0 at the end; nothing where there is nothing yet.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match retry_on_intr(|| rustix::net::recv(&self.stream, &mut *buffer, RecvFlags::DONTWAIT)) {
            Err(Errno::WOULDBLOCK) => Ok(None),
            received => Ok(Some(received?.0)),
        }
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        // One that is already gone needs no shutting down.
        self.stream.shutdown(how).ok();
    }
}

/// Watches the sockets that one thread reads.
#[derive(Debug)]
pub(crate) struct Watch {
    poll: Poll,
    events: Events,
}

/// Wakes the thread that watches.
#[derive(Debug)]
pub(crate) struct Alarm(Waker);

const ALARM: Token = Token(usize::MAX);

/// A thread is told of so many sockets at a time.
const EVENTS: usize = 256;

impl Watch {
    pub(crate) fn new() -> io::Result<(Self, Alarm)> {
        let poll = Poll::new()?;
        let alarm = Alarm(Waker::new(poll.registry(), ALARM)?);
        Ok((Self { poll, events: Events::with_capacity(EVENTS) }, alarm))
    }

    /// Tells from now on when something comes, and when a socket that was full takes something.
    pub(crate) fn add(&self, socket: &Socket, slot: usize) -> io::Result<()> {
        let mut source = SourceFd(&socket.stream.as_raw_fd());
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut source, Token(slot), both)
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        // Fails only where it was not added.
        self.poll.registry().deregister(&mut SourceFd(&socket.stream.as_raw_fd())).ok();
    }

    /// Waits until something comes, the alarm sounds, or the time is over.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            waited => waited,
        }
    }

    pub(crate) fn ready(&self) -> impl Iterator<Item = Ready> {
        let events = self.events.iter().filter(|event| event.token() != ALARM);
        events.map(|event| {
            let input = if event.is_error() || event.is_write_closed() {
                Input::Break
            } else if event.is_read_closed() {
                Input::End
            } else if event.is_readable() {
                Input::Something
            } else {
                Input::Nothing
            };
            Ready { slot: event.token().0, input, takes: event.is_writable() }
        })
    }
}

impl Alarm {
    pub(crate) fn sound(&self) {
        // Fails only where it sounds already.
        self.0.wake().ok();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn all_pieces_are_sent_however_many_there_are() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = Socket::from(listener.accept().unwrap().0);
        for count in [0, 1, 2, PIECES, PIECES + 1, 3 * PIECES] {
            let pieces: Vec<_> = (0_u8..).take(count).map(|number| [number; 2]).collect();
            let sent = socket.send(pieces.iter().map(|piece| &piece[..]));
            assert_eq!(sent.unwrap(), 2 * count);
            let mut came = vec![0; 2 * count];
            far.read_exact(&mut came).unwrap();
            assert_eq!(came, pieces.concat());
        }
    }

    #[test]
    fn what_a_full_socket_takes_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = Socket::from(listener.accept().unwrap().0);
        let piece = [7; 1000];
        let mut sent = 0;
        while let Ok(took @ 1..) = socket.send([&piece[..]; 2 * PIECES].into_iter()) {
            sent += took;
        }
        socket.shut_down(Shutdown::Write);
        let mut came = Vec::new();
        far.read_to_end(&mut came).unwrap();
        assert_eq!(came.len(), sent);
    }
}
