//! What the operator is told, on the standard error stream or in a file.
//!
//! Connections leave the writing to one thread: no reader waits for a disk, and none keeps a stack
//! that is as deep as formatting needs. Whatever a user chose is escaped: it can neither begin a
//! line nor move a terminal.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use netcomm_core::name::Nickname;
use netcomm_core::server::{After, ConnId, Incoming};
use netcomm_core::text::Shown;
use netcomm_core::wire::ClientMessage;
use tracing::{Level, debug, enabled, info};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Format, LogConfig};

/// So many lines wait to be written; then those who log wait, too.
pub(crate) const LINES: usize = 1024;

/// Of a name that was refused, so many characters are shown.
const SHOWN: usize = 64;

/// A line that is still to be formatted and written.
pub(crate) type Line = Box<dyn FnOnce() + Send>;

/// Starts to log as configured.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| format!("log filter {:?}: {error}", config.filter))?;
    let writer = match &config.file {
        None => BoxMakeWriter::new(io::stderr),
        Some(path) => {
            let file = LogFile::open(path.clone())
                .map_err(|error| format!("log file {}: {error}", path.display()))?;
            BoxMakeWriter::new(Mutex::new(file))
        }
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match config.format {
        Format::Pretty => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().try_init(),
    };
    started.map_err(|error| format!("log: {error}"))
}

/// A log file that is opened again when it was moved away.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
    identity: Identity,
}

/// Which file it is, whatever it is called: its device and its number.
type Identity = (u64, u64);

impl LogFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let (file, identity) = append(&path)?;
        Ok(Self { path, file, identity })
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

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let there = std::fs::metadata(&self.path).map(|file| identity(&file));
        // Where it cannot be opened again, the old file is better than none.
        if there.ok() != Some(self.identity)
            && let Ok(anew) = append(&self.path)
        {
            (self.file, self.identity) = anew;
        }
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged of a message that was routed: logins, names and rooms always, all else only where
/// somebody wants it. `before` is what the user was called then; `content` asks for texts.
#[inline(never)]
pub(crate) fn line(
    conn: ConnId,
    before: Option<Nickname>,
    incoming: &Incoming<'_>,
    after: After,
    content: bool,
) -> Option<Line> {
    let nickname = move || before.map_or_else(String::new, |name| name.as_str().to_owned());
    let message = match incoming {
        Incoming::Request { message, .. } => Some(message),
        _ => None,
    };
    Some(match (message, after) {
        (_, After::LoggedIn(name)) => {
            Box::new(move || info!(?conn, nickname = name.as_str(), "logged in"))
        }
        (_, After::Renamed(name)) => {
            Box::new(move || info!(?conn, nickname = name.as_str(), before = nickname(), "renamed"))
        }
        (_, After::Left(room)) => {
            Box::new(move || info!(?conn, nickname = nickname(), room = room.as_str(), "room left"))
        }
        (Some(ClientMessage::CreateRoom { .. }), After::Joined(room)) => Box::new(move || {
            info!(?conn, nickname = nickname(), room = room.as_str(), "room created");
        }),
        (_, After::Joined(room)) => Box::new(move || {
            info!(?conn, nickname = nickname(), room = room.as_str(), "room joined");
        }),
        (Some(ClientMessage::Login { nickname: asked, .. }), _) => {
            let nickname = shown(&asked.chars().take(SHOWN).collect::<String>());
            Box::new(move || info!(?conn, nickname, "login refused"))
        }
        (Some(message), _) if enabled!(Level::DEBUG) => {
            closely(conn, nickname(), message, after, content)
        }
        _ => return None,
    })
}

fn closely(
    conn: ConnId,
    sender: String,
    message: &ClientMessage<'_>,
    after: After,
    content: bool,
) -> Line {
    let ClientMessage::Post { conversation, text, .. } = message else {
        let request = shown(&format!("{message:?}"));
        return Box::new(move || debug!(?conn, nickname = sender, request, "request"));
    };
    let (conversation, bytes) = (shown(&conversation.to_string()), text.len());
    let After::Posted(position) = after else {
        return Box::new(move || debug!(?conn, sender, conversation, bytes, "message refused"));
    };
    let (seq, text) = (position.seq, content.then(|| shown(text)));
    Box::new(move || debug!(?conn, sender, conversation, seq, bytes, text, "message"))
}

fn shown(text: &str) -> String {
    Shown::line(text).to_string()
}
