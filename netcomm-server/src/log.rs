//! What the operator is told, on the standard error stream or in a file.
//!
//! All threads leave the writing to one: nobody waits for a disk, or for whoever should read the
//! standard error stream, and nobody keeps a stack that is as deep as formatting needs. Lines that
//! find no room are dropped, counted, and the count is logged. Whatever a user chose is escaped: it can neither begin a
//! line nor move a terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender};

use netcomm_core::name::{Nickname, RoomName};
use netcomm_core::server::{After, Incoming};
use netcomm_core::text::Shown;
use netcomm_core::wire::ClientMessage;
use tracing::{Level, debug, enabled, info, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Format, LogConfig};
use crate::system::{AtomicUsize, Ordering};

/// So many lines wait to be written; others are dropped.
pub(crate) const LINES: usize = 1024;

/// What a line that waits takes at most, besides the text of a message.
pub(crate) const LINE_BYTES: u64 = 1024;

/// Of a name that was refused, so many characters are shown.
const SHOWN: usize = 64;

/// A line that is still to be formatted and written.
pub(crate) type Line = Box<dyn FnOnce() + Send>;

/// Where lines are left; nothing is the end.
pub(crate) type Lines = SyncSender<Option<Line>>;

/// Starts to log as configured.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = filter(&config.filter)?;
    let writer = match &config.file {
        None => BoxMakeWriter::new(io::stderr),
        Some(path) => {
            let file = append(path).map_err(|why| format!("log file {}: {why}", path.display()))?;
            BoxMakeWriter::new(Mutex::new(LogFile { path: path.clone(), file }))
        }
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    // They would be said on the standard error stream, and where that is gone be a panic.
    let builder = builder.log_internal_errors(false);
    let started = match config.format {
        Format::Pretty => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().try_init(),
    };
    started.map_err(|error| format!("log: {error}"))
}

/// What is to be logged; an error says in words why it is none. A single word is a level: else one
/// that is misspelt would be the name of a module, and nothing would be logged.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, String> {
    let mut words = text.split(',').filter(|part| !part.contains(['=', '[']));
    if let Some(word) = words.find(|word| word.trim().parse::<LevelFilter>().is_err()) {
        return Err(format!("log filter {text:?}: {word:?} is no level"));
    }
    EnvFilter::try_new(text).map_err(|error| format!("log filter {text:?}: {error}"))
}

/// The log thread: writes what others leave, up to an end, and says how many found no room.
pub(crate) fn write(lines: &Receiver<Option<Line>>, dropped: &AtomicUsize) {
    while let Ok(Some(line)) = lines.recv() {
        line();
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            warn!(dropped, "log lines dropped: they came faster than they could be written");
        }
    }
}

/// A log file that is opened for each line, for it may have been moved away.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Where it cannot be opened again, the old file is better than none.
        if let Ok(anew) = append(&self.path) {
            self.file = anew;
        }
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged of a message that was routed: logins, names and rooms always, all else only where
/// somebody wants it. `before` is what the user called `conn` was called then; `content` asks for
/// texts. What is kept of a line that waits is bounded by [`LINE_BYTES`] and the length of a text.
#[inline(never)]
pub(crate) fn line(
    conn: u64,
    before: Option<Nickname>,
    incoming: &Incoming<'_>,
    after: After,
    content: bool,
) -> Option<Line> {
    let Incoming::Request { message, .. } = incoming else {
        return None;
    };
    if !enabled!(Level::INFO) {
        return None;
    }
    let (what, nickname, before, room) = match (message, after) {
        (_, After::LoggedIn(name)) => ("logged in", Some(name), None, None),
        (_, After::Renamed(name)) => ("renamed", Some(name), before, None),
        (_, After::Left(room)) => ("room left", before, None, Some(room)),
        (ClientMessage::CreateRoom { .. }, After::Joined(room)) => {
            ("room created", before, None, Some(room))
        }
        (_, After::Joined(room)) => ("room joined", before, None, Some(room)),
        _ => return asked(conn, before, message, after, content),
    };
    Some(Box::new(move || {
        let [nickname, before] = [&nickname, &before].map(|it| it.as_ref().map(Nickname::as_str));
        info!(conn, nickname, before, room = room.as_ref().map(RoomName::as_str), "{what}");
    }))
}

/// What is logged of a request that changed nothing but what is said.
fn asked(
    conn: u64,
    sender: Option<Nickname>,
    message: &ClientMessage<'_>,
    after: After,
    content: bool,
) -> Option<Line> {
    let sender = move || sender.as_ref().map_or("", Nickname::as_str).to_owned();
    Some(match message {
        ClientMessage::Login { nickname: asked, .. } => {
            let asked = asked.chars().take(SHOWN).collect::<String>();
            Box::new(move || info!(conn, nickname = shown(&asked), "login refused"))
        }
        _ if !enabled!(Level::DEBUG) => return None,
        ClientMessage::Post { conversation, text, .. } => {
            let name: String = conversation.to_string().chars().take(SHOWN).collect();
            let (seq, what) = match after {
                After::Posted(position) => (Some(position.seq), "message"),
                _ => (None, "message refused"),
            };
            // A refused text may be longer than a text.
            let kept = content && seq.is_some();
            let (bytes, text) = (text.len(), kept.then(|| String::from(*text)));
            Box::new(move || {
                let (sender, text) = (sender(), text.as_deref().map(shown));
                debug!(conn, sender, conversation = shown(&name), seq, bytes, text, "{what}");
            })
        }
        _ => {
            let request = message.name();
            Box::new(move || debug!(conn, nickname = sender(), request, "request"))
        }
    })
}

fn shown(text: &str) -> String {
    Shown::line(text).to_string()
}
