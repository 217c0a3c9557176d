//! Where a conversation stands, and what of it has come too early.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::{ConversationName, Event};
use crate::time::UnixMillis;
use crate::wire::Position;

/// The most early messages that are held for one conversation. What is not held is repaired.
const HELD: usize = 64;

/// What a place costs beside the strings of its message.
const PLACE: usize = 64;

/// One conversation.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) name: ConversationName,
    pub(super) epoch: u64,
    /// What comes next.
    pub(super) next: u64,
    /// The last message that is known to exist; below `next` where nothing is missing.
    pub(super) last: u64,
    /// Whether the user knows already that this epoch is over, and the next is awaited.
    pub(super) is_restarted: bool,
    /// Whether it is known where one's part of it begins. What comes before is held.
    is_begun: bool,
    /// What came too early; `None` is an own post.
    held: BTreeMap<u64, Option<Said>>,
    held_bytes: usize,
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
            is_restarted: false,
            is_begun: true,
            held: BTreeMap::new(),
            held_bytes: 0,
            replayed: 0,
            listing: 0,
        }
    }

    /// A conversation of which a message came before it is known that one is in it.
    pub(super) fn not_begun(self) -> Self {
        Self { is_begun: false, ..self }
    }

    /// It is known now that one's part begins at `first`, or before.
    pub(super) fn begin(&mut self, first: u64, tell: &mut impl FnMut(Event)) {
        if !core::mem::replace(&mut self.is_begun, true) {
            self.next = self.next.min(first);
            self.release(tell);
        }
    }

    pub(super) const fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Whether message `seq` has to wait for others.
    pub(super) const fn is_early(&self, seq: u64) -> bool {
        seq > self.next || !self.is_begun
    }

    /// Takes note of message `seq`; `None` is an own post. Pushes what is in order to `tell`; what
    /// comes too early may take so many bytes of `room`.
    pub(super) fn take(
        &mut self,
        seq: u64,
        said: Option<Said>,
        replayed: bool,
        room: usize,
        tell: &mut impl FnMut(Event),
    ) {
        self.last = self.last.max(seq);
        if seq < self.next {
            return;
        }
        if self.is_early(seq) {
            let cost = cost(said.as_ref());
            // An own post costs no more than its place, and is not to be shown to its author.
            let fits = self.held.len() < HELD || said.is_none();
            if fits && cost <= room && !self.held.contains_key(&seq) {
                self.held_bytes += cost;
                self.held.insert(seq, said);
            }
            return;
        }
        self.deliver(said, replayed, tell);
        self.release(tell);
    }

    /// Gives messages up to `last` up, which may be more than it has heard of.
    pub(super) fn give_up(&mut self, last: u64, tell: &mut impl FnMut(Event)) {
        self.last = self.last.max(last);
        while self.next <= last {
            let end = self.gap_end().min(last);
            tell(Event::Gone { conversation: self.name.clone(), first: self.next, last: end });
            self.next = end.saturating_add(1);
            self.release(tell);
        }
    }

    /// The epoch is over, and nobody knows the next yet.
    pub(super) fn restart(&mut self, tell: &mut impl FnMut(Event)) {
        self.held.clear();
        self.held_bytes = 0;
        self.last = self.next.saturating_sub(1);
        self.is_restarted = true;
        tell(Event::Restarted { conversation: self.name.clone() });
    }

    /// What the messages that came too early take.
    pub(super) const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// The first range that is missing.
    pub(super) fn gap(&self) -> Option<(u64, u64)> {
        (self.is_begun && self.next <= self.last).then(|| (self.next, self.gap_end()))
    }

    fn gap_end(&self) -> u64 {
        let held = self.held.keys().next();
        held.map_or(self.last, |held| held.saturating_sub(1))
    }

    fn deliver(&mut self, said: Option<Said>, replayed: bool, tell: &mut impl FnMut(Event)) {
        if let Some(said) = said {
            self.replayed += u64::from(replayed);
            let position = Position { epoch: self.epoch, seq: self.next };
            tell(said.into_event(self.name.clone(), position, replayed));
        }
        self.next = self.next.saturating_add(1);
    }

    /// Delivers what was held and is now in order.
    fn release(&mut self, tell: &mut impl FnMut(Event)) {
        while let Some(said) = self.held.remove(&self.next) {
            self.held_bytes = self.held_bytes.saturating_sub(cost(said.as_ref()));
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

impl Said {
    pub(super) fn into_event(
        self,
        conversation: ConversationName,
        position: Position,
        replayed: bool,
    ) -> Event {
        Event::Message {
            conversation,
            position,
            time: self.time,
            author: self.author,
            text: self.text,
            replayed,
        }
    }
}

fn cost(said: Option<&Said>) -> usize {
    PLACE + said.map_or(0, |said| said.author.len() + said.text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Conversation;

    /// What it keeps of a message that came one too early and costs 67 bytes: its place, an
    /// author of one byte and a text of two.
    fn held(room: usize) -> (Track, usize) {
        let mut track = Track::new(Conversation::EVERYONE.into(), 7, 1);
        let said = Said { time: UnixMillis(0), author: "b".into(), text: "hi".into() };
        track.take(2, Some(said), false, room, &mut |_| {});
        let bytes = track.held_bytes();
        (track, bytes)
    }

    #[test]
    fn what_is_too_early_takes_no_more_than_there_is_room_for() {
        assert_eq!([held(66).1, held(67).1], [0, 67]);
    }

    #[test]
    fn what_is_delivered_takes_nothing_any_more() {
        let (mut track, _) = held(1000);
        for (seq, bytes) in [(4, 67 + PLACE), (1, PLACE), (3, 0)] {
            track.take(seq, None, false, 1000, &mut |_| {});
            assert_eq!(track.held_bytes(), bytes);
        }
    }
}
