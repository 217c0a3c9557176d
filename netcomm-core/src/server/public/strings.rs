//! Strings that come and go in the same order, with few allocations.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::mem::size_of;

/// A block has room for no more, but for one string that is longer.
const BLOCK: usize = 4096;

/// A new block has room for this part of what there is, and what takes more than this part of a block
/// gets one that just fits: so little is kept that is not needed.
const PART: usize = 4;

/// What the allocator adds to a block.
const ALLOCATION: usize = 2 * size_of::<usize>();

/// A queue keeps room for at most so many times what is in it.
const MOST_ROOM: usize = 3;

/// Where a queue has less than this, it is not worth looking.
const FEW: usize = 2;

/// One long text, in blocks. Its beginning is forgotten, and each string lies in one block.
#[derive(Debug, Default)]
pub(super) struct Strings {
    blocks: VecDeque<Block>,
    /// How long the text has become.
    end: u64,
    cost: usize,
}

/// Where a string is in the text, and how long: a word for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent(u64);

#[derive(Debug)]
struct Block {
    /// Where it begins in the text.
    begin: u64,
    text: String,
    /// How many of its strings are not forgotten.
    strings: usize,
}

impl Strings {
    /// The most that it takes where nothing is in it.
    pub(super) const fn most_of_none() -> usize {
        most_of_few::<Block>()
    }

    /// The memory that its blocks take, with a place for twice as many and the allocator's overhead.
    pub(super) const fn cost(&self) -> usize {
        self.cost
    }

    /// Appends a string in two parts; answers where each of them is.
    pub(super) fn push(&mut self, first: &str, second: &str) -> (Extent, Extent) {
        let length = first.len() + second.len();
        let has_room = self.blocks.back().is_some_and(|last| last.has_room_for(length));
        if !has_room {
            let kept = self.blocks.front().map_or(0, |first| self.end - first.begin);
            let part = usize::try_from(kept).unwrap_or(usize::MAX) / PART;
            let room = if length > BLOCK / PART { length } else { part.min(BLOCK).max(length) };
            let block = Block { begin: self.end, text: String::with_capacity(room), strings: 0 };
            self.cost += block.cost();
            self.blocks.push_back(block);
        }
        let at = self.end;
        if let Some(last) = self.blocks.back_mut() {
            last.text.push_str(first);
            last.text.push_str(second);
            last.strings += 1;
            self.end += length as u64;
        }
        (Extent::new(at, first.len()), Extent::new(at + first.len() as u64, second.len()))
    }

    /// Appends strings to the block of the last one, as many as fit; answers where they begin and how
    /// many they are.
    pub(super) fn push_beside<'a>(
        &mut self,
        strings: impl Iterator<Item = &'a str>,
    ) -> Option<(u64, usize)> {
        let last = self.blocks.back_mut()?;
        let begin = self.end;
        let mut count = 0;
        for string in strings {
            if !last.has_room_for(string.len()) {
                break;
            }
            last.text.push_str(string);
            self.end += string.len() as u64;
            count += 1;
        }
        last.strings += count;
        (count > 0).then_some((begin, count))
    }

    /// The string that was appended there, as long as its block is kept.
    pub(super) fn get(&self, extent: Extent) -> &str {
        let begin = extent.begin();
        let block = match self.blocks.back() {
            Some(last) if last.begin <= begin => Some(last),
            _ => {
                let after = self.blocks.partition_point(|block| block.begin <= begin);
                after.checked_sub(1).and_then(|last| self.blocks.get(last))
            }
        };
        let string = block.and_then(|block| {
            let start = usize::try_from(begin - block.begin).ok()?;
            block.text.get(start..start.checked_add(extent.length())?)
        });
        string.unwrap_or_default()
    }

    /// Forgets the first strings. They are gone when all of their block are forgotten.
    pub(super) fn forget(&mut self, mut count: usize) {
        while count > 0
            && let Some(first) = self.blocks.front_mut()
        {
            let forgotten = count.min(first.strings);
            first.strings -= forgotten;
            count -= forgotten;
            if first.strings == 0
                && let Some(first) = self.blocks.pop_front()
            {
                self.cost -= first.cost();
                give_back(&mut self.blocks);
            }
        }
    }
}

impl Extent {
    /// The bits of a length: no text is longer. The others last for two million gigabytes.
    const LENGTH: u32 = 13;

    pub(super) const fn new(begin: u64, length: usize) -> Self {
        debug_assert!(length >> Self::LENGTH == 0, "a text of more than 8 KiB");
        Self(begin << Self::LENGTH | length as u64)
    }

    pub(super) const fn begin(self) -> u64 {
        self.0 >> Self::LENGTH
    }

    pub(super) const fn end(self) -> u64 {
        self.begin() + self.length() as u64
    }

    const fn length(self) -> usize {
        (self.0 & ((1 << Self::LENGTH) - 1)) as usize
    }
}

impl Block {
    const fn has_room_for(&self, length: usize) -> bool {
        self.text.capacity() - self.text.len() >= length
    }

    fn cost(&self) -> usize {
        2 * size_of::<Self>() + self.text.capacity() + ALLOCATION
    }
}

/// Gives room back that a queue does not need any more.
pub(super) fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > MOST_ROOM * queue.len().max(FEW) {
        queue.shrink_to(queue.len() * 3 / 2);
    }
}

/// The most room that an empty queue has.
pub(super) const fn most_of_few<T>() -> usize {
    MOST_ROOM * FEW * size_of::<T>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The room of the blocks, and that of the queue of them.
    fn room(strings: &Strings) -> (usize, usize) {
        (strings.blocks.iter().map(|block| block.text.capacity()).sum(), strings.blocks.capacity())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_string_is_there_until_it_is_forgotten(
            steps in prop::collection::vec(
                (0_usize..20, prop_oneof![0_usize..60, 4000_usize..4200], 0_usize..6),
                1..80,
            ),
        ) {
            let mut strings = Strings::default();
            let mut kept: VecDeque<[(Extent, String); 2]> = VecDeque::new();
            for (index, (first, second, forgotten)) in steps.into_iter().enumerate() {
                let letter = ["a", "b", "c"][index % 3];
                let [first, second] = [first, second].map(|length| letter.repeat(length));
                let blocks = strings.blocks.len();
                let beside = if index % 2 == 0 {
                    strings.push_beside([&*first, &second].into_iter())
                } else {
                    None
                };
                if let Some((begin, count)) = beside {
                    prop_assert_eq!(strings.blocks.len(), blocks);
                    let one = Extent::new(begin, first.len());
                    kept.push_back([(one, first.clone()), (one, first)]);
                    if count > 1 {
                        let other = Extent::new(one.end(), second.len());
                        kept.push_back([(other, second.clone()), (other, second)]);
                    }
                } else {
                    let (one, other) = strings.push(&first, &second);
                    kept.push_back([(one, first), (other, second)]);
                }
                let forgotten = forgotten.min(kept.len());
                kept.drain(..forgotten);
                strings.forget(forgotten);
                for (extent, string) in kept.iter().flatten() {
                    prop_assert_eq!(strings.get(*extent), string);
                }
                let (text, _) = room(&strings);
                let each = 2 * size_of::<Block>() + 2 * size_of::<usize>();
                prop_assert_eq!(strings.cost(), text + strings.blocks.len() * each);
            }
        }
    }

    #[test]
    fn little_is_kept_that_is_not_needed() {
        let mut strings = Strings::default();
        for _ in 0..2 {
            for count in 1..=1000_usize {
                strings.push("ann", "hello");
                let (text, _) = room(&strings);
                assert!(text - 8 * count <= 4 * count, "{text} for {count}");
            }
            assert!(strings.blocks.len() < 40, "{}", strings.blocks.len());
            for left in (0..1000_usize).rev() {
                strings.forget(1);
                let (text, blocks) = room(&strings);
                assert!(text <= 8 * left + 2 * BLOCK, "{text} for {left}");
                assert!(blocks <= MOST_ROOM * strings.blocks.len().max(FEW), "{blocks} for {left}");
            }
            assert_eq!((strings.cost(), room(&strings).0), (0, 0));
        }
    }

    #[test]
    fn what_is_long_takes_no_more_than_its_length() {
        for length in [1025, 2100, 4096] {
            let mut strings = Strings::default();
            for _ in 0..100 {
                strings.push("", &"x".repeat(length));
            }
            assert_eq!((strings.blocks.len(), room(&strings).0), (100, 100 * length));
        }
        let mut strings = Strings::default();
        for _ in 0..100 {
            strings.push("", &"x".repeat(1024));
        }
        assert!(strings.blocks.len() < 50, "{}", strings.blocks.len());
    }

    #[test]
    fn what_is_forgotten_or_never_was_is_empty() {
        let mut strings = Strings::default();
        assert_eq!(strings.get(Extent::new(0, 1)), "");
        strings.forget(1);
        assert_eq!(strings.push_beside(["hello"].into_iter()), None);
        assert_eq!(strings.push("ann", "hello"), (Extent::new(0, 3), Extent::new(3, 5)));
        let get = |begin, length| strings.get(Extent::new(begin, length));
        assert_eq!([get(0, 8), get(3, 5), get(3, 6), get(9, 1)], ["annhello", "hello", "", ""]);
        strings.forget(1);
        assert_eq!(strings.get(Extent::new(0, 8)), "");
    }

    #[test]
    fn a_queue_gives_room_back_now_and_then() {
        let mut queue: VecDeque<u64> = (0..64).collect();
        queue.shrink_to_fit();
        let (mut room, mut given_back) = (64, 0);
        for left in (0..64).rev() {
            queue.pop_front();
            give_back(&mut queue);
            let has = queue.capacity();
            assert!(has <= MOST_ROOM * left.max(FEW), "room for {has} of {left}");
            if has != room {
                assert!(has >= left + left / 2, "room for {has} of {left}, and for few more");
                given_back += 1;
            }
            room = has;
        }
        assert_eq!(given_back, 3);
    }
}
