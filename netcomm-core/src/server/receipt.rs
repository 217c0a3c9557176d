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

    /// One for both, where `next` is for one post, which comes next in the row.
    pub(super) fn and(self, next: Self) -> Option<Self> {
        let Position { epoch, seq } = self.position;
        let follows = self.last.0.checked_add(1) == Some(next.last.0)
            && next.position == Position { epoch, seq: seq + 1 }
            && next.time == self.time;
        follows.then_some(Self { earlier: self.earlier + 1, ..next })
    }

    /// Where one of the posts stands, and since when.
    pub(super) fn of(&self, id: RequestId) -> Option<(Position, UnixMillis)> {
        let after = self.last.0.checked_sub(id.0).filter(|after| *after <= self.earlier)?;
        let seq = self.position.seq - u64::from(after);
        Some((Position { seq, ..self.position }, self.time))
    }

    /// That for all but the first, if there are more.
    pub(super) fn but_first(self) -> Option<Self> {
        Some(Self { earlier: self.earlier.checked_sub(1)?, ..self })
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
        assert_eq!(three.but_first(), all[1].and(all[2]));
        assert_eq!(three.but_first().and_then(Receipt::but_first), Some(all[2]));
        assert_eq!(all[2].but_first(), None);
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
