//! An operating system that a test decides for: sockets are queues in memory, time passes when
//! the test says so, and shuttle chooses which thread runs at every step.

#![expect(clippy::unwrap_used, reason = "a test ends where something panicked")]

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use netcomm_core::time::{Instant, UnixMillis};
use shuttle::rand::Rng;

use crate::readers::{Input, Ready};

pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use shuttle::thread::yield_now;

shuttle::lazy_static! {
    static ref WORLD: World =
        World { state: Mutex::new(State::default()), changed: Condvar::new() };
}

struct World {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    now: Duration,
    wires: Vec<Wire>,
    /// Whether each alarm sounds.
    alarms: Vec<bool>,
}

/// A socket and the far end of its connection.
#[expect(clippy::struct_excessive_bools, reason = "a socket has as many flags")]
struct Wire {
    /// What the kernel holds for the far end, and how much it may.
    to_far: VecDeque<u8>,
    room: usize,
    from_far: VecDeque<u8>,
    /// The far end sends no more.
    far_ended: bool,
    /// The far end is gone without a word.
    broken: bool,
    /// Nothing more is sent, or sent and received, from here.
    write_shut: bool,
    both_shut: bool,
    /// Something came, ended or was taken since its watch last told of it.
    is_news: bool,
}

impl Wire {
    fn is_broken(&self) -> bool {
        self.broken || self.both_shut || (self.write_shut && self.far_ended)
    }
}

fn lock() -> MutexGuard<'static, State> {
    WORLD.state.lock().unwrap()
}

/// Changes something, and wakes whoever waits for it.
fn change<T>(act: impl FnOnce(&mut State) -> T) -> T {
    let done = act(&mut lock());
    WORLD.changed.notify_all();
    done
}

/// A wait that may last no longer than this may be over at any time; time passes with it.
const SHORT: Duration = Duration::from_secs(2);

/// Waits until `ready` answers something, or the time is over.
fn wait<T>(timeout: Option<Duration>, ready: impl Fn(&mut State) -> Option<T>) -> Option<T> {
    let due = timeout.map(|timeout| lock().now + timeout);
    loop {
        let mut state = lock();
        if let Some(found) = ready(&mut state) {
            return Some(found);
        }
        match due {
            None => drop(WORLD.changed.wait(state).unwrap()),
            Some(due) if is_over(state.now, due) => {
                state.now = state.now.max(due);
                return None;
            }
            Some(_) => {
                drop(state);
                yield_now();
            }
        }
    }
}

fn is_over(now: Duration, due: Duration) -> bool {
    now >= due || (due.saturating_sub(now) <= SHORT && shuttle::rand::thread_rng().gen_ratio(1, 8))
}

/// Lets time pass.
pub(crate) fn pass(time: Duration) {
    change(|state| state.now += time);
}

#[derive(Debug)]
pub(crate) struct Clock;

impl Clock {
    pub(crate) fn start() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "it stands for a clock")]
    pub(crate) fn now(&self) -> Instant {
        Instant::from_epoch(lock().now)
    }
}

pub(crate) fn unix_time() -> UnixMillis {
    UnixMillis(1_700_000_000_000)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for a call that can fail")]
pub(crate) fn entropy() -> io::Result<[u8; 16]> {
    let mut entropy = [0; 16];
    shuttle::rand::thread_rng().fill(&mut entropy);
    Ok(entropy)
}

#[derive(Debug)]
pub(crate) struct Socket(usize);

/// The far end of a [`Socket`].
#[derive(Debug)]
pub(crate) struct Far(usize);

/// A connection whose kernel holds so many bytes for the far end.
pub(crate) fn connection(room: usize) -> (Socket, Far) {
    let index = change(|state| {
        state.wires.push(Wire {
            to_far: VecDeque::new(),
            room,
            from_far: VecDeque::new(),
            far_ended: false,
            broken: false,
            write_shut: false,
            both_shut: false,
            is_news: true,
        });
        state.wires.len() - 1
    });
    (Socket(index), Far(index))
}

impl From<TcpStream> for Socket {
    fn from(_: TcpStream) -> Self {
        unreachable!("here nobody connects over a network")
    }
}

impl Socket {
    pub(crate) fn send<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<usize> {
        let bytes = pieces.collect::<Vec<_>>().concat();
        change(|state| {
            let wire = &mut state.wires[self.0];
            if wire.broken || wire.write_shut {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let fits = bytes.len().min(wire.room - wire.to_far.len());
            wire.to_far.extend(&bytes[..fits]);
            Ok(fits)
        })
    }

    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        change(|state| {
            let wire = &mut state.wires[self.0];
            if wire.broken {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let count = buffer.len().min(wire.from_far.len());
            for (to, from) in buffer.iter_mut().zip(wire.from_far.drain(..count)) {
                *to = from;
            }
            Ok((count > 0 || wire.far_ended || wire.both_shut).then_some(count))
        })
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        change(|state| {
            let wire = &mut state.wires[self.0];
            wire.write_shut |= how != Shutdown::Read;
            wire.both_shut |= how == Shutdown::Both;
            wire.is_news = true;
        });
    }
}

impl Far {
    pub(crate) fn write(&self, bytes: &[u8]) {
        change(|state| {
            let wire = &mut state.wires[self.0];
            wire.from_far.extend(bytes);
            wire.is_news = true;
        });
    }

    /// What has come, waiting for it; nothing at the end.
    pub(crate) fn read(&self) -> Vec<u8> {
        let read = wait(None, |state| {
            let wire = &mut state.wires[self.0];
            wire.is_news |= wire.to_far.len() == wire.room;
            let bytes: Vec<u8> = wire.to_far.drain(..).collect();
            (!bytes.is_empty() || wire.write_shut).then_some(bytes)
        });
        WORLD.changed.notify_all();
        read.unwrap_or_default()
    }

    /// Waits until the other end says no more, without reading.
    pub(crate) fn wait_for_end(&self) {
        wait(None, |state| state.wires[self.0].write_shut.then_some(()));
    }

    /// Sends no more.
    pub(crate) fn end(&self) {
        change(|state| {
            let wire = &mut state.wires[self.0];
            (wire.far_ended, wire.is_news) = (true, true);
        });
    }

    /// Is gone without a word.
    pub(crate) fn reset(&self) {
        change(|state| {
            let wire = &mut state.wires[self.0];
            (wire.broken, wire.write_shut, wire.is_news) = (true, true, true);
        });
    }
}

#[derive(Debug)]
pub(crate) struct Watch {
    alarm: usize,
    /// Slots and wires.
    watched: Mutex<Vec<(usize, usize)>>,
    told: Vec<Ready>,
}

#[derive(Debug)]
pub(crate) struct Alarm(usize);

impl Watch {
    #[expect(clippy::unnecessary_wraps, reason = "it stands for a call that can fail")]
    pub(crate) fn new() -> io::Result<(Self, Alarm)> {
        let mut state = lock();
        state.alarms.push(false);
        let alarm = state.alarms.len() - 1;
        let watch = Self { alarm, watched: Mutex::new(Vec::new()), told: Vec::new() };
        Ok((watch, Alarm(alarm)))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a call that can fail")]
    pub(crate) fn add(&self, socket: &Socket, slot: usize) -> io::Result<()> {
        self.watched.lock().unwrap().push((slot, socket.0));
        Ok(())
    }

    pub(crate) fn remove(&self, socket: &Socket) {
        self.watched.lock().unwrap().retain(|(_, wire)| *wire != socket.0);
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a call that can fail")]
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let watched = self.watched.lock().unwrap().clone();
        let ready = |state: &mut State| {
            let mut told = Vec::new();
            for (slot, wire) in &watched {
                let wire = &mut state.wires[*wire];
                if core::mem::take(&mut wire.is_news) {
                    let input = if wire.is_broken() {
                        Input::Break
                    } else if wire.far_ended {
                        Input::End
                    } else if wire.from_far.is_empty() {
                        Input::Nothing
                    } else {
                        Input::Something
                    };
                    let takes = wire.to_far.len() < wire.room;
                    told.push(Ready { slot: *slot, input, takes });
                }
            }
            let sounds = core::mem::take(&mut state.alarms[self.alarm]);
            (sounds || !told.is_empty()).then_some(told)
        };
        self.told = wait(timeout, ready).unwrap_or_default();
        Ok(())
    }

    pub(crate) fn ready(&self) -> impl Iterator<Item = Ready> {
        self.told.iter().copied()
    }
}

impl Alarm {
    pub(crate) fn sound(&self) {
        change(|state| state.alarms[self.0] = true);
    }
}
