//! Where a conversation stands, and what of it has come too early.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::{ConversationName, Event};
use crate::time::UnixMillis;
use crate::wire::Position;

/// The most early messages that are held for one conversation. What is not held is repaired.
const HELD: usize = 64;

/// The most places of own early posts that are remembered for one conversation.
const HELD_OWN: usize = 1024;

/// One conversation.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) name: ConversationName,
    pub(super) epoch: u64,
    /// What comes next.
    pub(super) next: u64,
    /// The last message that is known to exist; below `next` where nothing is missing.
    pub(super) last: u64,
    /// What came too early; `None` is an own post.
    held: BTreeMap<u64, Option<Said>>,
    /// How many messages the present repair has replayed.
    replayed: u64,
    /// In which list of conversations it was seen last.
    pub(super) listing: u64,
}

/// A message without its place.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) time: UnixMillis,
    pub(super) author: String,
    pub(super) text: String,
}

impl Track {
    pub(super) fn new(name: ConversationName, epoch: u64, next: u64) -> Self {
        Self {
            name,
            epoch,
            next,
            last: next.saturating_sub(1),
            held: BTreeMap::new(),
            replayed: 0,
            listing: 0,
        }
    }

    /// Takes note of message `seq`; `None` is an own post. Pushes what is in order to `tell`.
    pub(super) fn take(
        &mut self,
        seq: u64,
        said: Option<Said>,
        replayed: bool,
        tell: &mut impl FnMut(Event),
    ) {
        self.last = self.last.max(seq);
        if seq < self.next {
            return;
        }
        if seq > self.next {
            let most = if said.is_some() { HELD } else { HELD_OWN };
            if self.held.len() < most {
                self.held.entry(seq).or_insert(said);
            }
            return;
        }
        self.deliver(said, replayed, tell);
        self.release(tell);
    }

    /// Gives messages up to `last` up.
    pub(super) fn give_up(&mut self, last: u64, tell: &mut impl FnMut(Event)) {
        while self.next <= last {
            let end = self.gap_end().min(last);
            tell(Event::Gone {
                conversation: self.name.clone(),
                first: self.next,
                last: end,
            });
            self.next = end.saturating_add(1);
            self.release(tell);
        }
    }

    /// The first range that is missing.
    pub(super) fn gap(&self) -> Option<(u64, u64)> {
        (self.next <= self.last).then(|| (self.next, self.gap_end()))
    }

    fn gap_end(&self) -> u64 {
        let held = self.held.keys().next();
        held.map_or(self.last, |held| held.saturating_sub(1))
    }

    fn deliver(&mut self, said: Option<Said>, replayed: bool, tell: &mut impl FnMut(Event)) {
        if let Some(said) = said {
            self.replayed += u64::from(replayed);
            tell(Event::Message {
                conversation: self.name.clone(),
                position: Position {
                    epoch: self.epoch,
                    seq: self.next,
                },
                time: said.time,
                author: said.author,
                text: said.text,
                replayed,
            });
        }
        self.next = self.next.saturating_add(1);
    }

    /// Delivers what was held and is now in order.
    fn release(&mut self, tell: &mut impl FnMut(Event)) {
        while let Some(said) = self.held.remove(&self.next) {
            self.deliver(said, false, tell);
        }
        if self.gap().is_none() && self.replayed > 0 {
            tell(Event::CaughtUp {
                conversation: self.name.clone(),
                count: core::mem::take(&mut self.replayed),
            });
        }
    }
}
