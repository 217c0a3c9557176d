//! The full screen: conversations side by side on a terminal.

mod chat;
pub mod draw;
mod frame_writer;
pub mod look;
pub mod screen;
pub mod terminal;
#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use netcomm_core::client::{Ending, Event, Session, SessionConfig};
use netcomm_core::text::Shown;
use ratatui::crossterm::event::Event as Told;
use signal_hook::consts::{SIGCONT, SIGTSTP, SIGWINCH};

use crate::driver::Driver;
use crate::exit;
use crate::settings::logs::Logs;
use crate::settings::setup::Setup;
use chat::{Chat, Deed};
use look::Look;
use screen::{Connection, Screen};
use terminal::Terminal;

/// The shortest time between two frames: a flood is drawn no more often.
const FRAME: Duration = Duration::from_millis(16);

/// How long a server may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the full screen waits for besides the connection.
#[derive(Debug)]
pub enum Front {
    /// Keys and pasted text, which came at the same time.
    Terminal(Vec<Told>),
    /// A signal.
    Signal(i32),
}

/// Whether there is to be a full screen: on a terminal that can move its cursor.
#[must_use]
pub fn wanted(plain: bool) -> bool {
    let term = env::var("TERM").unwrap_or_default();
    let is_capable = !matches!(&*term, "" | "dumb") && io::stdout().is_terminal();
    !plain && is_capable && io::stdin().is_terminal()
}

/// Runs a session on the terminal until it ends; gives the exit code.
#[must_use]
pub fn start(setup: Setup) -> u8 {
    let look = Look::of(|name| env::var(name).ok(), TimeZone::system());
    let done = getrandom::u64().map_err(io::Error::from);
    done.and_then(|seed| run(setup, look, seed)).unwrap_or_else(|error| {
        tell(&error.to_string());
        exit::TROUBLE
    })
}

fn run(setup: Setup, look: Look, seed: u64) -> io::Result<u8> {
    let config =
        SessionConfig { nickname: setup.nickname, hidden: setup.hidden, rooms: setup.rooms };
    let logs = setup.log_directory.map(Logs::open).transpose()?;
    let screen = Screen::new(look, setup.display, &config.nickname, &setup.address);
    let driver = Driver::new(setup.address, config, seed);
    terminal::catch_signals(driver.inputs())?;
    let terminal = Terminal::enter(screen.look.depth)?;
    terminal::read_keys(driver.inputs())?;
    let mut mode = FullScreen {
        driver,
        chat: Chat::new(screen),
        logs,
        terminal,
        drawn: None,
        is_new: true,
        suspended: false,
        hurry: None,
        code: exit::OK,
    };
    let ended = mode.measure().and_then(|()| mode.run());
    let FullScreen { terminal, code, chat, .. } = mode;
    drop(terminal);
    for words in ended?.into_iter().chain(chat.left()) {
        tell(&words);
    }
    Ok(code)
}

/// Says why it ended; where the terminal is gone, there is nobody to tell.
fn tell(words: &str) {
    writeln!(io::stderr(), "netcomm-client: {}", Shown::line(words)).ok();
}

struct FullScreen {
    driver: Driver<Front>,
    chat: Chat,
    logs: Option<Logs>,
    terminal: Terminal,
    /// When the last frame was drawn.
    drawn: Option<Instant>,
    /// Whether there is anything new to draw.
    is_new: bool,
    suspended: bool,
    /// When to end without a goodbye.
    hurry: Option<Instant>,
    code: u8,
}

impl FullScreen {
    /// Until the end; gives why, where that is to be told.
    fn run(&mut self) -> io::Result<Option<String>> {
        loop {
            self.tick();
            loop {
                while let Some(event) = self.driver.poll() {
                    self.is_new = true;
                    if let Event::Ended { why } = event {
                        return Ok(self.ended(&why));
                    }
                    self.event(&event);
                }
                let chat = &mut self.chat;
                let deeds = self.driver.act(|session, now| chat.wishes(session, now));
                for deed in deeds {
                    self.act(deed)?;
                }
                let chat = &mut self.chat;
                let submitted = self.driver.act(|session, now| chat.submit(session, now));
                self.logs.iter_mut().for_each(|logs| logs.posted(self.driver.session()));
                if !submitted {
                    break;
                }
            }
            // What was wished for may have left the session something to do.
            if let Some(event) = self.driver.poll() {
                self.is_new = true;
                if let Event::Ended { why } = event {
                    return Ok(self.ended(&why));
                }
                self.event(&event);
                continue;
            }
            self.draw()?;
            let now = Instant::now();
            if self.hurry.is_some_and(|end| end <= now) {
                return Ok(None);
            }
            let patience = self.patience(now);
            match self.driver.wait(patience) {
                Some(Front::Terminal(events)) => self.told(&events),
                Some(Front::Signal(signal)) => self.signal(signal)?,
                None => {}
            }
        }
    }

    /// How long nothing has to be done without input.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let screen = &self.chat.screen;
        let frame = match self.drawn {
            Some(drawn) if self.is_new && !self.suspended => {
                Some(FRAME.saturating_sub(now.duration_since(drawn)))
            }
            _ => None,
        };
        let counts = match screen.connection {
            Connection::Lost { .. } => true,
            Connection::Up => screen.awaiting.is_some(),
            _ => false,
        };
        let second = (counts && !self.suspended).then_some(Duration::from_secs(1));
        let hurry = self.hurry.map(|end| end.duration_since(now));
        [frame, second, hurry].into_iter().flatten().min()
    }

    /// Takes note of the time; what counts seconds is drawn anew.
    fn tick(&mut self) {
        let screen = &mut self.chat.screen;
        let millis = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let counts = matches!(screen.connection, Connection::Lost { .. })
            || screen.awaiting.is_some_and(|since| millis.saturating_sub(since) >= 1000);
        self.is_new |= counts && millis / 1000 != screen.clock / 1000;
        screen.set_clock(millis);
    }

    fn draw(&mut self) -> io::Result<()> {
        let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME);
        if !self.is_new || self.suspended || !is_due {
            return Ok(());
        }
        let screen = &mut self.chat.screen;
        let rings = screen.rings();
        self.terminal.draw(|frame| {
            if let Some(cursor) = draw::draw(screen, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        if rings {
            self.terminal.ring()?;
        }
        self.drawn = Some(Instant::now());
        self.is_new = false;
        Ok(())
    }

    fn told(&mut self, events: &[Told]) {
        let screen = &mut self.chat.screen;
        let mut keys = Vec::new();
        for event in events {
            match event {
                Told::Key(key) => keys.push(*key),
                Told::Paste(text) => {
                    screen.keys(&std::mem::take(&mut keys));
                    screen.paste(text);
                }
                // The window's size is measured when the signal comes.
                _ => {}
            }
        }
        screen.keys(&keys);
        self.is_new = true;
    }

    fn signal(&mut self, signal: i32) -> io::Result<()> {
        match signal {
            SIGTSTP => self.act(Deed::Suspend),
            SIGCONT => {
                self.suspended = false;
                self.terminal.resume()?;
                self.measure()
            }
            SIGWINCH => self.measure(),
            _ => self.act(Deed::Quit(exit::INTERRUPTED)),
        }
    }

    /// The window may have another size.
    fn measure(&mut self) -> io::Result<()> {
        let (width, height) = self.terminal.size()?;
        self.chat.screen.resize(width, height);
        self.is_new = true;
        Ok(())
    }

    fn act(&mut self, deed: Deed) -> io::Result<()> {
        match deed {
            Deed::Suspend if !terminal::is_job() => {
                let words = "not suspended: no shell here could let it go on";
                self.chat.screen.notice = Some(String::from(words));
                self.is_new = true;
                Ok(())
            }
            Deed::Suspend => {
                self.suspended = true;
                self.terminal.suspend()
            }
            Deed::Redraw => {
                self.is_new = true;
                self.terminal.forget()
            }
            Deed::Quit(code) => {
                if self.hurry.is_none() {
                    self.hurry = Some(Instant::now() + FAREWELL);
                    self.code = code;
                    self.driver.act(Session::quit);
                }
                Ok(())
            }
        }
    }

    fn event(&mut self, event: &Event) {
        if let Event::Lost { why, retry_in } = event {
            let words = self.driver.loss(why);
            let millis = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
            self.chat.screen.lost(&words, millis);
            return;
        }
        let nickname = self.driver.session().nickname();
        if let Some(Err(why)) = self.logs.as_mut().map(|logs| logs.event(nickname, event)) {
            self.logs = None;
            self.chat.screen.notice = Some(format!("what is said is not kept any more: {why}"));
        }
        let chat = &mut self.chat;
        // The session is asked for its nickname only.
        let now = self.driver.act(|_, now| now);
        chat.event(self.driver.session(), now, event);
    }

    fn ended(&mut self, why: &Ending) -> Option<String> {
        self.chat.screen.connection = Connection::Ended;
        if self.code == exit::OK {
            self.code = if *why == Ending::Quit { exit::OK } else { exit::of(why) };
        }
        (*why != Ending::Quit).then(|| exit::words(why))
    }
}
