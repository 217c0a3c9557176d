//! The terminal: taken over while the screen is shown, and given back whatever happens.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use nix::unistd::{getpgrp, getppid, getsid};
use ratatui::Frame;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, poll, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::{Colored, Print};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::Front;
use super::frame_writer::FrameWriter;
use super::look::Depth;
use crate::driver::Input;
use crate::exit;

/// Makes the terminal send arrows for the wheel, and leave all else of the mouse to its own
/// selection; how that was is kept by the terminal.
const WHEEL_AS_ARROWS: &str = "\x1b[?1007s\x1b[?1007h";

/// Makes the wheel what it was before.
const WHEEL_AS_BEFORE: &str = "\x1b[?1007r";

/// For so long another key counts as one that came at the same time. Zero would find none: what was
/// read already is looked through only while there is time left.
const AT_ONCE: Duration = Duration::from_millis(2);

/// How long the terminal may take to be given back when the program ends at once.
const MOMENT: Duration = Duration::from_millis(500);

/// Whether the terminal is ours and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that shows a full screen. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<FrameWriter<Stdout>>>,
}

impl Terminal {
    /// Takes the terminal over; it is given back when a thread panics, too.
    pub fn enter(depth: Depth) -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        // Which colours there are was decided already.
        Colored::set_ansi_color_disabled(false);
        let writer = FrameWriter::new(io::stdout(), depth);
        let inner = ratatui::Terminal::new(CrosstermBackend::new(writer));
        inner.map(|inner| Self { inner }).inspect_err(|_| give_back())
    }

    /// Draws a frame.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.inner.draw(draw).map(|_| ())
    }

    /// The columns and lines.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|size| (size.width, size.height))
    }

    /// Makes the next frame draw every cell.
    pub fn forget(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where the cursor is, while another thread reads.
        self.inner.backend_mut().clear()?;
        self.inner.swap_buffers();
        Ok(())
    }

    /// Rings.
    pub fn ring(&mut self) -> io::Result<()> {
        let writer = self.inner.backend_mut();
        writer.write_all(b"\x07")?;
        Write::flush(writer)
    }

    /// Gives the terminal back and stops the process, as the shell's users expect it. Only when the
    /// process goes on again ([`SIGCONT`]) the terminal is to be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        kill_current_process_group(Signal::STOP)?;
        Ok(())
    }

    /// Takes the terminal again, after others may have written on it.
    pub fn resume(&mut self) -> io::Result<()> {
        give_back();
        take()?;
        self.forget()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Print(WHEEL_AS_ARROWS))
        .inspect_err(|_| give_back())
}

/// Gives the terminal back as it was. It may be gone: then nothing is left to be done.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        execute!(
            io::stdout(),
            Print(WHEEL_AS_BEFORE),
            DisableBracketedPaste,
            Show,
            LeaveAlternateScreen
        )
        .ok();
        disable_raw_mode().ok();
    }
}

/// Gives the terminal back, where that is possible within a moment: writing to a screen that is
/// stopped takes until it goes on.
fn give_back_soon() {
    let (done, is_done) = sync_channel(1);
    let giver = thread::Builder::new().name(String::from("giver")).spawn(move || {
        give_back();
        done.send(()).ok();
    });
    if giver.is_err() || is_done.recv_timeout(MOMENT).is_err() {
        disable_raw_mode().ok();
    }
}

/// Whether there is a shell that can let the process go on once it is stopped. Such a shell has its
/// jobs in groups of their own; without one (in a window that was opened for the program, say) it would
/// be stopped for ever.
pub(super) fn is_job() -> bool {
    let Ok(session) = getsid(None) else {
        return false;
    };
    // Zero is a parent outside our process namespace, and to `getsid` the process itself.
    let parent = getppid();
    getpgrp() != session && parent.as_raw() != 0 && getsid(Some(parent)) == Ok(session)
}

/// A message of a panic is of no use on a screen that is about to vanish, or without line ends.
fn give_back_on_panic() {
    static ONCE: AtomicBool = AtomicBool::new(false);
    if !ONCE.swap(true, Ordering::SeqCst) {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |why| {
            give_back();
            before(why);
            if thread::current().name() != Some("main") {
                // Without its other threads the program neither hears nor reads.
                std::process::exit(i32::from(exit::TROUBLE));
            }
        }));
    }
}

/// Reads keys; those that came at the same time are told together.
pub(super) fn read_keys(inputs: SyncSender<Input<Front>>) -> io::Result<()> {
    let next = || -> io::Result<Vec<Event>> {
        let mut events = vec![read()?];
        while events.len() < 4096 && poll(AT_ONCE)? {
            events.push(read()?);
        }
        Ok(events)
    };
    thread::Builder::new()
        .name(String::from("keys"))
        .spawn(move || {
            loop {
                let (front, end) = match next() {
                    Ok(events) => (Front::Terminal(events), false),
                    Err(_) => (Front::Signal(SIGHUP), true),
                };
                if inputs.send(Input::Front(front)).is_err() || end {
                    return;
                }
            }
        })
        .map(|_| ())
}

/// Turns signals into input; also that the window changed, since the keys are read a moment later
/// than the window is measured first. A second one to end ends the process at once: the main loop may be
/// stuck in writing to a screen that is stopped.
pub(super) fn catch_signals(inputs: SyncSender<Input<Front>>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new()
        .name(String::from("signals"))
        .spawn(move || {
            let mut ending = false;
            for signal in &mut signals {
                let ends = matches!(signal, SIGINT | SIGTERM | SIGHUP);
                if ends && ending {
                    give_back_soon();
                    std::process::exit(i32::from(exit::INTERRUPTED));
                }
                ending |= ends;
                if inputs.send(Input::Front(Front::Signal(signal))).is_err() {
                    return;
                }
            }
        })
        .map(|_| ())
}
