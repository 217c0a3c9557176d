//! What the operator is told, on the standard error stream or in a file.
//!
//! Whatever a user chose is written in its escaped form: it can neither begin a line nor move a
//! terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use netcomm_core::server::{After, ConnId, Incoming};
use netcomm_core::wire::ClientMessage;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Format, LogConfig};
use crate::peer::Peer;

/// Whether the file was moved away is looked at so often.
const LOOK: Duration = Duration::from_secs(1);

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
    open: Mutex<(File, Instant)>,
}

impl LogFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = append(&path)?;
        let open = Mutex::new((file, Instant::now()));
        Ok(Self { path, open })
    }
}

fn append(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
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
        if open.1.elapsed() >= LOOK {
            let ours = open.0.metadata()?;
            let there = std::fs::metadata(&self.path).map(|file| (file.dev(), file.ino()));
            if there.ok() != Some((ours.dev(), ours.ino())) {
                open.0 = append(&self.path)?;
            }
            open.1 = Instant::now();
        }
        open.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What of a message is to be logged once it is routed, outside the router's lock.
pub(crate) enum Seen {
    Nothing,
    Login(String),
    Other(String),
}

impl Seen {
    /// Logins always; other requests only where somebody wants them.
    #[inline]
    pub(crate) fn of(incoming: &Incoming<'_>, content: bool) -> Self {
        match incoming {
            Incoming::Request {
                message: ClientMessage::Login { nickname, .. },
                ..
            } => Self::Login((*nickname).into()),
            Incoming::Request { message, .. } if tracing::enabled!(tracing::Level::DEBUG) => {
                Self::Other(describe(message, content))
            }
            _ => Self::Nothing,
        }
    }

    #[inline]
    pub(crate) fn tell(self, peer: &Peer, conn: ConnId, after: &After) {
        match self {
            Self::Nothing => {}
            Self::Login(nickname) => {
                let logged_in = *after == After::LoggedIn;
                tracing::info!(peer = %peer.address, ?conn, ?nickname, logged_in, "login");
            }
            Self::Other(request) => {
                tracing::debug!(peer = %peer.address, ?conn, request, ?after, "request");
            }
        }
    }
}

#[inline(never)]
fn describe(message: &ClientMessage<'_>, content: bool) -> String {
    match message {
        ClientMessage::Post {
            conversation, text, ..
        } if !content => format!(
            "Post {{ conversation: {conversation:?}, bytes: {} }}",
            text.len()
        ),
        other => format!("{other:?}"),
    }
}
