//! Room for what waits in a mailbox.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::server::outgoing::Frames;

/// Frames that wait, and room for more. An idle [`super::Mailbox`] has none: a driver may keep what
/// one leaves, and lend it to the next that begins to fill, which is cheaper than to allocate.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// How many of them are sent: moving the others for each send would take longer than sending.
    sent: usize,
    /// What is left of each frame.
    lengths: VecDeque<usize>,
}

impl From<Vec<u8>> for Buffer {
    /// One frame.
    fn from(bytes: Vec<u8>) -> Self {
        let lengths = Some(bytes.len()).filter(|length| *length > 0);
        Self { lengths: lengths.into_iter().collect(), bytes, sent: 0 }
    }
}

impl Buffer {
    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How many bytes of memory it has.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity() + self.lengths.capacity() * size_of::<usize>()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many frames wait, of the first perhaps only the rest.
    pub(super) fn frames(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn push(&mut self, frames: Frames<'_>) {
        self.make_room(frames.bytes().len());
        self.bytes.extend_from_slice(frames.bytes());
        match frames.in_a_row() {
            [] => self.lengths.extend(frames.lengths()),
            // In one piece.
            lengths => self.lengths.extend(lengths),
        }
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        self.make_room(other.len());
        self.bytes.extend_from_slice(other.as_bytes());
        self.lengths.append(&mut other.lengths);
        other.clear();
    }

    /// Takes off what is sent, at least a byte; answers whether the first frame is half sent now.
    pub(super) fn drop_sent(&mut self, mut sent: usize) -> bool {
        if sent == self.len() {
            self.clear();
            return false;
        }
        self.sent += sent;
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

    pub(super) fn keep_first(&mut self) {
        self.bytes.truncate(self.sent + self.lengths.front().copied().unwrap_or(0));
        self.lengths.truncate(1);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
        self.lengths.clear();
    }

    /// Who reads all but a little must not keep the memory of what was read: it is not counted.
    pub(super) fn shrink(&mut self) {
        if self.bytes.capacity() > 2 * self.len() {
            self.forget_sent();
            self.bytes.shrink_to_fit();
        }
        if self.lengths.capacity() > 2 * self.lengths.len() {
            self.lengths.shrink_to_fit();
        }
    }

    /// Before it grows: what is sent must not count as what waits.
    fn make_room(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.forget_sent();
        }
    }

    fn forget_sent(&mut self) {
        self.bytes.drain(..self.sent);
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten frames of ten bytes, in a hundred.
    fn full() -> Buffer {
        let mut buffer = Buffer::from(Vec::with_capacity(100));
        for number in 0..10 {
            buffer.push(Frames::one(&[number; 10]));
        }
        buffer
    }

    #[test]
    fn bytes_are_one_frame_or_none() {
        assert_eq!(Buffer::from(Vec::new()).frames(), 0);
        assert_eq!(Buffer::from(alloc::vec![1]).frames(), 1);
    }

    #[test]
    fn what_is_sent_makes_room_before_more_is_taken() {
        let mut buffer = full();
        assert!(!buffer.drop_sent(40));
        buffer.push(Frames::one(&[7; 40]));
        assert_eq!(buffer.bytes.capacity(), 100);
        assert_eq!(buffer.as_bytes(), [&full().as_bytes()[40..], &[7; 40]].concat());
    }

    #[test]
    fn it_shrinks_where_more_than_half_of_it_is_sent() {
        for (sent, left) in [(40, 100), (50, 100), (60, 40)] {
            let mut buffer = full();
            assert!(!buffer.drop_sent(sent));
            buffer.shrink();
            assert_eq!(buffer.bytes.capacity(), left, "{sent}");
            assert_eq!(buffer.as_bytes(), &full().as_bytes()[sent..]);
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
    fn its_memory_is_that_of_bytes_and_of_lengths() {
        let buffer = Buffer {
            lengths: VecDeque::with_capacity(16),
            ..Buffer::from(Vec::with_capacity(100))
        };
        let (bytes, lengths) = (buffer.bytes.capacity(), buffer.lengths.capacity());
        assert_eq!(buffer.capacity(), bytes + lengths * size_of::<usize>());
    }
}
