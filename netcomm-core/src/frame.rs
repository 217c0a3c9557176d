//! Frames: a length and a payload (PROTOCOL.md, "Frame").

use alloc::vec::Vec;

use bytes::{Buf, BytesMut};

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
    carry: BytesMut,
    /// Whether `carry` is a whole frame that the caller has been lent and is done with.
    lent: bool,
}

impl FrameDecoder {
    /// A decoder that refuses payloads of more than `max_payload` bytes from their header alone.
    #[must_use]
    pub fn new(max_payload: u32) -> Self {
        Self {
            max_payload,
            carry: BytesMut::new(),
            lent: false,
        }
    }

    /// The next payload, or `None` where more input is needed; `input` then is empty.
    ///
    /// After an error the stream cannot be read on.
    pub fn next_frame<'a>(
        &'a mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<&'a [u8]>, FrameError> {
        if self.lent {
            self.lent = false;
            self.carry = BytesMut::new();
        }
        if self.carry.is_empty() {
            return self.from_chunk(input);
        }
        self.fill(HEADER, input);
        if self.carry.len() < HEADER {
            return Ok(None);
        }
        let end = HEADER + self.payload_length(&self.carry)?;
        self.fill(end, input);
        if self.carry.len() < end {
            return Ok(None);
        }
        self.lent = true;
        Ok(Some(&self.carry[HEADER..end]))
    }

    /// Whether the stream stands between two frames.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.lent || self.carry.is_empty()
    }

    fn from_chunk<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, FrameError> {
        if input.len() >= HEADER {
            let end = HEADER + self.payload_length(input)?;
            if let Some((frame, rest)) = input.split_at_checked(end) {
                *input = rest;
                return Ok(Some(&frame[HEADER..]));
            }
        }
        self.carry.extend_from_slice(input);
        *input = &[];
        Ok(None)
    }

    /// Moves input to the carry until that has `length` bytes.
    fn fill(&mut self, length: usize, input: &mut &[u8]) {
        let wanted = length.saturating_sub(self.carry.len()).min(input.len());
        let (head, rest) = input.split_at(wanted);
        self.carry.extend_from_slice(head);
        *input = rest;
    }

    fn payload_length(&self, mut frame: &[u8]) -> Result<usize, FrameError> {
        match frame.get_u32() {
            0 => Err(FrameError::Empty),
            length if length > self.max_payload => Err(FrameError::TooLarge {
                length,
                limit: self.max_payload,
            }),
            length => Ok(length as usize),
        }
    }
}

/// Appends a frame to `out` whose payload `payload` writes; the header is patched afterwards.
///
/// On error `out` is as before.
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
