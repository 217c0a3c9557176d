//! What was said: a log per conversation, bounded each and in all (PROTOCOL.md, "Positions").

use alloc::collections::{BTreeMap, VecDeque};
use core::mem::size_of;

use slotmap::SlotMap;

use super::strings::{Strings, give_back, most_of_few};
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
    /// The author and the text of each.
    strings: Strings,
    /// Where it stands among the oldest.
    listed: Option<u64>,
}

/// A message that was accepted.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Its place among the messages of all logs; never leaves this process.
    stamp: u64,
    time: UnixMillis,
    nonce: u64,
    /// Where its author and text are, and how long these are.
    said: u64,
    author: u16,
    text: u16,
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
        let (entries, strings) = (VecDeque::new(), Strings::default());
        self.all.insert(Log { epoch, last: 0, entries, strings, listed: None })
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

    /// Accepts a message, and forgets the oldest ones where there are too many.
    pub(crate) fn append(
        &mut self,
        id: LogId,
        time: UnixMillis,
        nonce: u64,
        author: &Nickname,
        text: Text<'_>,
    ) -> Position {
        let Some(log) = self.all.get_mut(id) else {
            return Position::default();
        };
        let stamp = self.next_stamp;
        self.next_stamp += 1;
        if log.listed.is_none() {
            self.oldest.insert(stamp, id);
            log.listed = Some(stamp);
        }
        self.bytes -= log.cost();
        log.append(stamp, time, nonce, author, text);
        while log.entries.len() > self.max_messages || log.cost() > self.max_bytes {
            log.forget_first();
        }
        self.bytes += log.cost();
        let position = log.position();
        while self.bytes > self.max_bytes_in_all
            && let Some((stamp, oldest)) = self.oldest.pop_first()
        {
            if self.relist(oldest) == Some(stamp)
                && let Some(log) = self.all.get_mut(oldest)
            {
                self.bytes -= log.cost();
                log.forget_first();
                self.bytes += log.cost();
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
        let Entry { time, nonce, said, author, text, .. } = *entry;
        let said = self.strings.get(said, usize::from(author) + usize::from(text));
        let (author, text) = said.split_at_checked(author.into()).unwrap_or_default();
        HistoryItem { seq, time, author, nonce, text }
    }

    fn append(
        &mut self,
        stamp: u64,
        time: UnixMillis,
        nonce: u64,
        author: &Nickname,
        text: Text<'_>,
    ) {
        let (author, text) = (author.as_str(), text.as_str());
        let said = self.strings.end();
        self.strings.push(author, text);
        // Names and texts are much shorter.
        let length = |string: &str| u16::try_from(string.len()).unwrap_or(u16::MAX);
        let (author, text) = (length(author), length(text));
        self.entries.push_back(Entry { stamp, time, nonce, said, author, text });
        self.last += 1;
    }

    fn forget_first(&mut self) {
        self.entries.pop_front();
        self.strings.forget_first();
        give_back(&mut self.entries);
    }

    /// The memory that its messages take, with room for as many more and the allocator's overhead.
    fn cost(&self) -> usize {
        2 * size_of::<Entry>() * self.entries.len() + self.strings.cost()
    }
}

/// The most that an empty log takes, beside its room for messages.
pub(crate) const fn most_of_log() -> usize {
    2 * (size_of::<Log>() + 8) + most_of_few::<Entry>() + Strings::most_of_none()
}

/// The most that logs take whose messages cost `bytes`: a queue may have three times the places that
/// it needs, of which two are counted.
pub(crate) const fn most_of_messages(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 2)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn say(logs: &mut Logs, id: LogId, author: Nickname, text: &str) {
        logs.append(id, UnixMillis(0), 0, &author, Text::new(text, 4096).unwrap());
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
        assert_eq!(logs.bytes, 4 * size_of::<Entry>() + strings);
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
            logs.all[id].forget_first();
        }
        assert_eq!(logs.all[id].cost(), 0);
        assert_eq!(logs.all[id].first_kept(), 65);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is kept is the last of what was said, and what all of it costs is counted.
        #[test]
        fn the_last_messages_are_kept_as_they_were_said(
            said in prop::collection::vec((0_usize..3, prop_oneof![1_usize..40, 3000_usize..3100]), 1..80),
            most in (2_000_usize..40_000, 2_000_usize..40_000, 1_usize..60),
        ) {
            let mut logs = Logs::new(&Limits::default());
            (logs.max_bytes, logs.max_bytes_in_all, logs.max_messages) = most;
            let ids = [1, 2, 3].map(|epoch| logs.begin(epoch));
            let mut all: [Vec<String>; 3] = [const { Vec::new() }; 3];
            let said = said.into_iter().zip(0..).map(|((to, length), number): ((_, usize), usize)| {
                (to, format!("{number:0length$}"))
            });
            let author = ann();
            for (to, text) in said {
                say(&mut logs, ids[to], author, &text);
                all[to].push(text);
                let costs = ids.map(|id| logs.all[id].cost());
                prop_assert_eq!(logs.bytes, costs.iter().sum::<usize>());
                prop_assert!(logs.bytes <= logs.max_bytes_in_all);
                prop_assert!(costs.iter().all(|cost| *cost <= logs.max_bytes));
            }
            for (id, said) in ids.iter().zip(&all) {
                let log = &logs.all[*id];
                let kept: Vec<_> = log.range(0, u64::MAX).map(|item| (item.seq, item.text)).collect();
                let numbered = said.iter().enumerate().map(|(index, text)| (index as u64 + 1, &text[..]));
                prop_assert!(kept.len() <= logs.max_messages);
                let last: Vec<_> = numbered.skip(said.len() - kept.len()).collect();
                prop_assert_eq!(kept, last);
                prop_assert!(log.range(0, u64::MAX).all(|item| item.author == "ann"));
            }
        }
    }
}
