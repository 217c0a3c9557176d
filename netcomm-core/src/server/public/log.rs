//! What was said: a log per conversation, bounded each and in all (PROTOCOL.md, "Positions").

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use core::mem::size_of;

use slotmap::SlotMap;

use crate::limits::{Limit, Limits};
use crate::name::Nickname;
use crate::text::Text;
use crate::time::UnixMillis;
use crate::wire::Position;

slotmap::new_key_type! {
    pub(crate) struct LogId;
}

/// A log keeps room for at most so many times the messages that it has.
const MOST_ROOM: usize = 3;

/// Where a log has fewer messages than this, it is not worth looking.
const FEW: usize = 2;

/// What the allocator adds to a text.
const ALLOCATION: usize = 2 * size_of::<usize>();

/// All logs, and the budget that they share.
#[derive(Debug)]
pub(crate) struct Logs {
    all: SlotMap<LogId, Log>,
    /// The logs that have messages, by the order of all messages: each where its first message was
    /// when it was last looked at. It may have moved on, which is seen when its turn comes.
    oldest: BTreeMap<u64, LogId>,
    next_stamp: u64,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
    max_bytes_in_all: usize,
}

/// One conversation's messages: the last of them are kept.
#[derive(Debug)]
pub(crate) struct Log {
    epoch: u64,
    last: u64,
    entries: VecDeque<Entry>,
    /// Where it stands among the oldest.
    listed: Option<u64>,
    bytes: usize,
}

/// A message that was accepted.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its place among the messages of all logs; never leaves this process.
    stamp: u64,
    pub(crate) time: UnixMillis,
    pub(crate) nonce: u64,
    pub(crate) author: Nickname,
    pub(crate) text: Box<str>,
}

impl Logs {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: SlotMap::with_key(),
            oldest: BTreeMap::new(),
            next_stamp: 0,
            bytes: 0,
            max_messages: limits.count(Limit::HistoryMessages),
            max_bytes: limits.count(Limit::HistoryBytes),
            max_bytes_in_all: limits.count(Limit::HistoriesBytes),
        }
    }

    pub(crate) fn log(&self, id: LogId) -> Option<&Log> {
        self.all.get(id)
    }

    /// Where a conversation stands.
    pub(crate) fn position(&self, id: LogId) -> Position {
        self.all.get(id).map_or_else(Position::default, Log::position)
    }

    pub(super) fn begin(&mut self, epoch: u64) -> LogId {
        self.all.insert(Log { epoch, last: 0, entries: VecDeque::new(), listed: None, bytes: 0 })
    }

    pub(super) fn end(&mut self, id: LogId) {
        let Some(log) = self.all.remove(id) else {
            return;
        };
        self.bytes -= log.bytes;
        if let Some(stamp) = log.listed {
            self.oldest.remove(&stamp);
        }
    }

    /// Accepts a message, and forgets the oldest ones where there are too many.
    pub(crate) fn append(
        &mut self,
        id: LogId,
        time: UnixMillis,
        nonce: u64,
        author: Nickname,
        text: Text<'_>,
    ) -> Position {
        let Some(log) = self.all.get_mut(id) else {
            return Position::default();
        };
        let stamp = self.next_stamp;
        self.next_stamp += 1;
        let entry = Entry { stamp, time, nonce, author, text: text.as_str().into() };
        if log.listed.is_none() {
            self.oldest.insert(stamp, id);
            log.listed = Some(stamp);
        }
        log.last += 1;
        log.bytes += entry.cost();
        self.bytes += entry.cost();
        log.entries.push_back(entry);
        let position = log.position();
        while let Some(log) = self.all.get(id)
            && (log.entries.len() > self.max_messages || log.bytes > self.max_bytes)
        {
            self.forget_first(id);
        }
        while self.bytes > self.max_bytes_in_all
            && let Some((stamp, oldest)) = self.oldest.pop_first()
        {
            if self.relist(oldest) == Some(stamp) {
                self.forget_first(oldest);
                self.relist(oldest);
            }
        }
        position
    }

    /// Lists a log where its first message is now; answers where that is.
    fn relist(&mut self, id: LogId) -> Option<u64> {
        let log = self.all.get_mut(id)?;
        let first = log.entries.front().map(|first| first.stamp);
        if let Some(unlisted) = core::mem::replace(&mut log.listed, first) {
            self.oldest.remove(&unlisted);
        }
        if let Some(first) = first {
            self.oldest.insert(first, id);
        }
        first
    }

    fn forget_first(&mut self, id: LogId) {
        let Some(log) = self.all.get_mut(id) else {
            return;
        };
        let Some(entry) = log.entries.pop_front() else {
            return;
        };
        log.bytes -= entry.cost();
        self.bytes -= entry.cost();
        // Else a log whose messages were forgotten for others' sake would keep their room.
        if log.entries.capacity() > MOST_ROOM * log.entries.len().max(FEW) {
            log.entries.shrink_to(log.entries.len() * 3 / 2);
        }
    }
}

impl Log {
    pub(crate) const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.last }
    }

    /// The first message that is still kept; one above the last where none is.
    pub(crate) fn first_kept(&self) -> u64 {
        self.last - self.entries.len() as u64 + 1
    }

    /// The messages `first` to `last`, as far as they are kept, with their numbers.
    pub(crate) fn range(
        &self,
        first: u64,
        last: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        let kept = self.first_kept();
        let first = first.max(kept);
        let count = (last.min(self.last) + 1).saturating_sub(first);
        let skip = usize::try_from(first - kept).unwrap_or(usize::MAX).min(self.entries.len());
        let end =
            skip + usize::try_from(count).unwrap_or(usize::MAX).min(self.entries.len() - skip);
        let entries = self.entries.range(skip..end);
        entries.enumerate().map(move |(index, entry)| (first + index as u64, entry))
    }
}

impl Entry {
    /// The memory that it takes, with room for another and the allocator's overhead.
    fn cost(&self) -> usize {
        2 * size_of::<Self>() + self.text.len() + ALLOCATION
    }
}

/// The most that an empty log takes, beside its room for messages.
pub(crate) const fn most_of_log() -> usize {
    2 * (size_of::<Log>() + 8) + MOST_ROOM * FEW * size_of::<Entry>()
}

/// The most that logs take whose messages cost `bytes`: each may have room for
/// [`MOST_ROOM`] instead of the two that it costs.
pub(crate) const fn most_of_messages(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(logs: &mut Logs, id: LogId) {
        let (author, text) = (Nickname::new("ann").unwrap(), Text::new("hello", 5).unwrap());
        logs.append(id, UnixMillis(0), 0, author, text);
    }

    fn of(messages: usize) -> (Logs, LogId) {
        let mut logs = Logs::new(&Limits::default());
        let id = logs.begin(7);
        (0..messages).for_each(|_| say(&mut logs, id));
        (logs, id)
    }

    #[test]
    fn a_message_costs_its_place_twice_its_text_and_what_the_allocator_adds() {
        let (logs, _) = of(1);
        assert_eq!(logs.bytes, 2 * size_of::<Entry>() + 5 + 2 * size_of::<usize>());
        assert_eq!(most_of_messages(1001), 1501);
    }

    #[test]
    fn a_log_that_is_forgotten_for_others_gives_room_back_now_and_then() {
        let (mut logs, id) = of(64);
        logs.all[id].entries.shrink_to_fit();
        let (mut room, mut given_back) = (64, 0);
        for left in (0..64).rev() {
            logs.forget_first(id);
            let has = logs.all[id].entries.capacity();
            assert!(has <= MOST_ROOM * left.max(FEW), "room for {has} of {left}");
            if has != room {
                assert!(has >= left + left / 2, "room for {has} of {left}, and for few more");
                given_back += 1;
            }
            room = has;
        }
        assert_eq!(given_back, 3);
    }

    #[test]
    fn what_just_fits_is_kept() {
        let (fitting, _) = of(3);
        for all in [false, true] {
            let (mut logs, id) = of(2);
            let bound = if all { &mut logs.max_bytes_in_all } else { &mut logs.max_bytes };
            *bound = fitting.bytes;
            for _ in 0..2 {
                say(&mut logs, id);
                let log = &logs.all[id];
                let (each, all) = (log.bytes, logs.bytes);
                assert_eq!((log.entries.len(), each, all), (3, fitting.bytes, fitting.bytes));
            }
        }
    }
}
