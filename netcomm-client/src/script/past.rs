//! Reads what was said in a conversation, page by page, until it meets what is said now.

use netcomm_core::client::{ConversationName, Event, HistoryMessage};
use netcomm_core::wire::{ClientMessage, Position};

/// How far the history of one conversation is read.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) conversation: ConversationName,
    start: Start,
    epoch: Option<u64>,
    next: u64,
    /// The last message that is known to exist: it was said while the pages were read.
    seen: u64,
    done: bool,
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At this message.
    At(u64),
    /// At the first that is kept.
    FirstKept,
    /// So many before the end.
    Last(u64),
}

/// A page of history.
pub(super) struct Page<'a> {
    pub(super) epoch: u64,
    pub(super) first_kept: u64,
    pub(super) last: u64,
    pub(super) items: &'a [HistoryMessage],
}

impl Past {
    pub(super) fn new(conversation: ConversationName, start: Start) -> Self {
        let next = if let Start::At(seq) = start { seq } else { 1 };
        Self { conversation, start, epoch: None, next, seen: 0, done: false }
    }

    /// Whether everything up to now was read.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// What to ask for.
    pub(super) fn request(&self) -> ClientMessage<'_> {
        // Where the beginning depends on the end, the end is asked for first.
        let is_probe = !matches!(self.start, Start::At(_));
        ClientMessage::History {
            conversation: self.conversation.as_ref(),
            epoch: self.epoch,
            first: self.next,
            last: u64::MAX,
            latest: is_probe,
            most: u32::from(is_probe),
        }
    }

    /// Something was said meanwhile: it will be read from history.
    pub(super) fn said(&mut self, position: Position) {
        self.seen = self.seen.max(position.seq);
    }

    /// The conversation began anew.
    pub(super) fn restart(&mut self) {
        self.start = Start::At(1);
        (self.epoch, self.next, self.seen) = (None, 1, 0);
    }

    /// Takes an answer; gives what it says, in order.
    pub(super) fn take(&mut self, page: &Page<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        if self.epoch.is_some_and(|epoch| epoch != page.epoch) {
            self.restart();
            events.push(Event::Restarted { conversation: self.conversation.clone() });
            return events;
        }
        self.epoch = Some(page.epoch);
        match self.start {
            Start::At(_) => {}
            Start::FirstKept => return self.begin_at(page.first_kept),
            Start::Last(count) => {
                return self.begin_at(
                    page.first_kept.max(page.last.saturating_add(1).saturating_sub(count)),
                );
            }
        }
        let before = self.next;
        self.skip_to(page.first_kept.min(page.last.saturating_add(1)), &mut events);
        for item in page.items {
            if item.seq < self.next {
                continue;
            }
            self.skip_to(item.seq, &mut events);
            self.next = item.seq.saturating_add(1);
            events.push(Event::Message {
                conversation: self.conversation.clone(),
                position: Position { epoch: page.epoch, seq: item.seq },
                time: item.time,
                author: item.author.clone(),
                text: item.text.clone(),
                replayed: true,
            });
        }
        let end = page.last.max(self.seen);
        if self.next == before && self.next <= page.last {
            // A page without progress would be asked for again and again.
            self.skip_to(page.last.saturating_add(1), &mut events);
        }
        self.done = self.next > end;
        events
    }

    fn begin_at(&mut self, seq: u64) -> Vec<Event> {
        self.next = seq.max(1);
        self.start = Start::At(self.next);
        Vec::new()
    }

    fn skip_to(&mut self, seq: u64, events: &mut Vec<Event>) {
        if self.next < seq {
            let conversation = self.conversation.clone();
            events.push(Event::Gone { conversation, first: self.next, last: seq - 1 });
            self.next = seq;
        }
    }
}

#[cfg(test)]
#[path = "past_tests.rs"]
mod tests;
