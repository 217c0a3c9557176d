//! One socket as other threads see it: where its output waits, and how it is sent and ended.

use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, PoisonError};

use netcomm_core::limits::Limits;
use netcomm_core::server::{Buffer, Face, Frames, Mailbox, Push, Wrote, farewell};
use netcomm_core::wire::CloseCode;

use crate::claims::Claims;
use crate::pool;
use crate::readers::Inbox;
use crate::system::{AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, Socket};

/// A thread that sends for a busy peer hands over after so many sends, to get on with its own.
const ROUNDS: usize = 4;

/// What the next connection is called in the log.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) socket: Socket,
    pub(crate) address: SocketAddr,
    /// What it is called in the log: no other connection of this process was called so.
    pub(crate) number: u64,
    mailbox: Mutex<Mailbox>,
    framed: AtomicBool,
    ended: AtomicBool,
    /// Whether its reader waits for room in the mailbox, or for its end.
    held: AtomicBool,
    reader: OnceLock<ReaderOf>,
}

/// Where the reader of a peer is told something.
#[derive(Debug)]
struct ReaderOf {
    inbox: Arc<Inbox>,
    slot: usize,
}

/// What sending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing waits.
    All,
    /// Nothing will ever be sent again.
    Finished,
    /// All that was taken is sent, and more waits; this thread still holds the claim.
    More,
    /// As before, but the socket is full: whether it took something at all.
    Full(bool),
}

impl Peer {
    pub(crate) fn new(socket: Socket, address: SocketAddr) -> Self {
        Self {
            socket,
            address,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            mailbox: Mutex::new(Mailbox::default()),
            framed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            held: AtomicBool::new(false),
            reader: OnceLock::new(),
        }
    }

    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues frames, or the last one. They are counted among those that wait already. What is
    /// claimed is the caller's to add.
    pub(crate) fn post(
        &self,
        (face, frames): (Face, Frames<'_>),
        is_last: bool,
        claims: &mut Claims<'_>,
    ) -> Push {
        // For the case that it must be cut.
        self.framed.store(face == Face::Framed, Ordering::Relaxed);
        let mut mailbox = self.mailbox();
        if !frames.bytes().is_empty() && mailbox.wants_buffer() {
            mailbox.lend(claims.buffer());
        }
        if is_last {
            let push = mailbox.close(frames.bytes());
            self.tell_reader(&mailbox);
            return push;
        }
        let push = mailbox.push_all(frames, &claims.hub.limits);
        if mailbox.is_behind(&claims.hub.limits) && !mailbox.is_straggling() {
            // It has not been sent what a thread has claimed for it, and may read quickly.
            claims.hurry();
        }
        push
    }

    /// Whether so much waits that nothing more is to be read; if so, its reader will be told when
    /// less does.
    pub(crate) fn must_wait_for_room(&self, limits: &Limits) -> bool {
        let mailbox = self.mailbox();
        let is_behind = !self.is_ended() && mailbox.is_behind(limits);
        self.held.store(is_behind, Ordering::Relaxed);
        is_behind
    }

    /// Whether there is something to send yet; if so, its reader will be told when something is.
    pub(crate) fn must_wait_for_end(&self) -> bool {
        let mailbox = self.mailbox();
        let waits = !self.is_ended() && !mailbox.is_closed();
        self.held.store(waits, Ordering::Relaxed);
        waits
    }

    /// Who reads it: whom to tell when there is room.
    pub(crate) fn is_read_by(&self, inbox: &Arc<Inbox>, slot: usize) {
        self.reader.set(ReaderOf { inbox: Arc::clone(inbox), slot }).ok();
    }

    /// Ends the socket both ways, which wakes its reader.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.socket.shut_down(Shutdown::Both);
        self.tell_reader(&self.mailbox());
    }

    /// Cuts a peer that takes nothing. Whoever holds its claim is to try once more.
    pub(crate) fn cut(&self, waiting: &AtomicUsize) -> Push {
        let face = if self.framed.load(Ordering::Relaxed) { Face::Framed } else { Face::Text };
        let last = farewell(face, CloseCode::SLOW_CONSUMER);
        let mut mailbox = self.mailbox();
        let before = mailbox.len();
        let push = mailbox.cut(&last);
        waiting.fetch_add(mailbox.len(), Ordering::Relaxed);
        waiting.fetch_sub(before, Ordering::Relaxed);
        self.tell_reader(&mailbox);
        push
    }

    /// Drops what waits, and ends the socket.
    pub(crate) fn abandon(&self, waiting: &AtomicUsize) {
        let mut mailbox = self.mailbox();
        waiting.fetch_sub(mailbox.len(), Ordering::Relaxed);
        mailbox.abandon();
        drop(mailbox);
        self.end();
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Sends what waits, as long as the socket takes it. The caller holds the claim, and is left the
    /// buffer that was emptied; what is not sent is the reader's.
    pub(crate) fn send(&self, waiting: &AtomicUsize, spare: &mut Vec<Buffer>) -> Sent {
        let mut taken = Buffer::default();
        for _ in 0..ROUNDS {
            match self.try_send(&mut taken, waiting) {
                Sent::More => {}
                Sent::All if taken.capacity() <= pool::SEND_BYTES => {
                    spare.push(taken);
                    return Sent::All;
                }
                sent => return sent,
            }
        }
        self.mailbox().hand_over();
        Sent::More
    }

    /// One send.
    pub(crate) fn try_send(&self, taken: &mut Buffer, waiting: &AtomicUsize) -> Sent {
        self.mailbox().take(taken);
        let all: usize = taken.pieces().map(<[u8]>::len).sum();
        let sent = self.socket.send(taken.pieces());
        let mut mailbox = self.mailbox();
        let before = mailbox.len();
        let wrote = if let Ok(sent) = sent {
            mailbox.wrote(taken, sent)
        } else {
            mailbox.abandon();
            Wrote::Finished
        };
        waiting.fetch_sub(before - mailbox.len(), Ordering::Relaxed);
        let sent_all = sent.as_ref().is_ok_and(|sent| *sent == all);
        if wrote == Wrote::More && !sent_all {
            mailbox.hand_over();
        }
        self.tell_reader(&mailbox);
        drop(mailbox);
        match wrote {
            Wrote::Done => Sent::All,
            Wrote::Finished => {
                if sent.is_err() {
                    self.end();
                } else {
                    self.socket.shut_down(Shutdown::Write);
                }
                Sent::Finished
            }
            _ if sent_all => Sent::More,
            _ => Sent::Full(sent.is_ok_and(|sent| sent > 0)),
        }
    }

    /// There may be room for what its reader holds back; under the lock, so that none is missed.
    fn tell_reader(&self, _mailbox: &MutexGuard<'_, Mailbox>) {
        if self.held.load(Ordering::Relaxed) {
            self.held.store(false, Ordering::Relaxed);
            self.call_reader();
        }
    }

    /// Has its reader look at the mailbox: something is left to be sent, or nothing ever will be.
    pub(crate) fn call_reader(&self) {
        // One that has no reader yet is looked at when it has.
        if let Some(reader) = self.reader.get() {
            reader.inbox.call(reader.slot);
        }
    }
}
