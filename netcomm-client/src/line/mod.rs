//! The line mode: what is typed goes up line by line, what happens is written below it.

pub(crate) mod colour;
pub mod page;
pub mod typed;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use netcomm_core::client::{Ending, Event, Session, SessionConfig, Step, Talk};
use netcomm_core::text::Shown;
use netcomm_core::words::{self, Page as _, Why};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::driver::{Driver, Input};
use crate::exit;
use crate::settings::logs::Logs;
use crate::settings::setup::Setup;
use page::Page;
use typed::{Typed, Typist};

/// How many lines of a terminal may wait until they can be sent.
const WAITING_LINES: usize = 256;

/// How long a server may take to say goodbye to somebody who is in a hurry.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the line mode waits for besides the connection.
#[derive(Debug)]
pub enum Front {
    /// From standard input.
    Typed(Typed),
    /// Ctrl-C, or another signal to end.
    Interrupt,
}

/// How the line mode shows itself.
#[derive(Debug)]
pub struct Look {
    /// What is written, and where times are.
    pub page: Page,
    /// Whether a person types.
    pub interactive: bool,
    /// Whether what is written stays in a file or a pipe: how the connection goes is then told on
    /// standard error.
    pub kept: bool,
    /// The columns of the screen, asked anew for each piece of output.
    pub width: fn() -> Option<usize>,
}

/// Runs a session until it ends; gives the exit code.
pub fn run(setup: Setup, look: Look, seed: u64, output: impl Write) -> io::Result<u8> {
    let config =
        SessionConfig { nickname: setup.nickname, hidden: setup.hidden, rooms: setup.rooms };
    let logs = setup.log_directory.map(Logs::open).transpose()?;
    let talk = Talk::new(look.page, &config.rooms, look.interactive);
    let address = setup.address.clone();
    let driver = Driver::new(setup.address, config, seed);
    catch_signals(&driver)?;
    let typist = Typist::start(driver.inputs())?;
    let mut mode = LineMode {
        driver,
        talk,
        logs,
        typist,
        output: Some(output),
        width: look.width,
        interactive: look.interactive,
        kept: look.kept,
        reading: Reading::Paused,
        welcomed: false,
        hurry: None,
        code: exit::OK,
    };
    if mode.interactive {
        mode.aside(format_args!("connecting to {address}"));
    }
    mode.run()
}

struct LineMode<W> {
    driver: Driver<Front>,
    talk: Talk<Page>,
    logs: Option<Logs>,
    typist: Typist,
    /// Where to write; `None` when nobody reads it any more.
    output: Option<W>,
    width: fn() -> Option<usize>,
    interactive: bool,
    kept: bool,
    reading: Reading,
    /// Whether the server ever logged us in.
    welcomed: bool,
    /// When to end without a goodbye.
    hurry: Option<Instant>,
    /// How it will end, where that is settled already.
    code: u8,
}

/// How the reading of standard input goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// No line is wanted now.
    Paused,
    /// The typist is at a line.
    AtLine,
    /// There are no more lines.
    Ended,
    /// What follows cannot be read.
    Failed,
}

impl<W: Write> LineMode<W> {
    fn run(mut self) -> io::Result<u8> {
        loop {
            loop {
                while let Some(event) = self.driver.poll() {
                    if let Event::Ended { why } = event {
                        self.ended(&why);
                        self.flush()?;
                        return Ok(self.code);
                    }
                    self.event(&event);
                }
                let talk = &mut self.talk;
                match self.driver.act(|session, now| talk.submit(session, now)) {
                    Step::Done => {
                        self.logs.iter_mut().for_each(|logs| logs.posted(self.driver.session()));
                    }
                    Step::Waits => break,
                    Step::Quit => self.leave(exit::OK),
                }
            }
            self.flush()?;
            if self.is_finished() {
                self.leave(exit::OK);
                continue;
            }
            let patience = match self.hurry {
                None => None,
                Some(end) => match end.checked_duration_since(Instant::now()) {
                    None => return Ok(self.code()),
                    patience => patience,
                },
            };
            self.ask_for_line();
            match self.driver.wait(patience) {
                Some(Front::Typed(typed)) => self.typed(typed),
                Some(Front::Interrupt) => self.leave(exit::INTERRUPTED),
                None => {}
            }
        }
    }

    /// Whether nothing is left to say or to hear.
    fn is_finished(&self) -> bool {
        let idle = self.hurry.is_none() && matches!(self.reading, Reading::Ended | Reading::Failed);
        let heard = self.talk.is_settled() && self.welcomed;
        idle && self.talk.waiting() == 0 && (heard || self.interactive)
    }

    /// Ends the session, within a bounded time; `code` is how.
    fn leave(&mut self, code: u8) {
        if self.hurry.is_none() {
            self.hurry = Some(Instant::now() + FAREWELL);
            self.code = code;
            self.talk.drop_lines();
            self.driver.act(Session::quit);
        }
    }

    fn code(&self) -> u8 {
        let trouble =
            self.reading == Reading::Failed || (self.talk.had_trouble() && !self.interactive);
        if self.code == exit::OK && trouble { exit::TROUBLE } else { self.code }
    }

    fn ended(&mut self, why: &Ending) {
        if self.code == exit::OK {
            self.code = if *why == Ending::Quit { self.code() } else { exit::of(why) };
        }
        if *why != Ending::Quit {
            self.aside(format_args!("{}", exit::words(why)));
        } else if self.interactive {
            self.aside(format_args!("{why}"));
        }
    }

    /// Says how the connection goes, which is no part of the conversation.
    fn aside(&mut self, words: fmt::Arguments<'_>) {
        if self.kept {
            // Where nobody reads this either, there is nobody to tell.
            writeln!(io::stderr(), "netcomm-client: {}", Shown::line(&words.to_string())).ok();
        } else {
            self.talk.page().system(words);
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::LoginRefused { code, text } => {
                let why = Why { text, code };
                let nickname = self.driver.session().nickname().to_owned();
                if self.interactive {
                    self.aside(format_args!("{nickname}: {why}; type another nickname"));
                } else {
                    self.aside(format_args!("no login as {nickname}: {why}"));
                    self.leave(exit::NO_LOGIN);
                }
            }
            Event::Lost { why, retry_in } => {
                let seconds = words::seconds(*retry_in);
                let why = self.driver.loss(why);
                self.aside(format_args!("{why}; retrying in {seconds} s"));
            }
            Event::LoggedIn { .. } => self.welcomed = true,
            _ => {}
        }
        self.talk.event(event);
        let nickname = self.driver.session().nickname();
        if let Some(Err(why)) = self.logs.as_mut().map(|logs| logs.event(nickname, event)) {
            self.logs = None;
            self.aside(format_args!("what is said is not kept any more: {why}"));
        }
    }

    fn typed(&mut self, typed: Typed) {
        self.reading = Reading::Paused;
        match typed {
            Typed::End => self.reading = Reading::Ended,
            Typed::Failed(why) => {
                self.reading = Reading::Failed;
                self.aside(format_args!("{}: {why}", typed::UNREADABLE));
            }
            Typed::NotUtf8 => self.talk.refuse("", &words::NOT_UTF8),
            Typed::TooLong(bytes) => {
                let why = format!("the line has {bytes} bytes, the limit is {}", typed::MAX_LINE);
                self.talk.refuse("", &why);
            }
            Typed::Line(_) if self.hurry.is_some() => {}
            Typed::Line(line) => {
                if self.talk.typed(self.driver.session(), line) == Step::Quit {
                    self.leave(exit::OK);
                }
            }
        }
    }

    /// Lets the next line be read where it can be kept: one at a time, unless a person types.
    fn ask_for_line(&mut self) {
        let most = if self.interactive { WAITING_LINES } else { 1 };
        if self.reading == Reading::Paused && self.talk.waiting() < most {
            self.reading = Reading::AtLine;
            self.typist.want();
        }
    }

    /// Writes what was put together. Where nobody reads it any more, that is the end.
    fn flush(&mut self) -> io::Result<()> {
        let text = self.talk.page().take();
        self.talk.page().set_width((self.width)());
        let Some(output) = self.output.as_mut().filter(|_| !text.is_empty()) else {
            return Ok(());
        };
        let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.output = None;
                self.leave(exit::TROUBLE);
                if self.code == exit::OK {
                    self.code = exit::TROUBLE;
                }
                Ok(())
            }
            written => written,
        }
    }
}

/// Turns signals into input. A second Ctrl-C ends the process at once: the main loop may be stuck
/// in writing to a screen that is stopped.
pub(crate) fn catch_signals(driver: &Driver<Front>) -> io::Result<()> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let code = i32::from(exit::INTERRUPTED);
    signal_hook::flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&interrupted))?;
    signal_hook::flag::register(SIGINT, interrupted)?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let inputs = driver.inputs();
    thread::Builder::new().name(String::from("signals")).spawn(move || {
        for _ in &mut signals {
            if inputs.send(Input::Front(Front::Interrupt)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
