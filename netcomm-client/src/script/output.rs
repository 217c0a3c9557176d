//! Where the answer to a script's question is written.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;

use netcomm_core::client::Event;
use netcomm_core::text::Shown;
use netcomm_core::words::{self, Asked, Page as _};
use rustix::event::{PollFd, PollFlags, poll};

use super::json::Object;
use crate::driver::Input;
use crate::line::Front;
use crate::line::page::Page;

/// Puts lines together, as objects or in words, and writes them.
pub(super) struct Output {
    form: Form,
    lines: String,
    /// `None` when nobody reads it any more.
    writer: Option<Box<dyn Write>>,
}

enum Form {
    Json,
    Words(Page),
}

impl Output {
    /// JSON where there is no page.
    pub(super) fn new(page: Option<Page>, writer: Box<dyn Write>) -> Self {
        let form = page.map_or(Form::Json, Form::Words);
        Self { form, lines: String::new(), writer: Some(writer) }
    }

    /// An object; nothing where words are wanted.
    pub(super) fn object(&mut self, object: Object) {
        if let Form::Json = self.form {
            self.lines.push_str(&object.into_line());
        }
    }

    /// Something that happened, if it is part of the conversation.
    pub(super) fn event(&mut self, event: &Event) {
        match (&mut self.form, event) {
            (Form::Json, _) => self.lines.extend(Object::of(event).map(Object::into_line)),
            (Form::Words(page), Event::Gone { conversation, first, last }) => {
                page.system(format_args!("{conversation}: messages {first} to {last} are gone"));
            }
            (Form::Words(page), Event::Restarted { conversation }) => {
                page.system(format_args!("{conversation} began anew: messages may be missing"));
            }
            (Form::Words(page), Event::ConversationEnded { conversation }) => {
                page.system(format_args!("{conversation} is over"));
            }
            (Form::Words(page), _) => {
                if let Some(message) = event.to_message() {
                    words::tell(page, &message, Asked::Nothing);
                }
            }
        }
    }

    /// An item of a list: an object, or a line of its own.
    pub(super) fn item(&mut self, object: Object, words: &str) {
        match &mut self.form {
            Form::Json => self.object(object),
            Form::Words(_) => {
                self.lines.push_str(&Shown::line(words).to_string());
                self.lines.push('\n');
            }
        }
    }

    /// Writes it; whether anybody reads it. After an error nothing more is written.
    pub(super) fn write(&mut self) -> io::Result<bool> {
        if let Form::Words(page) = &mut self.form {
            self.lines.push_str(&page.take());
        }
        let Some(writer) = &mut self.writer else {
            return Ok(true);
        };
        if self.lines.is_empty() {
            return Ok(true);
        }
        let written = writer.write_all(self.lines.as_bytes()).and_then(|()| writer.flush());
        self.lines.clear();
        match written {
            Ok(()) => Ok(true),
            Err(error) => {
                self.writer = None;
                if error.kind() == io::ErrorKind::BrokenPipe { Ok(false) } else { Err(error) }
            }
        }
    }
}

/// Interrupts the main loop when nobody can read standard output any more, and says so in the flag
/// first: whoever waits for a message would else only learn it with the next one.
pub(super) fn watch(inputs: SyncSender<Input<Front>>, flag: Arc<AtomicBool>) -> io::Result<()> {
    thread::Builder::new().name(String::from("deafness")).spawn(move || {
        let stdout = io::stdout();
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        loop {
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) if watched[0].revents().contains(PollFlags::ERR) => break,
                // Such a file cannot lose its reader.
                Ok(_) | Err(_) => return,
            }
        }
        flag.store(true, Ordering::SeqCst);
        // Where the main loop is over, it is as well.
        inputs.send(Input::Front(Front::Interrupt)).ok();
    })?;
    Ok(())
}
