//! What the operator is told, on the standard error stream or in a file.
//!
//! Connections leave the writing to one thread: no reader waits for a disk, and none keeps a stack
//! that is as deep as formatting needs. Whatever a user chose is escaped: it can neither begin a
//! line nor move a terminal.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use netcomm_core::name::Nickname;
use netcomm_core::server::{After, ConnId, Incoming};
use netcomm_core::text::Shown;
use netcomm_core::wire::{ClientMessage, CloseCode};
use tracing::{Level, debug, enabled, info};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Format, LogConfig};

/// So many lines wait to be written; then those who log wait, too.
const LINES: usize = 1024;

/// Of a name that was refused, so many characters are shown.
const SHOWN: usize = 64;

/// Starts to log as configured.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| format!("log filter {:?}: {error}", config.filter))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let started = match (&config.file, config.format) {
        (None, Format::Pretty) => builder.with_writer(io::stderr).with_ansi(false).try_init(),
        (None, Format::Json) => builder.json().with_writer(io::stderr).try_init(),
        (Some(path), format) => {
            let file = LogFile::open(path.clone())
                .map_err(|error| format!("log file {}: {error}", path.display()))?;
            match format {
                Format::Pretty => builder.with_writer(file).with_ansi(false).try_init(),
                Format::Json => builder.json().with_writer(file).try_init(),
            }
        }
    };
    started.map_err(|error| format!("log: {error}"))
}

/// A log file that is opened again when it was moved away.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    open: Mutex<(File, Identity)>,
}

/// Which file it is, whatever it is called: its device and its number.
type Identity = (u64, u64);

impl LogFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let open = Mutex::new(append(&path)?);
        Ok(Self { path, open })
    }
}

fn append(path: &Path) -> io::Result<(File, Identity)> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(path)?;
    let identity = identity(&file.metadata()?);
    Ok((file, identity))
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino())
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = std::fs::metadata(&self.path).map(|file| identity(&file));
        // Where it cannot be opened again, the old file is better than none.
        if there.ok() != Some(open.1)
            && let Ok(anew) = append(&self.path)
        {
            *open = anew;
        }
        open.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line that is still to be formatted and written.
pub(crate) type Line = Box<dyn FnOnce() + Send>;

/// Where connections leave what is to be logged.
#[derive(Debug)]
pub(crate) struct Lines {
    waiting: SyncSender<Option<Line>>,
    written: Mutex<Option<Receiver<Option<Line>>>>,
}

impl Lines {
    pub(crate) fn new() -> Self {
        let (waiting, written) = sync_channel(LINES);
        let written = Mutex::new(Some(written));
        Self { waiting, written }
    }

    pub(crate) fn write(&self, line: impl Into<Option<Line>>) {
        if let Some(line) = line.into() {
            // Once the server has ended, nobody writes.
            self.waiting.send(Some(line)).ok();
        }
    }

    /// Lets the thread end that writes.
    pub(crate) fn end(&self) {
        self.waiting.send(None).ok();
    }

    /// Writes until the end.
    pub(crate) fn run(&self) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).take();
        for line in written.into_iter().flatten().map_while(|line| line) {
            line();
        }
    }
}

/// What of a message is to be logged once it is routed.
pub(crate) enum Seen {
    Nothing,
    Login(String),
    CreateRoom,
    Post { conversation: String, bytes: usize, text: Option<String> },
    Request(String),
}

impl Seen {
    /// Logins and rooms always; other requests only where somebody wants them.
    #[inline]
    pub(crate) fn of(incoming: &Incoming<'_>, content: bool) -> Self {
        match incoming {
            Incoming::Request { message, .. } if enabled!(Level::INFO) => match message {
                ClientMessage::Login { nickname, .. } => {
                    Self::Login(shown(&nickname.chars().take(SHOWN).collect::<String>()))
                }
                ClientMessage::CreateRoom { .. } => Self::CreateRoom,
                message if enabled!(Level::DEBUG) => Self::closely(message, content),
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    #[inline(never)]
    fn closely(message: &ClientMessage<'_>, content: bool) -> Self {
        let ClientMessage::Post { conversation, text, .. } = message else {
            return Self::Request(shown(&format!("{message:?}")));
        };
        Self::Post {
            conversation: shown(&conversation.to_string()),
            bytes: text.len(),
            text: content.then(|| shown(text)),
        }
    }

    /// The line for it, if there is one. `nickname` is what the user was called before.
    #[inline]
    pub(crate) fn line(
        self,
        conn: ConnId,
        nickname: Option<Nickname>,
        after: After,
    ) -> Option<Line> {
        match (&self, after) {
            (Self::Nothing, After::Nothing | After::Posted(_) | After::Closed) => None,
            _ => self.compose(conn, nickname, after),
        }
    }

    #[inline(never)]
    fn compose(self, conn: ConnId, before: Option<Nickname>, after: After) -> Option<Line> {
        let nickname = move || before.map_or_else(String::new, |name| shown(name.as_str()));
        Some(match (self, after) {
            (_, After::LoggedIn(name)) => Box::new(move || {
                info!(?conn, nickname = shown(name.as_str()), "logged in");
            }),
            (Self::Login(asked), _) => Box::new(move || {
                info!(?conn, nickname = asked, "login refused");
            }),
            (_, After::Renamed(name)) => Box::new(move || {
                info!(?conn, nickname = shown(name.as_str()), before = nickname(), "renamed");
            }),
            (Self::CreateRoom, After::Joined(room)) => Box::new(move || {
                info!(?conn, nickname = nickname(), room = shown(room.as_str()), "room created");
            }),
            (_, After::Joined(room)) => Box::new(move || {
                info!(?conn, nickname = nickname(), room = shown(room.as_str()), "room joined");
            }),
            (_, After::Left(room)) => Box::new(move || {
                info!(?conn, nickname = nickname(), room = shown(room.as_str()), "room left");
            }),
            (Self::Post { conversation, bytes, text }, After::Posted(position)) => {
                Box::new(move || {
                    let sender = nickname();
                    let seq = position.seq;
                    debug!(?conn, sender, conversation, seq, bytes, text, "message");
                })
            }
            (Self::Post { conversation, bytes, .. }, _) => Box::new(move || {
                debug!(?conn, sender = nickname(), conversation, bytes, "message refused");
            }),
            (Self::Request(request), _) => Box::new(move || {
                debug!(?conn, nickname = nickname(), request, "request");
            }),
            (Self::Nothing | Self::CreateRoom, _) => return None,
        })
    }
}

/// A connection has come.
pub(crate) fn come(conn: ConnId, peer: SocketAddr) -> Line {
    Box::new(move || info!(?conn, %peer, "connected"))
}

/// A connection is gone.
pub(crate) fn gone(conn: ConnId, nickname: Option<Nickname>, why: &'static str) -> Line {
    let nickname = nickname.map(|name| shown(name.as_str()));
    Box::new(move || info!(?conn, nickname, why, "disconnected"))
}

/// A connection was not let in.
pub(crate) fn refused(peer: SocketAddr, code: CloseCode) -> Line {
    Box::new(move || info!(%peer, code = code.name(), "refused"))
}

fn shown(text: &str) -> String {
    Shown::line(text).to_string()
}
