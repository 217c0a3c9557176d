//! Version 1 of the messages and their bytes (PROTOCOL.md, "Payload").
//!
//! A payload is a [`RequestId`] and one postcard value. Strings borrow from the payload and are
//! *not* validated here: names and texts become [`crate::name::Nickname`],
//! [`crate::name::RoomName`] and [`crate::text::Text`] in the router.
//!
//! ```
//! use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
//! use netcomm_core::wire::{self, ClientMessage, Conversation, RequestId};
//!
//! let message = ClientMessage::Join { room: "lobby" };
//! let mut bytes = Vec::new();
//! wire::encode(RequestId(7), &message, &mut bytes)?;
//!
//! let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
//! let mut input = &bytes[..];
//! let payload = decoder.next_frame(&mut input)?.expect("one whole frame");
//! let (id, decoded) = wire::decode::<ClientMessage>(payload)?;
//! assert_eq!((id, decoded), (RequestId(7), message));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by_hand;
mod client_message;
mod code;
mod posts;
mod server_message;
mod value;

use alloc::vec::Vec;

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

pub(crate) use by_hand::Series;
pub use client_message::ClientMessage;
pub(crate) use posts::{Destination, Post};

pub use code::{CloseCode, CodeClass, ConversationKind, CredentialScheme, NoticeCode, RefusalCode};
pub use server_message::ServerMessage;
pub use value::{
    Conversation, ConversationItem, Credential, Extension, HistoryItem, LimitValue, Position,
    RequestId, ResumeToken, RoomItem,
};

use crate::frame;

/// A message of either direction.
pub trait Message<'a>: Serialize + Deserialize<'a> + sealed::Sealed {
    /// Whether this is the stand-in for messages of later versions, whose content is skipped.
    fn is_unknown(&self) -> bool;
}

impl<'a> Message<'a> for ClientMessage<'a> {
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<'a> Message<'a> for ServerMessage<'a> {
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

mod sealed {
    use alloc::vec::Vec;

    use super::{RequestId, by_hand};

    #[expect(unnameable_types, reason = "what cannot be named cannot be implemented")]
    pub trait Sealed {
        /// Appends the whole frame the short way, where there is one for this message.
        fn write_by_hand(&self, _id: RequestId, _out: &mut Vec<u8>) -> bool {
            false
        }
    }

    impl Sealed for super::ClientMessage<'_> {}

    impl Sealed for super::ServerMessage<'_> {
        fn write_by_hand(&self, id: RequestId, out: &mut Vec<u8>) -> bool {
            by_hand::write(id, self, out)
        }
    }
}

/// Reads a payload: the request's number, then the message.
///
/// An unknown message decodes as such, whatever follows its number, so that it can be answered.
pub fn decode<'a, M: Message<'a>>(payload: &'a [u8]) -> Result<(RequestId, M), DecodeError> {
    let (id, rest) = postcard::take_from_bytes(payload).map_err(|_| DecodeError::RequestId)?;
    let (message, rest) = postcard::take_from_bytes::<M>(rest).map_err(|_| DecodeError::Message)?;
    if rest.is_empty() || message.is_unknown() {
        Ok((id, message))
    } else {
        Err(DecodeError::TrailingBytes(rest.len()))
    }
}

/// Appends the whole frame, header included, to `out`. On error `out` is as before.
pub fn encode<'a, M: Message<'a>>(
    id: RequestId,
    message: &M,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if message.write_by_hand(id, out) {
        return Ok(());
    }
    frame::write(out, |out| {
        write_value(&id, out)?;
        write_value(message, out)
    })
}

fn write_value<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    postcard::serialize_with_flavor(value, Appender(out)).map_err(|_| EncodeError::Unsendable)
}

/// Lets postcard write into the caller's buffer, strings in one copy, and leaves the buffer to its
/// owner when a value fails half-way.
struct Appender<'a>(&'a mut Vec<u8>);

impl Flavor for Appender<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Why a payload is no message. The connection it came on cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It does not begin with a request's number.
    #[error("no request number")]
    RequestId,
    /// A known message with bytes that do not fit it.
    #[error("malformed message")]
    Message,
    /// Bytes are left over after the message.
    #[error("{0} bytes after the message")]
    TrailingBytes(usize),
}

/// Why a message has no bytes: the caller's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The frame would exceed the limit.
    #[error(transparent)]
    TooLarge(#[from] frame::TooLarge),
    /// `Unknown` stands for what others send; it cannot be sent.
    #[error("a message without bytes")]
    Unsendable,
}
