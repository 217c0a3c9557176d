//! What every errand needs: the session, where to write, how long to wait, how it ends.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use netcomm_core::client::{Ending, Event, Session, SessionConfig};
use netcomm_core::text::Shown;
use netcomm_core::words::{self, Why};

use super::json::Object;
use super::output::Output;
use crate::driver::Driver;
use crate::exit;
use crate::line::typed::Typed;
use crate::line::{self, Front};

/// Something that is done for a script.
pub(super) trait Errand {
    /// Something happened.
    fn event(&mut self, desk: &mut Desk, event: &Event);

    /// Asks for what can be asked for now. Whether anything was done.
    fn go_on(&mut self, desk: &mut Desk) -> bool;

    /// A line was read.
    fn typed(&mut self, _desk: &mut Desk, _typed: Typed) {}

    /// Whether it is done for whoever reads what is written: without a reader it is over.
    fn is_for_reader(&self) -> bool {
        true
    }

    /// Whether nothing is waited for that may come too late.
    fn is_content(&self, session: &Session) -> bool;

    /// It is over: tells what was not done.
    fn left(&mut self, _desk: &mut Desk) {}
}

/// Where an errand is done.
pub(super) struct Desk {
    pub(super) driver: Driver<Front>,
    pub(super) output: Output,
    /// When the errand has something to do without being told.
    pub(super) wake: Option<Instant>,
    patience: Option<Duration>,
    due: Option<Instant>,
    /// How it will end, where that is settled.
    code: Option<u8>,
    /// What makes of a good end a worse one.
    trouble: u8,
    /// Whether how the connection goes is part of what is written.
    chronicles: bool,
    watched: bool,
    /// Why there is no connection.
    loss: Option<String>,
    for_reader: bool,
    deaf: Arc<AtomicBool>,
}

impl Desk {
    pub(super) fn new(
        address: String,
        config: SessionConfig,
        output: Output,
        patience: Option<Duration>,
    ) -> io::Result<Self> {
        let seed = getrandom::u64().map_err(io::Error::from)?;
        let driver = Driver::new(address, config, seed);
        line::catch_signals(&driver)?;
        Ok(Self {
            driver,
            output,
            wake: None,
            patience,
            due: None,
            code: None,
            trouble: exit::OK,
            chronicles: false,
            watched: io::stderr().is_terminal(),
            loss: None,
            for_reader: false,
            deaf: Arc::new(AtomicBool::new(false)),
        })
    }

    /// The same, which also writes how the connection goes.
    pub(super) fn chronicling(self) -> Self {
        Self { chronicles: true, ..self }
    }

    /// Does the errand; answers the exit code.
    pub(super) fn run(mut self, errand: &mut impl Errand) -> io::Result<u8> {
        self.for_reader = errand.is_for_reader();
        if self.for_reader {
            super::output::watch(self.driver.inputs(), Arc::clone(&self.deaf))?;
        }
        self.progress();
        loop {
            while let Some(event) = self.driver.poll() {
                self.note(&event);
                errand.event(&mut self, &event);
                if let Event::Ended { why } = &event {
                    errand.left(&mut self);
                    self.write();
                    return Ok(self.ended(why));
                }
            }
            if self.code.is_none() && errand.go_on(&mut self) {
                continue;
            }
            if self.write() {
                continue;
            }
            if errand.is_content(self.driver.session()) {
                self.progress();
            }
            let now = Instant::now();
            let is_late = self.code.is_none() && self.due.is_some_and(|due| due <= now);
            if is_late {
                self.late();
                continue;
            }
            self.wake = self.wake.filter(|wake| *wake > now);
            let until = self.due.into_iter().chain(self.wake).min();
            // After the goodbye the session has a time of its own.
            let until = until.filter(|_| self.code.is_none());
            match self.driver.wait(until.map(|until| until - now)) {
                Some(Front::Typed(typed)) if self.code.is_none() => errand.typed(&mut self, typed),
                Some(Front::Interrupt) if self.deaf.load(Ordering::SeqCst) => self.leave(exit::OK),
                Some(Front::Interrupt) => self.leave(exit::INTERRUPTED),
                Some(Front::Typed(_)) | None => {}
            }
        }
    }

    /// Something came of waiting: the time begins anew.
    pub(super) fn progress(&mut self) {
        self.due = self.patience.and_then(|patience| Instant::now().checked_add(patience));
    }

    /// Whether it is about to end.
    pub(super) const fn is_leaving(&self) -> bool {
        self.code.is_some()
    }

    /// Ends it with `code`, politely.
    pub(super) fn leave(&mut self, code: u8) {
        if self.code.is_none() {
            self.code = Some(code);
            self.driver.act(Session::quit);
        }
    }

    /// It cannot end as if nothing had happened.
    pub(super) fn worse(&mut self, code: u8) {
        self.trouble = self.trouble.max(code);
    }

    /// Writes an object, or the same in words beside what is written.
    pub(super) fn report(&mut self, object: Object, words: fmt::Arguments<'_>) {
        self.output.object(object);
        aside(words);
    }

    fn note(&mut self, event: &Event) {
        let is_told = match event {
            Event::LoggedIn { .. } | Event::Lost { .. } | Event::LoginRefused { .. } => true,
            Event::Ended { .. } => self.code.is_none(),
            _ => false,
        };
        if self.chronicles
            && is_told
            && let Some(object) = Object::of(event)
        {
            self.output.object(object);
        }
        match event {
            Event::LoggedIn { .. } => self.loss = None,
            Event::LoginRefused { code, text } => {
                let nickname = self.driver.session().nickname().to_owned();
                aside(format_args!("no login as {nickname}: {}", Why { text, code }));
                self.leave(exit::NO_LOGIN);
            }
            Event::Lost { why, retry_in } => {
                let loss = self.driver.loss(why);
                if self.watched {
                    let seconds = words::seconds(*retry_in);
                    aside(format_args!("{loss}; retrying in {seconds} s"));
                }
                self.loss = Some(loss);
            }
            _ => {}
        }
    }

    fn late(&mut self) {
        let time = self.patience.unwrap_or_default();
        if self.driver.session().is_logged_in() {
            aside(format_args!("timed out: {time:?} have passed"));
            self.leave(exit::TIMED_OUT);
        } else {
            let why = self.loss.take().map(|why| format!(": {why}")).unwrap_or_default();
            aside(format_args!("not connected: {time:?} have passed{why}"));
            self.leave(exit::NOT_CONNECTED);
        }
    }

    fn ended(&mut self, why: &Ending) -> u8 {
        let code = self.code.unwrap_or_else(|| {
            aside(exit::words(why));
            exit::of(why)
        });
        match (code, self.trouble) {
            (exit::INTERRUPTED, _) => exit::INTERRUPTED,
            (_, exit::UNKNOWN) => exit::UNKNOWN,
            (exit::OK, trouble) => trouble,
            (code, _) => code,
        }
    }

    /// Writes what was put together. Where that is for a reader, and nobody reads it any more, that
    /// is the end; whether it just came.
    fn write(&mut self) -> bool {
        let was_leaving = self.is_leaving();
        let code = match self.output.write() {
            Ok(true) => return false,
            Ok(false) => exit::OK,
            Err(why) => {
                aside(format_args!("standard output cannot be written: {why}"));
                exit::TROUBLE
            }
        };
        self.worse(code);
        if self.for_reader {
            self.leave(code);
        }
        self.is_leaving() != was_leaving
    }
}

/// Says something that is no part of what was asked for.
pub(super) fn aside(words: impl fmt::Display) {
    // Where nobody reads this either, there is nobody to tell.
    writeln!(io::stderr(), "netcomm-client: {}", Shown::line(&words.to_string())).ok();
}
