//! That posts were accepted (PROTOCOL.md, "Positions").

use crate::time::UnixMillis;
use crate::wire::{Position, RequestId, ServerMessage};

/// The receipt for posts that came in a row: requests that follow each other, with messages that
/// follow each other, at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The last post's number.
    last: RequestId,
    /// How many came before it.
    earlier: u32,
    /// Where the last one stands.
    position: Position,
    time: UnixMillis,
}

impl Receipt {
    pub(super) const fn new(id: RequestId, position: Position, time: UnixMillis) -> Self {
        Self { last: id, earlier: 0, position, time }
    }

    pub(super) const fn last(&self) -> RequestId {
        self.last
    }

    /// Where the last one stands.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// How many posts it is for.
    pub(super) const fn count(&self) -> usize {
        self.earlier as usize + 1
    }

    /// The same with so many posts more that come next in the row.
    pub(super) const fn and_later(self, count: u32) -> Self {
        let Self { last: RequestId(last), earlier, position: Position { epoch, seq }, time } = self;
        let position = Position { epoch, seq: seq + count as u64 };
        Self { last: RequestId(last + count), earlier: earlier + count, position, time }
    }

    /// One for both, where `next` is for posts that come next in the row.
    pub(super) fn and(self, next: Self) -> Option<Self> {
        let after = next.earlier + 1;
        let Position { epoch, seq } = self.position;
        let follows = self.last.0.checked_add(after) == Some(next.last.0)
            && next.position == Position { epoch, seq: seq + u64::from(after) }
            && next.time == self.time;
        follows.then_some(Self { earlier: self.earlier + after, ..next })
    }

    /// Where one of the posts stands, and since when.
    pub(super) fn of(&self, id: RequestId) -> Option<(Position, UnixMillis)> {
        let after = self.last.0.checked_sub(id.0).filter(|after| *after <= self.earlier)?;
        let seq = self.position.seq - u64::from(after);
        Some((Position { seq, ..self.position }, self.time))
    }

    /// That for all but the first of them, if there are more.
    pub(super) fn but_first(self, count: usize) -> Option<Self> {
        let earlier = self.earlier.checked_sub(u32::try_from(count).ok()?)?;
        Some(Self { earlier, ..self })
    }

    pub(super) const fn as_message(&self) -> ServerMessage<'static> {
        let Self { position, time, earlier, .. } = *self;
        ServerMessage::Posted { position, time, earlier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(id: u32, seq: u64) -> Receipt {
        Receipt::new(RequestId(id), Position { epoch: 7, seq }, UnixMillis(1))
    }

    #[test]
    fn one_for_several_is_that_of_each() {
        let all = [(5, 11), (6, 12), (7, 13)].map(|(id, seq)| receipt(id, seq));
        let both = all[0].and(all[1]).unwrap();
        let three = both.and(all[2]).unwrap();
        let each = [4, 5, 6, 7, 8].map(|id| three.of(RequestId(id)).map(|(at, _)| at.seq));
        assert_eq!(each, [None, Some(11), Some(12), Some(13), None]);
        assert_eq!(Some(three), all[1].and(all[2]).and_then(|others| all[0].and(others)));
        assert_eq!([both, three], [1, 2].map(|later| all[0].and_later(later)));
        assert_eq!([all[0], both, three].map(|receipt| receipt.count()), [1, 2, 3]);
        assert_eq!(three.but_first(1), all[1].and(all[2]));
        assert_eq!(three.but_first(2), Some(all[2]));
        assert_eq!(three.but_first(3), None);
    }

    #[test]
    fn what_does_not_follow_has_a_receipt_of_its_own() {
        let mut others = [receipt(6, 12); 3];
        others[0].time = UnixMillis(2);
        others[1].position.epoch = 8;
        others[2].position.seq = 13;
        for other in others.into_iter().chain([receipt(7, 12), receipt(5, 12)]) {
            assert_eq!(receipt(5, 11).and(other), None, "{other:?}");
        }
        assert_eq!(receipt(u32::MAX, 11).and(receipt(0, 12)), None);
    }
}
