//! What was said: a log per conversation, bounded each and in all (PROTOCOL.md, "Positions").

use alloc::collections::{BTreeMap, VecDeque};
use core::mem::size_of;

use slotmap::SlotMap;

use super::strings::{Extent, Strings, give_back, most_of_few};
use crate::limits::{Limit, Limits};
use crate::name::Nickname;
use crate::text::Text;
use crate::time::UnixMillis;
use crate::wire::{HistoryItem, Position};

slotmap::new_key_type! {
    pub(crate) struct LogId;
}

/// All logs, and the budget that they share.
#[derive(Debug)]
pub(crate) struct Logs {
    all: SlotMap<LogId, Log>,
    /// The logs that have messages, by the order of all turns: each where its first one was when it
    /// was last looked at. It may have moved on, which is seen when its turn comes.
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
    turns: VecDeque<Turn>,
    entries: VecDeque<Entry>,
    /// The text of each message, and where a turn begins its author.
    strings: Strings,
    /// Where it stands among the oldest.
    listed: Option<u64>,
}

/// What the messages have in common that somebody said in a row, at one time. Their texts are in one
/// block, and so is the author as long as any of them.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// The first of them. It may be forgotten.
    first: u64,
    /// Its place among those of all logs; never leaves this process.
    stamp: u64,
    time: UnixMillis,
    author: Extent,
}

/// A message that was accepted, but for what it has in common with others. Small: where there are many
/// conversations, to write it is to wait for memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    nonce: u64,
    text: Extent,
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
        self.all.insert(Log {
            epoch,
            last: 0,
            turns: VecDeque::new(),
            entries: VecDeque::new(),
            strings: Strings::default(),
            listed: None,
        })
    }

    pub(super) fn end(&mut self, id: LogId) {
        let Some(log) = self.all.remove(id) else {
            return;
        };
        self.bytes -= log.cost();
        if let Some(stamp) = log.listed {
            self.oldest.remove(&stamp);
        }
    }

    /// Accepts messages that somebody said in a row, each with its nonce, and after each forgets the oldest
    /// ones where there are too many: as if it had come by itself. Answers where the last one stands.
    pub(crate) fn append(
        &mut self,
        id: LogId,
        time: UnixMillis,
        author: &Nickname,
        mut said: &[(u64, Text<'_>)],
    ) -> Position {
        let author = author.as_str();
        while let [(_, first), ..] = said
            && let Some(log) = self.all.get_mut(id)
        {
            if log.listed.is_none() {
                self.oldest.insert(self.next_stamp, id);
                log.listed = Some(self.next_stamp);
            }
            let others = self.bytes - log.cost();
            let most_bytes = self.max_bytes_in_all.saturating_sub(others);
            let beside = log.go_on(author, time, said, most_bytes);
            let (begin, count) = beside.unwrap_or_else(|| {
                let text = log.begin_turn((self.next_stamp, time), author, *first);
                (text.begin(), 1)
            });
            let (written, rest) = said.split_at(count);
            // Before so many more make the queue grow. One stays, for the turn that has begun would be
            // taken for over.
            let surplus = (log.entries.len() + count).saturating_sub(self.max_messages);
            log.forget(surplus.min(log.entries.len().saturating_sub(1)));
            log.enter(begin, written);
            while log.entries.len() > self.max_messages || log.cost() > self.max_bytes {
                log.forget(1);
            }
            self.next_stamp += count as u64;
            said = rest;
            self.bytes = others + log.cost();
            self.forget_oldest();
        }
        self.position(id)
    }

    /// Forgets messages of all logs, the oldest first, until all are within the budget.
    fn forget_oldest(&mut self) {
        while self.bytes > self.max_bytes_in_all
            && let Some((stamp, oldest)) = self.oldest.pop_first()
        {
            if self.relist(oldest) == Some(stamp)
                && let Some(log) = self.all.get_mut(oldest)
            {
                self.bytes -= log.cost();
                log.forget(1);
                self.bytes += log.cost();
                self.relist(oldest);
            }
        }
    }

    /// Lists a log where its first message is now; answers where that is.
    fn relist(&mut self, id: LogId) -> Option<u64> {
        let log = self.all.get_mut(id)?;
        let first = log.turns.front().map(|first| first.stamp);
        if let Some(unlisted) = core::mem::replace(&mut log.listed, first) {
            self.oldest.remove(&unlisted);
        }
        if let Some(first) = first {
            self.oldest.insert(first, id);
        }
        first
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

    /// The messages `first` to `last`, as far as they are kept.
    pub(crate) fn range(
        &self,
        first: u64,
        last: u64,
    ) -> impl DoubleEndedIterator<Item = HistoryItem<'_>> {
        let kept = self.first_kept();
        let first = first.max(kept);
        let count = (last.min(self.last) + 1).saturating_sub(first);
        let skip = usize::try_from(first - kept).unwrap_or(usize::MAX).min(self.entries.len());
        let end =
            skip + usize::try_from(count).unwrap_or(usize::MAX).min(self.entries.len() - skip);
        let entries = self.entries.range(skip..end);
        entries.enumerate().map(move |(index, entry)| self.item(first + index as u64, entry))
    }

    fn item(&self, seq: u64, entry: &Entry) -> HistoryItem<'_> {
        let after = self.turns.partition_point(|turn| turn.first <= seq);
        let turn = after.checked_sub(1).and_then(|turn| self.turns.get(turn));
        let said = turn.map(|turn| (turn.time, self.strings.get(turn.author)));
        let (time, author) = said.unwrap_or_default();
        HistoryItem { seq, time, author, nonce: entry.nonce, text: self.strings.get(entry.text) }
    }

    /// Whether what this author says at this time belongs to what was said last.
    fn is_turn_of(&self, author: &str, time: UnixMillis) -> bool {
        let last = self.turns.back();
        last.is_some_and(|last| last.time == time && self.strings.get(last.author) == author)
    }

    /// Writes the texts of the first messages that belong to the last turn, if any do: as many as stand
    /// beside those before and leave the log within `most_bytes`. No block begins between them, so the
    /// oldest messages may be forgotten for all of them at once. Answers where they begin, and how many
    /// they are.
    fn go_on(
        &mut self,
        author: &str,
        time: UnixMillis,
        said: &[(u64, Text<'_>)],
        most_bytes: usize,
    ) -> Option<(u64, usize)> {
        if !self.is_turn_of(author, time) {
            return None;
        }
        let has_room_for = most_bytes.saturating_sub(self.cost()) / (2 * size_of::<Entry>());
        let texts = said.iter().map(|(_, text)| text.as_str());
        self.strings.push_beside(texts.take(has_room_for.max(1)))
    }

    /// Writes the text of a message that belongs to no turn before, or begins a block.
    fn begin_turn(
        &mut self,
        (stamp, time): (u64, UnixMillis),
        author: &str,
        text: Text<'_>,
    ) -> Extent {
        let (author, text) = self.strings.push(author, text.as_str());
        self.turns.push_back(Turn { first: self.last + 1, stamp, time, author });
        text
    }

    /// Enters messages whose texts are written.
    fn enter(&mut self, mut begin: u64, written: &[(u64, Text<'_>)]) {
        self.entries.extend(written.iter().map(|(nonce, text)| {
            let text = Extent::new(begin, text.as_str().len());
            begin = text.end();
            Entry { nonce: *nonce, text }
        }));
        self.last += written.len() as u64;
    }

    /// Forgets so many of the first messages, or all.
    fn forget(&mut self, count: usize) {
        let count = count.min(self.entries.len());
        if count == 0 {
            return;
        }
        self.entries.drain(..count);
        self.strings.forget(count);
        give_back(&mut self.entries);
        // A turn is over where the next one begins.
        while !self.turns.is_empty()
            && self.turns.get(1).map_or(self.last + 1, |next| next.first) <= self.first_kept()
        {
            self.turns.pop_front();
            give_back(&mut self.turns);
        }
    }

    /// The memory that its messages take, with room for as many more and the allocator's overhead.
    fn cost(&self) -> usize {
        2 * (size_of::<Turn>() * self.turns.len() + size_of::<Entry>() * self.entries.len())
            + self.strings.cost()
    }
}

/// The most that an empty log takes, beside its room for messages.
pub(crate) const fn most_of_log() -> usize {
    let queues = most_of_few::<Turn>() + most_of_few::<Entry>() + Strings::most_of_none();
    2 * (size_of::<Log>() + 8) + queues
}

/// The most that logs take whose messages cost `bytes`: a queue may have three times the places that
/// it needs, of which two are counted.
pub(crate) const fn most_of_messages(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 2)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn say(logs: &mut Logs, id: LogId, author: Nickname, text: &str) {
        logs.append(id, UnixMillis(0), &author, &[(0, Text::new(text, 4096).unwrap())]);
    }

    fn ann() -> Nickname {
        Nickname::new("ann").unwrap()
    }

    fn of(messages: usize) -> (Logs, LogId) {
        let mut logs = Logs::new(&Limits::default());
        let id = logs.begin(7);
        (0..messages).for_each(|_| say(&mut logs, id, ann(), "hello"));
        (logs, id)
    }

    #[test]
    fn a_message_costs_its_place_twice_and_its_strings() {
        let (logs, id) = of(2);
        let strings = logs.all[id].strings.cost();
        assert_eq!(logs.all[id].turns.len(), 2, "the first block has room for the first message");
        assert_eq!(logs.bytes, 4 * size_of::<Turn>() + 4 * size_of::<Entry>() + strings);
        assert_eq!((size_of::<Turn>(), size_of::<Entry>()), (32, 16));
        assert_eq!(most_of_messages(1001), 1501);
    }

    #[test]
    fn what_just_fits_is_kept() {
        let (fitting, _) = of(3);
        for all in [false, true] {
            let (mut logs, id) = of(2);
            let bound = if all { &mut logs.max_bytes_in_all } else { &mut logs.max_bytes };
            *bound = fitting.bytes;
            say(&mut logs, id, ann(), "hello");
            assert_eq!((logs.all[id].entries.len(), logs.bytes), (3, fitting.bytes));
            say(&mut logs, id, ann(), "hello");
            assert!(logs.bytes <= fitting.bytes && logs.all[id].entries.len() > 1);
        }
    }

    #[test]
    fn as_many_messages_are_kept_as_may_be() {
        let (mut logs, id) = of(0);
        logs.max_messages = 3;
        for kept in [1, 2, 3, 3, 3] {
            say(&mut logs, id, ann(), "hello");
            assert_eq!(logs.all[id].entries.len(), kept);
        }
    }

    #[test]
    fn the_queue_of_a_full_log_does_not_grow_with_a_row() {
        let (mut logs, id) = of(1000);
        let room = logs.all[id].entries.capacity();
        let hello = Text::new("hello", 4096).unwrap();
        for _ in 0..20 {
            logs.append(id, UnixMillis(0), &ann(), &[(0, hello); 64]);
            assert_eq!(logs.all[id].entries.len(), 1000);
            assert!(logs.all[id].entries.capacity() <= room, "{room}");
        }
    }

    #[test]
    fn a_log_that_has_ended_costs_nothing() {
        let (mut logs, id) = of(3);
        let other = logs.begin(8);
        say(&mut logs, other, ann(), "hello");
        logs.end(id);
        assert_eq!(logs.bytes, logs.all[other].cost());
        assert_eq!(logs.oldest.len(), 1);
    }

    #[test]
    fn a_log_that_is_forgotten_for_others_takes_nothing_in_the_end() {
        let (mut logs, id) = of(64);
        while !logs.all[id].entries.is_empty() {
            logs.all[id].forget(1);
        }
        assert_eq!(logs.all[id].cost(), 0);
        assert_eq!(logs.all[id].first_kept(), 65);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is kept is the last of what was said, and what all of it costs is counted; all of it
        /// as if each message had come by itself.
        #[test]
        fn the_last_messages_are_kept_as_they_were_said(
            said in prop::collection::vec(
                (
                    0_usize..3,
                    prop::sample::select(&["ann", "bob"][..]),
                    0_u64..2,
                    prop::collection::vec(prop_oneof![9 => 1_usize..40, 1 => 3000_usize..3100], 1..70),
                ),
                1..60,
            ),
            most in (2_000_usize..40_000, 2_000_usize..40_000, 1_usize..60),
        ) {
            let mut logs = Logs::new(&Limits::default());
            (logs.max_bytes, logs.max_bytes_in_all, logs.max_messages) = most;
            let ids = [1, 2, 3].map(|epoch| logs.begin(epoch));
            let mut one_by_one = Logs::new(&Limits::default());
            (one_by_one.max_bytes, one_by_one.max_bytes_in_all, one_by_one.max_messages) = most;
            prop_assert_eq!([1, 2, 3].map(|epoch| one_by_one.begin(epoch)), ids);
            let mut all: [Vec<_>; 3] = [const { Vec::new() }; 3];
            let (mut time, mut nonce) = (0, 0);
            for (to, author, later, lengths) in said {
                time += later;
                let first = nonce + 1;
                let texts = lengths.iter().map(|length| {
                    nonce += 1;
                    format!("{nonce:0length$}")
                });
                let texts: Vec<_> = texts.collect();
                let row: Vec<_> =
                    (first..).zip(texts.iter().map(|text| Text::new(text, 4096).unwrap())).collect();
                let name = Nickname::new(author).unwrap();
                let position = logs.append(ids[to], UnixMillis(time), &name, &row);
                for said in &row {
                    one_by_one.append(ids[to], UnixMillis(time), &name, core::slice::from_ref(said));
                }
                prop_assert_eq!(format!("{logs:?}"), format!("{one_by_one:?}"));
                all[to].extend((first..).zip(texts).map(|(nonce, text)| (time, author, nonce, text)));
                prop_assert_eq!(position.seq, all[to].len() as u64);
                let costs = ids.map(|id| logs.all[id].cost());
                prop_assert_eq!(logs.bytes, costs.iter().sum::<usize>());
                prop_assert!(logs.bytes <= logs.max_bytes_in_all);
                prop_assert!(costs.iter().all(|cost| *cost <= logs.max_bytes));
            }
            for (id, said) in ids.iter().zip(&all) {
                let log = &logs.all[*id];
                let kept: Vec<_> = log.range(0, u64::MAX).collect();
                prop_assert!(kept.len() <= logs.max_messages);
                prop_assert!(log.turns.len() <= kept.len());
                let numbered = (1..).zip(said).map(|(seq, (time, author, nonce, text))| {
                    HistoryItem { seq, time: UnixMillis(*time), author, nonce: *nonce, text }
                });
                let last: Vec<_> = numbered.skip(said.len() - kept.len()).collect();
                prop_assert_eq!(kept, last);
            }
        }
    }

    /// What is said by another, or later, is not taken for what somebody said before.
    #[test]
    fn what_is_said_in_a_row_takes_one_place() {
        let (mut logs, id) = of(100);
        let turns = logs.all[id].turns.len();
        say(&mut logs, id, ann(), "hello");
        assert_eq!(logs.all[id].turns.len(), turns);
        say(&mut logs, id, Nickname::new("bob").unwrap(), "hello");
        assert_eq!(logs.all[id].turns.len(), turns + 1);
        let hello = Text::new("hello", 4096).unwrap();
        for (time, more) in [(0, 2), (7, 3), (7, 3)] {
            logs.append(id, UnixMillis(time), &ann(), &[(0, hello)]);
            assert_eq!(logs.all[id].turns.len(), turns + more);
        }
    }
}
