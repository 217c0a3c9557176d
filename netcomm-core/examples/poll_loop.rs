//! A chat server in one thread: sockets that do not block, and one `poll` that waits for them all.
//!
//! ```sh
//! cargo run -p netcomm-core --example poll_loop -- 127.0.0.1:44444
//! ```
//!
//! Then talk to it with `netcomm-client` or `nc`. What a server is but for its sockets stands in
//! `support/`; `tokio_server.rs` has the same, and other sockets. Here is no lock, since
//! there is one thread; what to wait for is found anew from the state of all peers each time.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::time::Instant;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

#[path = "support/chat.rs"]
mod chat;
#[path = "support/peer.rs"]
mod peer;
use chat::Chat;
use peer::Peer;

/// Where the system has no socket left, it is asked again after so long.
const NO_SOCKETS: Duration = Duration::from_millis(100);

/// Serves until `stop` can be read; then tells everybody, and ends when all are gone.
pub(crate) fn serve(listener: &TcpListener, stop: &UnixStream, limits: Limits) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = Server {
        chat: Chat::new(limits)?,
        peers: Vec::new(),
        buffer: vec![0; 16 * 1024],
        accepts_from: Instant::EPOCH,
        ends: None,
    };
    loop {
        let ready = server.wait(listener, stop)?;
        server.chat.on_time();
        if ready.stop {
            server.ends = Some(server.chat.shut_down());
        }
        // First everything is read and routed, and then it is sent: one send takes all that has
        // come in for a peer meanwhile.
        for (index, ready) in ready.peers.into_iter().enumerate() {
            server.hear(index, ready);
        }
        for index in 0..server.peers.len() {
            server.send(index);
        }
        let Server { chat, peers, .. } = &mut server;
        peers.retain(|(_, peer)| !peer.is_gone(chat));
        if ready.listener {
            server.accept(listener);
        }
        if server.ends.is_some_and(|end| end <= server.chat.now() || server.peers.is_empty()) {
            return Ok(());
        }
    }
}

struct Server {
    chat: Chat,
    peers: Vec<(TcpStream, Peer)>,
    buffer: Vec<u8>,
    /// When to accept again.
    accepts_from: Instant,
    /// The end, once it is wanted, whoever is still there.
    ends: Option<Instant>,
}

/// What came of waiting.
struct Ready {
    stop: bool,
    listener: bool,
    peers: Vec<PollFlags>,
}

impl Server {
    /// Waits until a socket is ready or something is due.
    fn wait(&self, listener: &TcpListener, stop: &UnixStream) -> io::Result<Ready> {
        let now = self.chat.now();
        let input = |wanted| if wanted { PollFlags::IN } else { PollFlags::empty() };
        let mut watched = vec![
            PollFd::new(stop, input(self.ends.is_none())),
            PollFd::new(listener, input(self.accepts_from <= now)),
        ];
        watched.extend(self.peers.iter().map(|(stream, peer)| {
            let mut flags = input(peer.wants_input());
            flags.set(PollFlags::OUT, peer.is_full());
            PollFd::new(stream, flags)
        }));
        let again = (self.accepts_from > now).then_some(self.accepts_from);
        let due = self.peers.iter().filter_map(|(_, peer)| peer.due(&self.chat));
        let due = due.chain(again).chain(self.ends).chain(self.chat.router.poll_timeout()).min();
        let left = due.and_then(|due| Timespec::try_from(due.since(now)).ok());
        match poll(&mut watched, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = watched.iter().map(PollFd::revents);
        let mut next = || ready.next().is_some_and(|flags| !flags.is_empty());
        let (stop, listener) = (next() && self.ends.is_none(), next());
        Ok(Ready { stop, listener, peers: ready.collect() })
    }

    /// Accepts everybody who waits.
    fn accept(&mut self, listener: &TcpListener) {
        loop {
            let accepted = listener.accept().and_then(|(stream, address)| {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                // Nobody needs to be woken: every peer is looked at each time.
                let peer = Peer::new(&mut self.chat, address.ip(), || {})?;
                self.peers.extend(peer.map(|peer| (stream, peer)));
                Ok(())
            });
            match accepted {
                Ok(()) => {}
                Err(error) if is_temporary(&error) => return,
                Err(_) => {
                    self.accepts_from = self.chat.now() + NO_SOCKETS;
                    return;
                }
            }
        }
    }

    /// Does what is due for a peer, and reads from it once: everybody has their turn.
    fn hear(&mut self, index: usize, ready: PollFlags) {
        let (stream, peer) = &mut self.peers[index];
        if ready.contains(PollFlags::OUT) {
            peer.on_writable();
        }
        if ready.intersects(PollFlags::IN | PollFlags::ERR | PollFlags::HUP) {
            if !peer.wants_input() {
                // It is not read from, and yet there is news of it: it is gone.
                return peer.break_off(&mut self.chat);
            }
            match stream.read(&mut self.buffer) {
                Ok(read) => peer.hear(&mut self.chat, &self.buffer[..read]),
                Err(error) if is_temporary(&error) => {}
                Err(_) => return peer.break_off(&mut self.chat),
            }
        }
        peer.on_time(&mut self.chat);
    }

    /// Sends what waits for a peer, as far as its socket takes it.
    fn send(&mut self, index: usize) {
        let (stream, peer) = &mut self.peers[index];
        while let Some(bytes) = peer.bytes_to_send(&mut self.chat) {
            let pieces: Vec<_> = bytes.pieces().map(IoSlice::new).collect();
            let sent = match stream.write_vectored(&pieces) {
                Ok(sent) => sent,
                Err(error) if is_temporary(&error) => 0,
                Err(_) => return peer.break_off(&mut self.chat),
            };
            if peer.sent(&mut self.chat, bytes, sent) {
                // Fails where the socket is gone, which is as well.
                drop(stream.shutdown(Shutdown::Write));
            }
        }
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:44444".into());
    let listener = TcpListener::bind(address)?;
    // A signal writes a byte into one end of a pair of sockets; the loop watches the other.
    let (stop, signals) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGINT, signals.try_clone()?)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, signals)?;
    writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
    serve(&listener, &stop, Limits::default())
}
