//! A chat server under tokio: a task for each connection, and one for the router's own time.
//!
//! ```sh
//! cargo run -p netcomm-core --example tokio_server -- 127.0.0.1:44444
//! ```
//!
//! Then talk to it with `netcomm-client` or `nc`. What a server is but for its sockets stands in
//! `support/`; `poll_loop.rs` has the same, and other sockets. All that peers share is
//! behind one lock, which is never held across an `await`. Whoever is told something has it put
//! into their mailbox under that lock, and their task is woken to send it.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, IoSlice, Write};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::time::Instant;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[path = "support/chat.rs"]
mod chat;
#[path = "support/peer.rs"]
mod peer;
use chat::Chat;
use peer::Peer;

/// Where the system has no socket left, it is asked again after so long.
const NO_SOCKETS: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready; then tells everybody, and ends when all are gone.
pub(crate) async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    limits: Limits,
) -> io::Result<()> {
    let hub = Arc::new(Hub { chat: Mutex::new(Chat::new(limits)?), earlier: Notify::new() });
    let mut tasks = JoinSet::new();
    tokio::select! {
        never = accept(&hub, &listener, &mut tasks) => match never {},
        never = keep_time(&hub) => match never {},
        () = stop => {}
    }
    // Whoever comes now finds nobody who listens.
    drop(listener);
    let left = hub.with(|chat| {
        let end = chat.shut_down();
        end.since(chat.now())
    });
    // Who is not gone then is cut off: dropping the set ends all tasks.
    drop(timeout(left, tasks.join_all()).await);
    Ok(())
}

/// What all tasks share.
struct Hub {
    chat: Mutex<Chat>,
    /// The router wants to be woken earlier than it did.
    earlier: Notify,
}

impl Hub {
    /// Does something under the lock.
    fn with<R>(&self, act: impl FnOnce(&mut Chat) -> R) -> R {
        let mut chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        let before = chat.router.poll_timeout();
        let result = act(&mut chat);
        let due = chat.router.poll_timeout();
        if due.is_some_and(|due| before.is_none_or(|before| due < before)) {
            self.earlier.notify_one();
        }
        result
    }

    /// Waits until an instant of the core's.
    async fn wait_until(&self, due: Option<Instant>) {
        match due {
            Some(due) => sleep(due.since(self.with(|chat| chat.now()))).await,
            None => pending().await,
        }
    }
}

/// Accepts whoever comes, and gives each a task.
async fn accept(hub: &Arc<Hub>, listener: &TcpListener, tasks: &mut JoinSet<()>) -> Infallible {
    loop {
        let accepted = listener.accept().await;
        match accepted.and_then(|(stream, address)| Socket::new(hub, stream, address.ip())) {
            Ok(Some(socket)) => drop(tasks.spawn(socket.serve())),
            Ok(None) => {}
            Err(_) => sleep(NO_SOCKETS).await,
        }
        // Tasks that have ended are forgotten.
        while tasks.try_join_next().is_some() {}
    }
}

/// Tells the router when its time has come.
async fn keep_time(hub: &Hub) -> Infallible {
    loop {
        let due = hub.with(|chat| {
            chat.on_time();
            chat.router.poll_timeout()
        });
        tokio::select! {
            () = hub.wait_until(due) => {}
            () = hub.earlier.notified() => {}
        }
    }
}

/// One connection's task.
struct Socket {
    hub: Arc<Hub>,
    stream: TcpStream,
    peer: Peer,
    /// Something is to be sent.
    bell: Arc<Notify>,
}

impl Socket {
    fn new(hub: &Arc<Hub>, stream: TcpStream, address: IpAddr) -> io::Result<Option<Self>> {
        stream.set_nodelay(true)?;
        let bell = Arc::new(Notify::new());
        let ring = Arc::clone(&bell);
        let wake = move || ring.notify_one();
        let peer = hub.with(|chat| Peer::new(chat, address, wake))?;
        Ok(peer.map(|peer| Self { hub: Arc::clone(hub), stream, peer, bell }))
    }

    async fn serve(mut self) {
        loop {
            let Self { hub, stream, peer, bell } = &mut self;
            let (due, wants_input) = (hub.with(|chat| peer.due(chat)), peer.wants_input());
            tokio::select! {
                _ = stream.readable(), if wants_input => self.hear(),
                _ = stream.writable(), if peer.is_full() => peer.on_writable(),
                () = bell.notified() => {}
                () = hub.wait_until(due) => {}
            }
            let Self { hub, peer, .. } = &mut self;
            hub.with(|chat| peer.on_time(chat));
            self.send().await;
            if self.hub.with(|chat| self.peer.is_gone(chat)) {
                return;
            }
        }
    }

    /// Reads once: everybody has their turn.
    fn hear(&mut self) {
        // On the stack of a moment, not in the task: an idle connection has no buffer.
        let mut buffer = [0; 4096];
        let read = self.stream.try_read(&mut buffer);
        self.hub.with(|chat| match read {
            Ok(read) => self.peer.hear(chat, &buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.peer.break_off(chat),
        });
    }

    /// Sends what waits, as far as the socket takes it; not under the lock.
    async fn send(&mut self) {
        while let Some(bytes) = self.hub.with(|chat| self.peer.bytes_to_send(chat)) {
            let pieces: Vec<_> = bytes.pieces().map(IoSlice::new).collect();
            let sent = match self.stream.try_write_vectored(&pieces) {
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(_) => return self.hub.with(|chat| self.peer.break_off(chat)),
            };
            if self.hub.with(|chat| self.peer.sent(chat, bytes, sent)) {
                // Fails where the socket is gone, which is as well.
                drop(self.stream.shutdown().await);
            }
        }
    }
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:44444".into());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
        let stop = async { drop(tokio::signal::ctrl_c().await) };
        serve(listener, stop, Limits::default()).await
    })
}
