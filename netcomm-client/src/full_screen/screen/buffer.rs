//! The entries of one conversation, each with a number that it keeps.

use std::collections::VecDeque;

use super::entry::{Body, Entry, Said};

/// Entries in order. What is said goes to the end, what is loaded to the front, and what is too
/// much is dropped from the front.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    entries: VecDeque<Entry>,
    /// The number of the first entry; the others follow without gaps.
    first: i64,
    bytes: usize,
}

impl Buffer {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the first entry, or of the one that will be.
    pub(crate) const fn first(&self) -> i64 {
        self.first
    }

    /// One more than the number of the last.
    pub(crate) fn end(&self) -> i64 {
        self.first.saturating_add(i64::try_from(self.entries.len()).unwrap_or(i64::MAX))
    }

    pub(crate) fn entry(&self, id: i64) -> Option<&Entry> {
        self.entries.get(self.index(id)?)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Changes an entry, if it is still there.
    pub(crate) fn change<R>(&mut self, id: i64, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let index = self.index(id)?;
        let entry = self.entries.get_mut(index)?;
        let before = entry.bytes();
        let result = change(entry);
        self.bytes = self.bytes + entry.bytes() - before;
        Some(result)
    }

    /// Changes the message of this number.
    pub(crate) fn change_said(&mut self, id: i64, change: impl FnOnce(&mut u64, &mut Said)) {
        self.change(id, |entry| {
            if let Body::Said(said) = &mut entry.body {
                change(&mut entry.seq, said);
            }
        });
    }

    pub(crate) fn push(&mut self, entry: Entry) -> i64 {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        self.end() - 1
    }

    /// Puts an entry before all others.
    pub(crate) fn prepend(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_front(entry);
        self.first -= 1;
    }

    pub(crate) fn drop_first(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.bytes();
        self.first += 1;
        Some(entry)
    }

    /// The nearest entry to `from`, and not itself, in which `needle` stands.
    pub(crate) fn find(&self, from: i64, older: bool, needle: &str) -> Option<i64> {
        let has = |id: &i64| self.entry(*id).is_some_and(|entry| entry.has(needle));
        if older {
            (self.first..from.min(self.end())).rev().find(has)
        } else {
            (from.saturating_add(1).max(self.first)..self.end()).find(has)
        }
    }

    fn index(&self, id: i64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_while_both_ends_move() {
        let mut buffer = Buffer::default();
        let entry = |text: &str| Entry::system(0, text, false);
        let one = buffer.push(entry("one"));
        let two = buffer.push(entry("two"));
        buffer.prepend(entry("zero"));
        assert!(buffer.entry(one).is_some_and(|entry| entry.has("one")));
        assert_eq!(buffer.find(buffer.end(), true, "o"), Some(two));
        assert_eq!(buffer.find(two, true, "o"), Some(one));
        assert_eq!(buffer.find(one, false, "o"), Some(two));
        buffer.drop_first();
        buffer.drop_first();
        assert!(buffer.entry(one).is_none());
        assert!(buffer.entry(two).is_some_and(|entry| entry.has("two")));
        buffer.drop_first();
        assert_eq!((buffer.len(), buffer.bytes()), (0, 0));
        assert!(buffer.drop_first().is_none());
    }
}
