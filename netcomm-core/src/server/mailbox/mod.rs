//! What waits for one connection, and who may send it.

mod budget;
mod buffer;
#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use buffer::Buffer;

use super::outgoing::Frames;
use crate::limits::{Limit, Limits};

/// What a push came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Push {
    /// It waits, and the pusher is now the one who must send.
    Claim,
    /// It waits; somebody else sends.
    Queued,
    /// There is no room, and nothing was changed: [`Mailbox::cut`] is due.
    Overflow,
    /// The mailbox takes nothing any more.
    Closed,
}

/// What a send came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Wrote {
    /// Nothing waits: the claim is over.
    Done,
    /// More waits: send again, or hand over.
    More,
    /// Nothing will ever be sent again: sending is to be shut down, and the claim is over.
    Finished,
}

/// The bounded queue of one connection: whole frames in the order they were pushed.
///
/// Whoever is told [`Push::Claim`] holds the claim: it takes what waits, sends it outside the
/// mailbox's lock, and says how much went out, until the mailbox is empty or another thread
/// takes the claim over. While nothing waits no [`Buffer`] is kept.
#[derive(Debug, Default)]
pub struct Mailbox {
    stage: Stage,
    claim: Claim,
    queue: Buffer,
    /// How many frames and bytes the holder of the claim has taken.
    taken: (usize, usize),
    /// Whether part of the first frame is sent already.
    begun: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// The last frame waits.
    Closing,
    /// As before, and what waited was dropped: one more send is tried.
    Cut,
    /// That send is being tried.
    LastTry,
    Closed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Claim {
    #[default]
    Nobody,
    Held,
    /// Held by whoever waits for sockets that are full.
    Straggling,
}

impl Mailbox {
    /// Queues a frame.
    pub fn push(&mut self, frame: &[u8], limits: &Limits) -> Push {
        self.push_all(Frames::one(frame), limits)
    }

    /// Queues frames in a row, all of them or none.
    pub fn push_all(&mut self, frames: Frames<'_>, limits: &Limits) -> Push {
        if self.stage != Stage::Open {
            return Push::Closed;
        }
        let fits = self.len() + frames.bytes().len() <= limits.count(Limit::MailboxBytes)
            && self.frames() + frames.count() <= limits.count(Limit::MailboxFrames);
        if !fits {
            return Push::Overflow;
        }
        self.append(frames)
    }

    /// Queues the last frame, whatever waits; later ones are refused.
    pub fn close(&mut self, last: &[u8]) -> Push {
        if self.stage != Stage::Open {
            return Push::Closed;
        }
        self.stage = Stage::Closing;
        self.append(Frames::one(last))
    }

    /// Drops what waits, except the rest of a frame that is half sent, and closes with `last`,
    /// which is tried to be sent once. Of one that closes already nothing more is said.
    pub fn cut(&mut self, last: &[u8]) -> Push {
        if !self.can_be_cut() {
            return Push::Closed;
        }
        let has_last = core::mem::replace(&mut self.stage, Stage::Cut) == Stage::Closing;
        if self.begun && self.taken == (0, 0) {
            self.queue.keep_first();
        } else {
            self.queue.clear();
        }
        self.queue.shrink();
        // What was to be the last frame may be on its way.
        self.append(Frames::one(if has_last { &[] } else { last }))
    }

    /// Whether [`Self::lend`] would save an allocation.
    #[must_use]
    pub fn wants_buffer(&self) -> bool {
        self.stage == Stage::Open && self.queue.capacity() == 0
    }

    /// Gives it room for what will wait, until that is sent.
    pub fn lend(&mut self, mut buffer: Buffer) {
        if self.wants_buffer() {
            buffer.clear();
            self.queue = buffer;
        }
    }

    /// Gives what waits to the holder of the claim, in exchange for a buffer whose content is
    /// dropped. What is taken still counts until it is written.
    pub fn take(&mut self, into: &mut Buffer) {
        into.clear();
        core::mem::swap(&mut self.queue, into);
        self.taken = (into.frames(), into.len());
        if self.stage == Stage::Cut {
            self.stage = Stage::LastTry;
        }
    }

    /// Of what was taken, the first `sent` bytes went out. The rest comes back; where all is sent,
    /// `taken` may be kept and lent again.
    pub fn wrote(&mut self, taken: &mut Buffer, sent: usize) -> Wrote {
        let sent = sent.min(taken.len());
        if sent > 0 {
            self.begun = taken.drop_sent(sent);
        }
        self.taken = (0, 0);
        match self.stage {
            Stage::Closed => return Wrote::Finished,
            Stage::LastTry => {
                self.finish();
                return Wrote::Finished;
            }
            // Frames that were not begun go, as those of the queue did.
            Stage::Cut if self.begun => taken.keep_first(),
            Stage::Cut => taken.clear(),
            Stage::Open | Stage::Closing => {}
        }
        if !taken.is_empty() {
            taken.append(&mut self.queue);
            self.queue = core::mem::take(taken);
            self.queue.shrink();
        }
        if !self.queue.is_empty() {
            return Wrote::More;
        }
        if self.stage != Stage::Open {
            self.finish();
            return Wrote::Finished;
        }
        self.claim = Claim::Nobody;
        if self.queue.capacity() > taken.capacity() {
            core::mem::swap(&mut self.queue, taken);
        }
        self.queue = Buffer::default();
        Wrote::Done
    }

    /// The holder of the claim has passed it to whoever waits for full sockets.
    pub fn hand_over(&mut self) {
        if self.claim == Claim::Held {
            self.claim = Claim::Straggling;
        }
    }

    /// Ends it at once: the socket is broken or closed.
    pub fn abandon(&mut self) {
        self.finish();
    }

    /// Whether its claim is with whoever waits for full sockets.
    #[must_use]
    pub fn is_straggling(&self) -> bool {
        self.claim == Claim::Straggling
    }

    /// Whether it takes frames.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Whether so much waits that requests of its peer are better not read: more than a quarter of
    /// the bytes or frames that fit. A page fits into the rest, on either face.
    #[must_use]
    pub fn is_behind(&self, limits: &Limits) -> bool {
        self.is_open()
            && (self.len() > limits.count(Limit::MailboxBytes) / 4
                || self.frames() > limits.count(Limit::MailboxFrames) / 4)
    }

    /// Whether [`Self::cut`] would still drop something.
    #[must_use]
    pub fn can_be_cut(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Closing)
    }

    /// Whether a last send is due at once, even if the socket seems full.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.stage == Stage::Cut
    }

    /// Whether nothing will ever be sent again.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes wait, with those that are taken and not yet written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len() + self.taken.1
    }

    fn append(&mut self, frames: Frames<'_>) -> Push {
        if !frames.bytes().is_empty() {
            self.queue.push(frames);
        } else if self.stage == Stage::Open {
            return Push::Queued;
        }
        if self.claim == Claim::Nobody {
            self.claim = Claim::Held;
            Push::Claim
        } else {
            Push::Queued
        }
    }

    /// How many frames wait, with those that are taken.
    fn frames(&self) -> usize {
        self.queue.frames() + self.taken.0
    }

    fn finish(&mut self) {
        *self = Self { stage: Stage::Closed, claim: self.claim, ..Self::default() };
    }
}
