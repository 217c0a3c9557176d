//! Frames: a length and a payload (PROTOCOL.md, "Frame").

use alloc::vec::Vec;

/// The length of a frame's header: a big-endian `u32`.
pub const HEADER: usize = 4;

/// The longest payload of version 1, in bytes.
pub const MAX_PAYLOAD: u32 = 16 * 1024;

/// Splits a stream into payloads.
///
/// Whole frames are borrowed from the caller's chunk; only a frame that is split across chunks
/// is copied, and between frames the decoder holds no memory.
#[derive(Debug)]
pub struct FrameDecoder {
    max_payload: u32,
    /// The beginning of a frame whose end has not come, header included.
    carry: Vec<u8>,
    /// Whether `carry` is a whole frame that the caller has been lent and is done with.
    lent: bool,
}

impl FrameDecoder {
    /// A decoder that refuses payloads of more than `max_payload` bytes from their header alone.
    #[must_use]
    pub fn new(max_payload: u32) -> Self {
        Self { max_payload, carry: Vec::new(), lent: false }
    }

    /// The next payload, or `None` where more input is needed; `input` then is empty.
    ///
    /// After an error the stream cannot be read on.
    pub fn next_frame<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<&'a [u8]>, FrameError> {
        let place = self.advance(input)?;
        Ok(place.map(|place| self.payload(place)))
    }

    /// Finds the next payload without lending it, so that a caller can look at it first and go on.
    pub(crate) fn advance<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Place<'i>>, FrameError> {
        if self.lent {
            self.lent = false;
            self.carry = Vec::new();
        }
        if self.carry.is_empty() {
            return self.next_in_chunk(input);
        }
        self.fill(HEADER, input);
        let Some(length) = self.payload_length(&self.carry)? else {
            return Ok(None);
        };
        let end = HEADER + length;
        self.fill(end, input);
        if self.carry.len() < end {
            return Ok(None);
        }
        self.lent = true;
        Ok(Some(Place::Carry))
    }

    /// The payload that [`Self::advance`] has just found.
    pub(crate) fn payload<'a, 'i: 'a>(&'a self, place: Place<'i>) -> &'a [u8] {
        match place {
            Place::Chunk(payload) => payload,
            Place::Carry => self.carry.get(HEADER..).unwrap_or_default(),
        }
    }

    /// Puts back the payload that [`Self::advance`] has just found in the carry: it will be found
    /// again. What was found in a chunk is put back by giving the same input again.
    pub(crate) fn put_back(&mut self) {
        self.lent = false;
    }

    /// Whether the stream stands between two frames.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.lent || self.carry.is_empty()
    }

    /// The next payload where its frame is whole in a chunk that begins between two frames.
    pub(crate) fn whole<'i>(&self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        let length = self.payload_length(input).ok()??;
        let (frame, rest) = input.split_at_checked(HEADER + length)?;
        *input = rest;
        Some(&frame[HEADER..])
    }

    fn next_in_chunk<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Place<'i>>, FrameError> {
        if let Some(payload) = self.whole(input) {
            return Ok(Some(Place::Chunk(payload)));
        }
        let wanted = HEADER + self.payload_length(input)?.unwrap_or(0);
        self.fill(wanted, input);
        Ok(None)
    }

    /// Moves input to the carry until that has `length` bytes.
    ///
    /// The carry grows with what has come, never on the word of a header, and not past `length`.
    fn fill(&mut self, length: usize, input: &mut &[u8]) {
        let missing = length.saturating_sub(self.carry.len());
        let (head, rest) = input.split_at(missing.min(input.len()));
        if head.len() > self.carry.capacity() - self.carry.len() {
            self.carry.reserve_exact(missing.min(head.len().max(self.carry.len())));
        }
        self.carry.extend_from_slice(head);
        *input = rest;
    }

    /// The length that a header announces, or `None` where it is not whole.
    fn payload_length(&self, frame: &[u8]) -> Result<Option<usize>, FrameError> {
        match frame.first_chunk().map(|header| u32::from_be_bytes(*header)) {
            None => Ok(None),
            Some(0) => Err(FrameError::Empty),
            Some(length) if length > self.max_payload => {
                Err(FrameError::TooLarge { length, limit: self.max_payload })
            }
            Some(length) => Ok(Some(length as usize)),
        }
    }
}

/// Where a payload lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'i> {
    /// In the caller's chunk.
    Chunk(&'i [u8]),
    /// In the decoder's carry.
    Carry,
}

/// Appends a frame to `out` whose payload `payload` writes; the header is patched afterwards.
///
/// On error `out` is as before, as long as `payload` only appends.
pub fn write<E: From<TooLarge>>(
    out: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    let written = payload(out).and_then(|()| {
        let length = out.len() - start - HEADER;
        match u32::try_from(length) {
            Ok(header) if header <= MAX_PAYLOAD => Ok(header),
            _ => Err(TooLarge { length }.into()),
        }
    });
    match written {
        Ok(header) => out[start..start + HEADER].copy_from_slice(&header.to_be_bytes()),
        Err(_) => out.truncate(start),
    }
    written.map(|_| ())
}

/// Why a stream is not made of frames: the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame without payload.
    #[error("a frame without payload")]
    Empty,
    /// A frame that announces more than may be.
    #[error("a frame of {length} bytes, the limit is {limit}")]
    #[allow(missing_docs, reason = "the fields say it")]
    TooLarge { length: u32, limit: u32 },
}

/// A payload that may not be sent: the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payload of {length} bytes, the limit is {MAX_PAYLOAD}")]
pub struct TooLarge {
    /// How long it would be.
    pub length: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_between_frames_nor_reserved_on_the_word_of_a_header() {
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        let mut head = &[0, 0, 0x40, 0, 1][..];
        assert_eq!(decoder.next_frame(&mut head), Ok(None));
        assert!(decoder.carry.capacity() < 64);
        let rest = [1; 16 * 1024];
        for byte in rest.chunks(1).take(16 * 1024 - 2) {
            assert_eq!(decoder.next_frame(&mut &*byte), Ok(None));
        }
        assert!(decoder.carry.capacity() <= HEADER + 16 * 1024);
        let mut last = &[1, 0, 0, 0, 1, 7][..];
        assert!(matches!(decoder.next_frame(&mut last), Ok(Some(payload)) if payload == rest));
        assert!(decoder.is_between_frames());
        assert_eq!(decoder.next_frame(&mut last), Ok(Some(&[7][..])));
        assert_eq!(decoder.next_frame(&mut last), Ok(None));
        assert_eq!(decoder.carry.capacity(), 0);
    }

    #[test]
    fn a_chunk_without_bytes_makes_no_room() {
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        assert_eq!(decoder.next_frame(&mut &[0, 0, 0x40, 0, 1][..]), Ok(None));
        let room = decoder.carry.capacity();
        assert_eq!(room, decoder.carry.len(), "else the next chunk could find room by chance");
        assert_eq!(decoder.next_frame(&mut &[][..]), Ok(None));
        assert_eq!(decoder.carry.capacity(), room);
    }
}
