//! Bytes that many are sent: each mailbox holds them as if they were its own.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bytes that several mailboxes hold, each until it has sent them.
pub(super) type Piece = Arc<Vec<u8>>;

/// From here on it costs less to share bytes than to copy them.
pub(super) const WORTH_SHARING: usize = 1024;

/// So many are kept.
const KEPT: usize = 16;

/// The last pieces, kept for their room: what everybody has sent is written anew.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The oldest first, for it is sent first as a rule.
    last: VecDeque<Piece>,
}

impl Pieces {
    /// A piece of these bytes, [`WORTH_SHARING`] or more. With all that it takes beside them it is
    /// no larger than twice their length.
    pub(super) fn of(&mut self, bytes: &[u8]) -> Piece {
        let mut piece = self.last.pop_front().unwrap_or_default();
        if Arc::get_mut(&mut piece).is_none() {
            // Somebody has not sent it yet.
            let held = core::mem::take(&mut piece);
            if self.last.len() + 1 < KEPT {
                self.last.push_front(held);
            }
        }
        let room = Arc::make_mut(&mut piece);
        room.clear();
        room.shrink_to(bytes.len() + bytes.len() / 4);
        room.reserve_exact(bytes.len());
        room.extend_from_slice(bytes);
        self.last.push_back(Arc::clone(&piece));
        piece
    }

    /// The most memory that those take which are kept, where none is longer than `longest`.
    pub(super) const fn most(longest: usize) -> usize {
        KEPT * 2 * longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_have_sent_is_written_anew() {
        let mut pieces = Pieces::default();
        let first = pieces.of(&[1; 100]);
        let second = pieces.of(&[2; 100]);
        let places = [first.as_ptr(), second.as_ptr()];
        assert_eq!((&first[..], &second[..]), (&[1; 100][..], &[2; 100][..]));
        drop((first, second));
        let third = pieces.of(&[3; 90]);
        assert_eq!((third.as_ptr(), third.capacity(), &third[..]), (places[0], 100, &[3; 90][..]));
        assert_eq!(pieces.of(&[4; 100]).as_ptr(), places[1]);
    }

    #[test]
    fn what_somebody_has_not_sent_stays_as_it_is() {
        let mut pieces = Pieces::default();
        let held: Vec<_> = (0..40).map(|number| pieces.of(&[number; 100])).collect();
        assert!((0..40).zip(&held).all(|(number, piece)| piece[..] == [number; 100]));
        assert_eq!(pieces.last.len(), KEPT);
    }

    #[test]
    fn a_piece_takes_little_more_than_its_bytes() {
        let mut pieces = Pieces::default();
        for length in [4000, 3300, 3100, 1024, 1300, 16_000, 1024] {
            let piece = pieces.of(&alloc::vec![7; length]);
            assert_eq!(piece.len(), length);
            let most = length + length / 4;
            assert!(piece.capacity() <= most, "{} for {length}", piece.capacity());
            assert_eq!(pieces.last.len(), 1);
        }
        assert_eq!(Pieces::most(100), 3200);
    }
}
