//! Those that one thread serves, and whose turn it is.

use std::collections::BTreeSet;
use std::time::Duration;

use netcomm_core::time::Instant;

/// A wait is rounded up by so much: when it is over, what it was for is due.
const ROUNDING: Duration = Duration::from_micros(50);

/// What comes after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing, until something comes or it is this time.
    Waits(Option<Instant>),
    /// Another turn, when the others have had theirs.
    More,
    /// It is gone.
    Over,
}

/// Entries, each in a slot of its own as long as it is there.
#[derive(Debug)]
pub(crate) struct Table<T> {
    entries: Vec<Option<Entry<T>>>,
    free: Vec<usize>,
    /// When each that waits is to have a turn at the latest.
    timers: BTreeSet<(Instant, usize)>,
    /// Whose turn it is, in this order.
    queue: Vec<usize>,
}

#[derive(Debug)]
struct Entry<T> {
    // Apart, so that the table can grow without holding much twice.
    item: Box<T>,
    timer: Option<Instant>,
    is_queued: bool,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        let (timers, queue) = Default::default();
        Self { entries: Vec::new(), free: Vec::new(), timers, queue }
    }
}

impl<T> Table<T> {
    /// Takes in what is made for a slot, and gives it a turn.
    pub(crate) fn add(&mut self, make: impl FnOnce(usize) -> T) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let item = Box::new(make(slot));
        self.entries[slot] = Some(Entry { item, timer: None, is_queued: false });
        self.queue(slot);
    }

    /// Gives a turn to whatever is in the slot; one that is to have a turn already has that.
    pub(crate) fn queue(&mut self, slot: usize) -> Option<&mut T> {
        let Entry { item, is_queued, .. } = self.entries.get_mut(slot)?.as_mut()?;
        if !core::mem::replace(is_queued, true) {
            self.queue.push(slot);
        }
        Some(item)
    }

    /// Gives a turn to those whose time has come.
    pub(crate) fn queue_due(&mut self, now: Instant) {
        while let Some(&(due, slot)) = self.timers.first()
            && due <= now
        {
            self.set_timer(slot, None);
            self.queue(slot);
        }
    }

    /// How long nobody is to have a turn.
    pub(crate) fn patience(&self, now: Instant) -> Option<Duration> {
        if !self.queue.is_empty() {
            return Some(Duration::ZERO);
        }
        let (due, _) = self.timers.first()?;
        Some(due.since(now) + ROUNDING)
    }

    /// Everybody in the queue has a turn. Answers whether there was somebody.
    pub(crate) fn give_turns(&mut self, mut turn: impl FnMut(&mut T) -> Turn) -> bool {
        let queue = core::mem::take(&mut self.queue);
        for &slot in &queue {
            let Some(Entry { item, timer, is_queued }) = &mut self.entries[slot] else { continue };
            *is_queued = false;
            match turn(item) {
                // A timer that is too early stays: a turn too many costs less than moving it for
                // each message.
                Turn::Waits(due)
                    if timer.is_some_and(|timer| due.is_none_or(|due| timer <= due)) => {}
                Turn::Waits(due) => self.set_timer(slot, due),
                Turn::More => drop(self.queue(slot)),
                Turn::Over => {
                    self.set_timer(slot, None);
                    self.entries[slot] = None;
                    self.free.push(slot);
                }
            }
        }
        !queue.is_empty()
    }

    pub(crate) fn into_entries(self) -> impl Iterator<Item = T> {
        self.entries.into_iter().flatten().map(|entry| *entry.item)
    }

    fn set_timer(&mut self, slot: usize, due: Option<Instant>) {
        if let Some(Entry { timer, .. }) = &mut self.entries[slot] {
            if let Some(known) = core::mem::replace(timer, due) {
                self.timers.remove(&(known, slot));
            }
            self.timers.extend(due.map(|due| (due, slot)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_epoch(Duration::from_secs(seconds))
    }

    /// Gives turns, after which `then` follows, and answers who had one.
    fn turns(table: &mut Table<char>, then: Turn) -> String {
        let mut had = String::new();
        let somebody = table.give_turns(|name| {
            had.push(*name);
            then
        });
        assert_eq!(somebody, !had.is_empty());
        had
    }

    fn table_of(names: &str) -> Table<char> {
        let mut table = Table::default();
        names.chars().for_each(|name| table.add(|_| name));
        table
    }

    #[test]
    fn each_has_one_turn_in_the_order_of_asking() {
        let mut table = table_of("abc");
        assert_eq!(turns(&mut table, Turn::Waits(None)), "abc");
        assert_eq!(table.patience(at(0)), None);
        for slot in [2, 0, 2, 0] {
            assert!(table.queue(slot).is_some());
        }
        assert_eq!(table.patience(at(0)), Some(Duration::ZERO));
        assert_eq!(turns(&mut table, Turn::More), "ca");
        table.queue(1);
        assert_eq!(turns(&mut table, Turn::Waits(None)), "cab");
        assert_eq!(turns(&mut table, Turn::Waits(None)), "");
    }

    #[test]
    fn a_slot_serves_again_and_is_not_mixed_up() {
        let mut table = table_of("ab");
        table.give_turns(|name| if *name == 'a' { Turn::Over } else { Turn::Waits(Some(at(9))) });
        assert_eq!(table.queue(0), None);
        table.add(|slot| if slot == 0 { 'c' } else { '?' });
        table.add(|slot| if slot == 2 { 'd' } else { '?' });
        assert_eq!(turns(&mut table, Turn::Over), "cd");
        table.queue_due(at(9));
        assert_eq!(turns(&mut table, Turn::Over), "b");
        assert_eq!(table.into_entries().count(), 0);
    }

    #[test]
    fn who_is_gone_is_not_waited_for() {
        let mut table = table_of("a");
        turns(&mut table, Turn::Waits(Some(at(5))));
        table.queue(0);
        turns(&mut table, Turn::Over);
        assert_eq!(table.patience(at(0)), None);
        table.add(|_| 'b');
        turns(&mut table, Turn::Waits(None));
        table.queue_due(at(5));
        assert_eq!(turns(&mut table, Turn::Waits(None)), "");
    }

    proptest! {
        /// However deadlines move, nobody misses one, and the wait is never too long.
        #[test]
        fn nobody_misses_a_deadline(
            steps in proptest::collection::vec((0..3_usize, 1..9_u64, 0..4_u64), 1..60)
        ) {
            let mut table = table_of("abc");
            let mut dues = [None; 3];
            let mut now = 0;
            turns(&mut table, Turn::Waits(None));
            for (who, later, passed) in steps {
                // Somebody has a turn, and waits for something new.
                table.queue(who);
                dues[who] = Some(at(now + later));
                table.give_turns(|name| Turn::Waits(dues[*name as usize - 'a' as usize]));
                let first = dues.into_iter().flatten().min().unwrap();
                let patience = table.patience(at(now)).unwrap();
                prop_assert!(patience <= first.since(at(now)) + ROUNDING);
                prop_assert!(patience > Duration::ZERO);
                now += passed;
                table.queue_due(at(now));
                let due = dues.map(|due| due.is_some_and(|due| due <= at(now)));
                let mut had = [false; 3];
                table.give_turns(|name| {
                    let who = *name as usize - 'a' as usize;
                    had[who] = true;
                    if due[who] {
                        dues[who] = None;
                    }
                    Turn::Waits(dues[who])
                });
                for who in 0..3 {
                    prop_assert!(had[who] || !due[who], "{who}");
                }
            }
        }
    }
}
