//! The threads that read: each waits for many connections at once, and gives those that have
//! something their turn, one after the other.

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::Level;

use crate::claims::Claims;
use crate::handler::{BY_SERVER, Handler, Newcomer};
use crate::hub::Hub;
use crate::system::{self, Alarm, AtomicUsize, Mutex, Ordering, Watch};
use crate::table::{Table, Turn};

/// So much is received at a time. What a pause leaves of it is kept for its connection.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// What is said to several is sent when a look for more has found none, or this many have.
const LOOKS: u32 = 3;

/// Where the system cannot wait for sockets, it is asked again after this.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How connections come to the threads that read them.
#[derive(Debug)]
pub(crate) struct Readers {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
}

/// Where others leave something for a thread that reads.
#[derive(Debug)]
pub(crate) struct Inbox {
    mail: Mutex<Mail>,
    alarm: Alarm,
}

#[derive(Debug, Default)]
struct Mail {
    newcomers: Vec<Newcomer>,
    called: Vec<usize>,
}

/// What a thread that reads begins with.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) watch: Watch,
}

/// What a thread learns of a socket that it watches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    /// What it was said to be at [`Watch::add`].
    pub(crate) slot: usize,
    pub(crate) input: Input,
    /// It takes something again.
    pub(crate) takes: bool,
}

/// What there may be to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    Nothing,
    Something,
    /// The end, after what is there.
    End,
    /// It broke, or is ended both ways.
    Break,
}

impl Readers {
    pub(crate) fn new(threads: usize) -> io::Result<(Self, Vec<Desk>)> {
        let desk = |_| {
            let (watch, alarm) = Watch::new()?;
            Ok(Desk { inbox: Arc::new(Inbox { mail: Mutex::default(), alarm }), watch })
        };
        let desks: Vec<Desk> = (0..threads).map(desk).collect::<io::Result<_>>()?;
        let inboxes = desks.iter().map(|desk| Arc::clone(&desk.inbox)).collect();
        Ok((Self { inboxes, next: AtomicUsize::new(0) }, desks))
    }

    /// Has a connection read by one of the threads.
    pub(crate) fn admit(&self, newcomer: Newcomer) {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.inboxes.len();
        self.inboxes[next].leave(|mail| mail.newcomers.push(newcomer));
    }

    /// Lets the threads see that the server ends.
    pub(crate) fn wake_all(&self) {
        for inbox in &self.inboxes {
            inbox.alarm.sound();
        }
    }
}

impl Inbox {
    /// Has the thread look at a connection's mailbox.
    pub(crate) fn call(&self, slot: usize) {
        self.leave(|mail| mail.called.push(slot));
    }

    fn leave(&self, put: impl FnOnce(&mut Mail)) {
        let mut mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = mail.newcomers.is_empty() && mail.called.is_empty();
        put(&mut mail);
        drop(mail);
        if is_first {
            self.alarm.sound();
        }
    }

    fn take(&self) -> Mail {
        core::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs until the server ends.
pub(crate) fn run(hub: &Hub, desk: Desk) {
    let Desk { inbox, mut watch } = desk;
    let mut table: Table<Handler> = Table::default();
    let mut claims = Claims::none(hub);
    let mut buffer = vec![0; READ_BYTES];
    let mut looks = 0;
    while !hub.is_stopping() {
        let patience = if looks > 0 { Some(Duration::ZERO) } else { table.patience(hub.now()) };
        if let Err(error) = watch.wait(patience) {
            claims.send();
            hub.log(Level::ERROR, move || tracing::error!(%error, "waiting for sockets"));
            std::thread::sleep(BACK_OFF);
        }
        for ready in watch.ready() {
            if let Some(handler) = table.queue(ready.slot) {
                handler.notice(ready);
            }
        }
        table.queue_due(hub.now());
        let Mail { newcomers, called } = inbox.take();
        for slot in called {
            if let Some(handler) = table.queue(slot) {
                handler.call();
            }
        }
        for newcomer in newcomers {
            table.add(|slot| newcomer.begin(hub, &inbox, &watch, slot));
        }
        let had_turns = table.give_turns(|handler| {
            let turn = handler.turn(&mut claims, &mut buffer);
            if turn == Turn::Over {
                // The slot may be another's when others let go of the socket.
                watch.remove(handler.socket());
            }
            turn
        });
        // Whoever has something to read now has it routed first: one send takes all of it.
        looks = if had_turns && looks < LOOKS && claims.are_several() { looks + 1 } else { 0 };
        if looks > 0 {
            system::yield_now();
        } else {
            claims.send();
        }
    }
    for handler in table.into_entries() {
        handler.cut_off(BY_SERVER, &mut claims);
    }
    claims.send();
}
