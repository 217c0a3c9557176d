//! What waits for one connection, and who may send it.

mod budget;
#[cfg(test)]
mod tests;

pub use budget::Budget;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::outgoing::Frames;
use crate::limits::{Limit, Limits};

/// An idle mailbox keeps room for so many lengths, to save the allocator's time.
const KEPT_LENGTHS: usize = 16;

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
/// takes the claim over. While nothing waits no buffer is kept.
#[derive(Debug, Default)]
pub struct Mailbox {
    stage: Stage,
    claim: Claim,
    queue: Vec<u8>,
    /// What is left of each frame: first those that are taken, then those of the queue.
    lengths: VecDeque<usize>,
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
            && self.lengths.len() + frames.count() <= limits.count(Limit::MailboxFrames);
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
        let (frames, bytes) = self.taken;
        if bytes == 0 && self.begun {
            self.queue.truncate(self.lengths[0]);
            self.lengths.truncate(1);
        } else {
            self.queue.clear();
            self.lengths.truncate(frames);
        }
        self.shrink();
        // What was to be the last frame may be on its way.
        self.append(Frames::one(if has_last { &[] } else { last }))
    }

    /// Gives what waits to the holder of the claim. It still counts until it is written.
    pub fn take(&mut self, into: &mut Vec<u8>) {
        *into = core::mem::take(&mut self.queue);
        self.taken = (self.lengths.len(), into.len());
        if self.stage == Stage::Cut {
            self.stage = Stage::LastTry;
        }
    }

    /// Of what was taken, the first `sent` bytes went out. The rest comes back.
    pub fn wrote(&mut self, taken: &mut Vec<u8>, sent: usize) -> Wrote {
        let sent = sent.min(taken.len());
        let unsent = taken.len() - sent;
        let frames = self.taken.0.saturating_sub(self.drop_sent(sent));
        self.taken = (0, 0);
        match self.stage {
            Stage::Closed => return Wrote::Finished,
            Stage::LastTry if unsent > 0 => {
                self.finish();
                return Wrote::Finished;
            }
            Stage::Cut => {
                // Frames that were not begun go, as those of the queue did.
                let begun = usize::from(self.begun);
                let rest = if self.begun { self.lengths[0] } else { 0 };
                self.lengths.drain(begun..frames.max(begun));
                taken.truncate(sent + rest);
            }
            Stage::Open | Stage::Closing | Stage::LastTry => {}
        }
        if taken.len() > sent {
            taken.drain(..sent);
            taken.append(&mut self.queue);
            self.queue = core::mem::take(taken);
            self.shrink();
        }
        if !self.queue.is_empty() {
            return Wrote::More;
        }
        if self.stage != Stage::Open {
            self.finish();
            return Wrote::Finished;
        }
        self.claim = Claim::Nobody;
        self.queue = Vec::new();
        if self.lengths.capacity() > KEPT_LENGTHS {
            self.lengths = VecDeque::new();
        }
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
                || self.lengths.len() > limits.count(Limit::MailboxFrames) / 4)
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
            self.queue.extend_from_slice(frames.bytes());
            self.lengths.extend(frames.lengths());
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

    /// Who reads all but a little must not keep the memory of what was read: it is not counted.
    fn shrink(&mut self) {
        if self.queue.capacity() > 2 * self.queue.len() {
            self.queue.shrink_to_fit();
        }
        if self.lengths.capacity() > KEPT_LENGTHS.max(2 * self.lengths.len()) {
            self.lengths.shrink_to(KEPT_LENGTHS);
        }
    }

    /// Takes what is sent off the lengths; answers how many frames went out whole.
    fn drop_sent(&mut self, mut sent: usize) -> usize {
        let mut whole = 0;
        while let Some(first) = self.lengths.front_mut().filter(|_| sent > 0) {
            if sent < *first {
                *first -= sent;
                self.begun = true;
                break;
            }
            sent -= *first;
            self.begun = false;
            self.lengths.pop_front();
            whole += 1;
        }
        whole
    }

    fn finish(&mut self) {
        *self = Self { stage: Stage::Closed, claim: self.claim, ..Self::default() };
    }
}
