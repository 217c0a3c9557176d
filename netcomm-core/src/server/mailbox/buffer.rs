//! Room for what waits in a mailbox.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::server::outgoing::Frames;
use crate::server::piece::Piece;

/// Frames that wait, and room for more. An idle [`super::Mailbox`] has none: a driver may keep what
/// one leaves, and lend it to the next that begins to fill, which is cheaper than to allocate.
#[derive(Debug, Default)]
pub struct Buffer {
    /// What other mailboxes hold, too. It comes first.
    shared: VecDeque<Piece>,
    /// Their length, which is asked for at each push.
    shared_bytes: usize,
    own: Vec<u8>,
    /// How many of its own bytes are sent: moving the others for each send would take longer than
    /// sending.
    sent: usize,
    /// What is left of each frame.
    lengths: VecDeque<usize>,
}

impl From<Vec<u8>> for Buffer {
    /// One frame.
    fn from(own: Vec<u8>) -> Self {
        let lengths = Some(own.len()).filter(|length| *length > 0);
        Self { lengths: lengths.into_iter().collect(), own, ..Self::default() }
    }
}

impl Buffer {
    /// The bytes to send, in pieces, none of which is empty: for vectored writes, of as many as the
    /// system takes at once.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let own = &self.own[self.sent..];
        let shared = self.shared.iter().map(|piece| &piece[..]);
        shared.chain(Some(own).filter(|own| !own.is_empty()))
    }

    /// How many bytes of memory it has for itself.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.capacity()
            + self.lengths.capacity() * size_of::<usize>()
            + self.shared.capacity() * size_of::<Piece>()
    }

    pub(super) fn len(&self) -> usize {
        self.shared_bytes + self.own.len() - self.sent
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many frames wait, of the first perhaps only the rest.
    pub(super) fn frames(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn push(&mut self, frames: Frames<'_>) {
        match frames.piece() {
            Some(piece) if self.own.is_empty() => self.share(piece.clone()),
            _ => self.copy(frames.bytes()),
        }
        match frames.in_a_row() {
            [] => self.lengths.extend(frames.lengths()),
            // In one piece.
            lengths => self.lengths.extend(lengths),
        }
    }

    /// Takes all of `other`, of which nothing is sent yet.
    pub(super) fn append(&mut self, other: &mut Self) {
        debug_assert_eq!(other.sent, 0, "what is taken is put back before more is sent");
        for piece in other.shared.drain(..) {
            if self.own.is_empty() {
                self.share(piece);
            } else {
                self.copy(&piece);
            }
        }
        self.copy(&other.own);
        self.lengths.append(&mut other.lengths);
        other.clear();
    }

    /// Takes off what is sent, at least a byte; answers whether the first frame is half sent now.
    pub(super) fn drop_sent(&mut self, mut sent: usize) -> bool {
        if sent == self.len() {
            self.clear();
            return false;
        }
        self.sent += self.drop_sent_of_shared(sent);
        while let Some(first) = self.lengths.front_mut() {
            if sent < *first {
                *first -= sent;
                return sent > 0;
            }
            sent -= *first;
            self.lengths.pop_front();
        }
        false
    }

    /// Answers how many of the bytes that are sent were its own.
    fn drop_sent_of_shared(&mut self, mut sent: usize) -> usize {
        while let Some(piece) = self.shared.pop_front_if(|piece| piece.len() <= sent) {
            sent -= piece.len();
            self.shared_bytes -= piece.len();
        }
        if sent > 0 {
            self.own_all();
        }
        sent
    }

    /// Who reads slowly must not keep what all others have read.
    fn own_all(&mut self) {
        if self.shared.is_empty() {
            return;
        }
        let mut all = Vec::with_capacity(self.len());
        self.shared.iter().for_each(|piece| all.extend_from_slice(piece));
        all.append(&mut self.own);
        self.own = all;
        self.forget_shared();
    }

    /// Of the frames that wait only the first, which is half sent.
    pub(super) fn keep_first(&mut self) {
        debug_assert!(self.shared.is_empty(), "what is half sent is its own");
        self.own.truncate(self.sent + self.lengths.front().copied().unwrap_or(0));
        self.lengths.truncate(1);
    }

    pub(super) fn clear(&mut self) {
        self.forget_shared();
        self.own.clear();
        self.sent = 0;
        self.lengths.clear();
    }

    /// Who reads all but a little must not keep the memory of what was read: it is not counted.
    pub(super) fn shrink(&mut self) {
        if self.own.capacity() > 2 * (self.own.len() - self.sent) {
            self.forget_sent();
            self.own.shrink_to_fit();
        }
        if self.shared.capacity() > 2 * self.shared.len() {
            self.shared.shrink_to_fit();
        }
        if self.lengths.capacity() > 2 * self.lengths.len() {
            self.lengths.shrink_to_fit();
        }
    }

    fn share(&mut self, piece: Piece) {
        self.shared_bytes += piece.len();
        self.shared.push_back(piece);
    }

    fn copy(&mut self, bytes: &[u8]) {
        // Before it grows: what is sent must not count as what waits.
        if self.own.capacity() - self.own.len() < bytes.len() {
            self.forget_sent();
        }
        self.own.extend_from_slice(bytes);
    }

    fn forget_sent(&mut self) {
        self.own.drain(..self.sent);
        self.sent = 0;
    }

    fn forget_shared(&mut self) {
        self.shared.clear();
        self.shared_bytes = 0;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use alloc::vec;

    use super::*;

    pub(crate) fn bytes(buffer: &Buffer) -> Vec<u8> {
        buffer.pieces().collect::<Vec<_>>().concat()
    }

    /// Ten frames of ten bytes, in a hundred.
    fn full() -> Buffer {
        let mut buffer = Buffer::from(Vec::with_capacity(100));
        for number in 0..10 {
            buffer.push(Frames::one(&[number; 10]));
        }
        buffer
    }

    /// Two frames that others hold, too.
    fn shared(number: u8) -> Piece {
        Piece::new(vec![number; 20])
    }

    #[test]
    fn bytes_are_one_frame_or_none() {
        assert_eq!(Buffer::from(Vec::new()).frames(), 0);
        assert_eq!(Buffer::from(vec![1]).frames(), 1);
    }

    #[test]
    fn what_is_sent_makes_room_before_more_is_taken() {
        let mut buffer = full();
        assert!(!buffer.drop_sent(40));
        buffer.push(Frames::one(&[7; 40]));
        assert_eq!(buffer.own.capacity(), 100);
        assert_eq!(bytes(&buffer), [&bytes(&full())[40..], &[7; 40]].concat());
    }

    #[test]
    fn it_shrinks_where_more_than_half_of_it_is_sent() {
        for (sent, left) in [(40, 100), (50, 100), (60, 40)] {
            let mut buffer = full();
            assert!(!buffer.drop_sent(sent));
            buffer.shrink();
            assert_eq!(buffer.own.capacity(), left, "{sent}");
            assert_eq!(bytes(&buffer), bytes(&full())[sent..]);
        }
    }

    #[test]
    fn it_shrinks_where_there_was_room_for_more_than_twice_the_frames() {
        for (sent, left) in [(10, 16), (20, 16), (30, 7)] {
            let mut buffer = Buffer { lengths: VecDeque::with_capacity(16), ..Buffer::default() };
            buffer.append(&mut full());
            buffer.drop_sent(sent);
            buffer.shrink();
            assert_eq!(buffer.lengths.capacity(), left, "{sent}");
        }
    }

    #[test]
    fn it_shrinks_where_much_was_shared() {
        for (sent, left) in [(20, 8), (40, 3), (50, 0)] {
            let mut buffer = Buffer { shared: VecDeque::with_capacity(8), ..Buffer::default() };
            for piece in [1, 2, 3, 4, 5].map(shared) {
                buffer.push(Frames::shared(&piece, &[10, 10]));
            }
            assert!(!buffer.drop_sent(sent));
            buffer.shrink();
            assert_eq!(buffer.shared.capacity(), left, "{sent}");
        }
    }

    #[test]
    fn its_memory_is_that_of_bytes_of_lengths_and_of_what_is_shared() {
        let buffer = Buffer {
            lengths: VecDeque::with_capacity(16),
            shared: VecDeque::with_capacity(4),
            ..Buffer::from(Vec::with_capacity(100))
        };
        let (own, lengths) = (buffer.own.capacity(), buffer.lengths.capacity());
        let shared = buffer.shared.capacity() * size_of::<usize>();
        assert_eq!(buffer.capacity(), own + lengths * size_of::<usize>() + shared);
    }

    #[test]
    fn what_comes_before_its_own_is_shared_and_what_comes_after_is_copied() {
        let (mut buffer, pieces) = (Buffer::default(), [1, 2, 3].map(shared));
        buffer.push(Frames::shared(&pieces[0], &[10, 10]));
        buffer.push(Frames::shared(&pieces[1], &[10, 10]));
        assert_eq!((buffer.own.capacity(), buffer.len(), buffer.frames()), (0, 40, 4));
        buffer.push(Frames::one(&[7; 5]));
        buffer.push(Frames::shared(&pieces[2], &[10, 10]));
        assert_eq!(pieces.each_ref().map(Piece::strong_count), [2, 2, 1]);
        assert_eq!((buffer.pieces().count(), buffer.len(), buffer.frames()), (3, 65, 7));
        let all = [&[1; 20][..], &[2; 20], &[7; 5], &[3; 20]].concat();
        assert_eq!(bytes(&buffer), all);
        buffer.clear();
        assert_eq!((buffer.pieces().count(), buffer.len(), buffer.frames()), (0, 0, 0));
    }

    #[test]
    fn what_others_hold_is_held_until_all_or_a_part_of_it_is_sent() {
        for (sent, counts, is_half_sent) in [
            (15, [1, 1], true),
            (10, [1, 1], false),
            (20, [1, 2], false),
            (25, [1, 1], true),
            (40, [1, 1], false),
            (43, [1, 1], true),
        ] {
            let (mut buffer, pieces) = (Buffer::default(), [1, 2].map(shared));
            for piece in &pieces {
                buffer.push(Frames::shared(piece, &[10, 10]));
            }
            buffer.push(Frames::one(&[7; 5]));
            let before = bytes(&buffer);
            assert_eq!(buffer.drop_sent(sent), is_half_sent, "{sent}");
            assert_eq!((bytes(&buffer), buffer.len()), (before[sent..].to_vec(), 45 - sent));
            assert_eq!(pieces.each_ref().map(Piece::strong_count), counts, "{sent}");
            assert_eq!(buffer.frames(), 5 - sent / 10);
            // What comes later is shared again where nothing is before it that is not.
            let more = shared(9);
            buffer.append(&mut Buffer { shared: [more].into(), shared_bytes: 20, ..full() });
            let all = [&before[sent..], &[9; 20], &bytes(&full())].concat();
            assert_eq!((bytes(&buffer), buffer.len()), (all, 165 - sent));
        }
    }

    #[test]
    fn what_follows_what_others_hold_is_shared_as_well() {
        let (mut buffer, pieces) = (Buffer::default(), [1, 2].map(shared));
        buffer.push(Frames::shared(&pieces[0], &[10, 10]));
        let mut next = Buffer::default();
        next.push(Frames::shared(&pieces[1], &[10, 10]));
        buffer.append(&mut next);
        assert_eq!((buffer.own.capacity(), buffer.len(), buffer.frames()), (0, 40, 4));
        assert!(next.is_empty() && next.frames() == 0);
    }
}
