//! A program in a terminal of its own, and what that terminal shows.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{Parser, Screen};

/// Far above what anything takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal with a program in it.
pub(crate) struct Window {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that what is set there can be asked for to the end.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Parser>, Condvar)>,
    /// How the terminal was set before.
    before: String,
}

/// The client, called as `ann`, on a terminal of 256 colours and UTF-8.
pub(crate) fn client(server: SocketAddr, more: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_netcomm-client"));
    command.args([&*server.to_string(), "--nick", "ann"]);
    command.args(more);
    for name in ["NO_COLOR", "COLORTERM", "LC_CTYPE", "LANG"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env("TZ", "UTC");
    command
}

impl Window {
    /// Runs `command` in a window of 80 columns and 24 lines.
    pub(crate) fn open(command: CommandBuilder) -> Self {
        let size = size(80, 24);
        let pair = portable_pty::native_pty_system().openpty(size).expect("a terminal");
        let before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let seen = Arc::new((Mutex::new(parser(80, 24)), Condvar::new()));
        let mut output = pair.master.try_clone_reader().expect("its output");
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                let mut chunk = [0; 4096];
                while let Ok(length @ 1..) = output.read(&mut chunk) {
                    seen.0.lock().expect("no panic").process(&chunk[..length]);
                    seen.1.notify_all();
                }
            }
        });
        let keyboard = pair.master.take_writer().expect("its input");
        Self { master: pair.master, _slave: pair.slave, keyboard, child, seen, before }
    }

    /// Presses keys, as a terminal sends them.
    pub(crate) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("keys are taken");
        self.keyboard.flush().expect("keys are taken");
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn waits(&self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().expect("no panic");
        while !is_so(seen.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            let contents = seen.screen().contents();
            assert!(!left.is_zero(), "waited for {what}, and there is:\n{contents}");
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }

    /// Waits until these words are on the screen.
    pub(crate) fn shows(&self, words: &str) {
        self.waits(words, |screen| screen.contents().contains(words));
    }

    /// Waits until these words are no longer on the screen.
    pub(crate) fn shows_no(&self, words: &str) {
        self.waits(&format!("no {words}"), |screen| !screen.contents().contains(words));
    }

    /// Looks at the screen as it is now.
    pub(crate) fn look(&self, look: impl FnOnce(&Screen)) {
        look(self.seen.0.lock().expect("no panic").screen());
    }

    pub(crate) fn resize(&self, columns: u16, lines: u16) {
        self.seen.0.lock().expect("no panic").screen_mut().set_size(some(lines), some(columns));
        self.master.resize(size(columns, lines)).expect("another size");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Waits until the full screen is left, and sees that the terminal is as it was.
    pub(crate) fn is_given_back(&self) {
        self.waits("the end of the full screen", |screen| !screen.alternate_screen());
        self.waits("a cursor, and no other modes", |screen| {
            !screen.hide_cursor() && !screen.bracketed_paste()
        });
        let end = Instant::now() + PATIENCE;
        while format!("{:?}", self.master.get_termios()) != self.before {
            assert!(Instant::now() < end, "the terminal's settings stay changed");
            thread::yield_now();
        }
    }

    /// Waits for the end.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }

    fn pid(&self) -> Pid {
        let id = self.child.process_id().and_then(|id| i32::try_from(id).ok());
        id.and_then(Pid::from_raw).expect("it runs")
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Fails where it has ended already, which is as well.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn parser(columns: u16, lines: u16) -> Parser {
    Parser::new(some(lines), some(columns), 0)
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a window has cells")
}

const fn size(columns: u16, lines: u16) -> PtySize {
    PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 }
}
