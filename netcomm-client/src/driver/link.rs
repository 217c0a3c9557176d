//! One connection to the server: a thread that connects and then reads, and one that writes, so
//! that neither a slow name service nor a full socket stops the main loop.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

/// How long each address of the host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many chunks may wait for the socket; a session has few requests open, so a server that
/// reads lets this never fill.
const WAITING_CHUNKS: usize = 256;

/// How long the server may take nothing while something waits for it.
const WRITE_STALL: Duration = Duration::from_secs(15);

const READ_BYTES: usize = 16 * 1024;

/// Numbers the attempts to connect, so that what an earlier one still says is known as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt(u64);

impl Attempt {
    /// The attempt after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What a connection's thread says.
#[derive(Debug)]
pub enum News {
    /// It is connected.
    Connected(TcpStream),
    /// This came.
    Bytes(Vec<u8>),
    /// It is over, or never was.
    Lost(io::Error),
}

/// Begins to connect to `address`; what comes of it is given to `tell`, which says whether anybody
/// still wants to know.
pub fn connect(
    address: String,
    attempt: Attempt,
    tell: impl Fn(Attempt, News) -> bool + Send + 'static,
) -> io::Result<()> {
    thread::Builder::new()
        .name(String::from("reader"))
        .spawn(move || {
            let tell = |news| tell(attempt, news);
            let lost = match reach(&address).and_then(|stream| Ok((stream.try_clone()?, stream))) {
                Err(error) => error,
                Ok((mut reading, stream)) => {
                    if !tell(News::Connected(stream)) {
                        return;
                    }
                    read(&mut reading, |bytes| tell(News::Bytes(bytes)))
                }
            };
            // Where nobody listens any more, the program is about to end.
            tell(News::Lost(lost));
        })
        .map(|_| ())
}

/// The sending half of a connection. Dropping it ends the connection, after what was sent.
#[derive(Debug)]
pub struct Link {
    chunks: SyncSender<Vec<u8>>,
}

impl Link {
    /// Starts the thread that writes to `stream`.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        let (chunks, waiting) = sync_channel(WAITING_CHUNKS);
        stream.set_write_timeout(Some(WRITE_STALL))?;
        thread::Builder::new()
            .name(String::from("writer"))
            .spawn(move || write(stream, &waiting))?;
        Ok(Self { chunks })
    }

    /// Sends `bytes` after all that was sent before, without waiting.
    pub fn send(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.chunks.try_send(bytes).map_err(|error| match error {
            TrySendError::Full(_) => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("the server takes nothing: {WAITING_CHUNKS} chunks wait for it"),
            ),
            TrySendError::Disconnected(_) => io::ErrorKind::BrokenPipe.into(),
        })
    }
}

fn reach(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Reads to the end of the stream; gives the reason why it ended.
fn read(stream: &mut TcpStream, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Error {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => {
                return io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection",
                );
            }
            Ok(length) => {
                if !take(buffer[..length].to_vec()) {
                    return io::ErrorKind::Interrupted.into();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error,
        }
    }
}

fn write(mut stream: TcpStream, waiting: &Receiver<Vec<u8>>) {
    for chunk in waiting {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    // The reader tells that it is over. This fails where it is over already.
    stream.shutdown(Shutdown::Both).ok();
}
