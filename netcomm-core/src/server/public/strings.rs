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

#[derive(Debug)]
struct Block {
    /// Where it begins in the text.
    begin: u64,
    text: String,
    /// How many of its strings are not forgotten.
    strings: u32,
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

    /// Where the next string will be.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Appends a string in two parts.
    pub(super) fn push(&mut self, first: &str, second: &str) {
        let length = first.len() + second.len();
        let block = match self.blocks.back_mut() {
            Some(last) if last.text.capacity() - last.text.len() >= length => last,
            _ => {
                let kept = self.blocks.front().map_or(0, |first| self.end - first.begin);
                let part = usize::try_from(kept).unwrap_or(usize::MAX) / PART;
                let room = if length > BLOCK / PART { length } else { part.min(BLOCK).max(length) };
                let text = String::with_capacity(room);
                let block = Block { begin: self.end, text, strings: 0 };
                self.cost += block.cost();
                self.blocks.push_back(block);
                let last = self.blocks.len() - 1;
                &mut self.blocks[last]
            }
        };
        block.text.push_str(first);
        block.text.push_str(second);
        block.strings += 1;
        self.end += length as u64;
    }

    /// The string of so many bytes that was appended there, as long as its block is kept.
    pub(super) fn get(&self, at: u64, length: usize) -> &str {
        let after = self.blocks.partition_point(|block| block.begin <= at);
        let block = after.checked_sub(1).and_then(|last| self.blocks.get(last));
        let string = block.and_then(|block| {
            let start = usize::try_from(at - block.begin).ok()?;
            block.text.get(start..start.checked_add(length)?)
        });
        string.unwrap_or_default()
    }

    /// Forgets the first string. It is gone when all of its block are forgotten.
    pub(super) fn forget_first(&mut self) {
        let Some(first) = self.blocks.front_mut() else {
            return;
        };
        first.strings -= 1;
        if first.strings == 0
            && let Some(first) = self.blocks.pop_front()
        {
            self.cost -= first.cost();
            give_back(&mut self.blocks);
        }
    }
}

impl Block {
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
                (0_usize..20, prop_oneof![0_usize..60, 4000_usize..4200], 0_usize..3),
                1..80,
            ),
        ) {
            let mut strings = Strings::default();
            let mut kept: VecDeque<(u64, String)> = VecDeque::new();
            for (index, (first, second, forgotten)) in steps.into_iter().enumerate() {
                let letter = ["a", "b", "c"][index % 3];
                let (first, second) = (letter.repeat(first), letter.repeat(second));
                kept.push_back((strings.end(), [&first[..], &second].concat()));
                strings.push(&first, &second);
                for _ in kept.drain(..forgotten.min(kept.len())) {
                    strings.forget_first();
                }
                for (at, string) in &kept {
                    prop_assert_eq!(strings.get(*at, string.len()), string);
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
                strings.forget_first();
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
            (0..100).for_each(|_| strings.push("", &"x".repeat(length)));
            assert_eq!((strings.blocks.len(), room(&strings).0), (100, 100 * length));
        }
        let mut strings = Strings::default();
        (0..100).for_each(|_| strings.push("", &"x".repeat(1024)));
        assert!(strings.blocks.len() < 50, "{}", strings.blocks.len());
    }

    #[test]
    fn what_is_forgotten_or_never_was_is_empty() {
        let mut strings = Strings::default();
        assert_eq!(strings.get(0, 1), "");
        strings.forget_first();
        strings.push("ann", "hello");
        assert_eq!((strings.get(0, 8), strings.get(3, 5)), ("annhello", "hello"));
        assert_eq!((strings.get(3, 6), strings.get(9, 1)), ("", ""));
        strings.forget_first();
        assert_eq!(strings.get(0, 8), "");
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
