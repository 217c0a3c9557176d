//! Posts that come in a row in one conversation, which is nearly all that a server reads: they are
//! read without a serializer. What is read is the same, which the tests below show.

use arrayvec::ArrayVec;

use super::by_hand::{number, string};
use super::{Conversation, ConversationKind, RequestId};
use crate::name::{Name, RoomName};

/// A post's number on the wire.
const POST: u64 = 1;

/// The most bytes between a post's number and its nonce.
const HEAD: usize = 1 + 3 + 1 + RoomName::MAX_BYTES + 1 + 10;

/// The longest varints of a `u32` and of the length of what fits into a frame.
const U32: usize = 5;
const LENGTH: usize = 3;

/// The bit of each byte of a varint that says that another follows.
const CONTINUED: u64 = 0x8080_8080_8080_8080;

/// A conversation, as posts name it.
#[derive(Debug)]
pub(crate) struct Destination {
    /// All bytes between a post's number and its nonce.
    head: ArrayVec<u8, HEAD>,
    kind: ConversationKind,
    name: Name<{ RoomName::MAX_BYTES }>,
    epoch: Option<u64>,
}

/// What is not the same in all posts for one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Post<'a> {
    pub(crate) id: RequestId,
    pub(crate) nonce: u64,
    pub(crate) text: &'a str,
}

impl Destination {
    /// None where no conversation can have such a name.
    pub(crate) fn of(conversation: Conversation<'_>, epoch: Option<u64>) -> Option<Self> {
        let Conversation { kind, name } = conversation;
        let copy = Name::from(name).ok()?;
        let mut head = ArrayVec::from([0; HEAD]);
        let at = number(&mut head, 0, POST);
        let at = number(&mut head, at, kind.0.into());
        let at = string(&mut head, at, name);
        let mut at = number(&mut head, at, epoch.is_some().into());
        if let Some(epoch) = epoch {
            at = number(&mut head, at, epoch);
        }
        head.truncate(at);
        Some(Self { head, kind, name: copy, epoch })
    }

    pub(crate) fn conversation(&self) -> Conversation<'_> {
        Conversation { kind: self.kind, name: &self.name }
    }

    /// The incarnation that is meant.
    pub(crate) const fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    /// Reads a payload where it is a post for it, written as it usually is.
    #[inline]
    pub(crate) fn read<'a>(&self, payload: &'a [u8]) -> Option<Post<'a>> {
        let (id, rest) = read_number(payload, U32)?;
        let (nonce, rest) = read_random(rest.strip_prefix(&self.head[..])?)?;
        let (length, text) = read_number(rest, LENGTH)?;
        if length != text.len() as u64 {
            return None;
        }
        let text = simdutf8::basic::from_utf8(text).ok()?;
        Some(Post { id: RequestId(u32::try_from(id).ok()?), nonce, text })
    }
}

/// Reads a varint of at most so many bytes, no more than nine; answers what follows it as well.
#[inline]
fn read_number(bytes: &[u8], most: usize) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(most).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// Reads any varint, which is likely to be long: eight bytes of it at once, if there are more.
#[inline]
fn read_random(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (low, rest) = match bytes.split_first_chunk() {
        Some((first, rest)) if u64::from_le_bytes(*first) & CONTINUED == CONTINUED => {
            (joined(u64::from_le_bytes(*first)), rest)
        }
        _ => return read_number(bytes, size_of::<u64>()),
    };
    match rest {
        [ninth @ ..0x80, rest @ ..] => Some((low | u64::from(*ninth) << 56, rest)),
        [ninth, tenth @ 0..=1, rest @ ..] => {
            let high = u64::from(ninth & 0x7f) << 56 | u64::from(*tenth) << 63;
            Some((low | high, rest))
        }
        _ => None,
    }
}

/// Joins the lower seven bits of each byte.
const fn joined(word: u64) -> u64 {
    let word = word & !CONTINUED;
    let word = word & 0x00ff_00ff_00ff_00ff | (word & 0xff00_ff00_ff00_ff00) >> 1;
    let word = word & 0x0000_ffff_0000_ffff | (word & 0xffff_0000_ffff_0000) >> 2;
    word & 0x0000_0000_ffff_ffff | (word & 0xffff_ffff_0000_0000) >> 4
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::wire::ClientMessage;

    /// Numbers of every length.
    fn long() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(number, bits)| number >> bits)
    }

    /// Few conversations, so that posts come in a row.
    fn payload() -> impl Strategy<Value = Vec<u8>> {
        let numbers = (any::<u32>(), prop::option::weighted(0.3, 1_u64..3), long());
        let name = prop_oneof![4 => "[ab\u{e9}]", 1 => Just("r".repeat(65))];
        let places = (prop_oneof![Just(1_u16), Just(300)], name);
        (numbers, places, ".{0,300}").prop_map(
            |((id, epoch, nonce), (kind, name), text): (_, (_, String), String)| {
                let conversation = Conversation { kind: ConversationKind(kind), name: &name };
                let post = ClientMessage::Post { conversation, epoch, nonce, text: &text };
                postcard::to_allocvec(&(RequestId(id), post)).unwrap()
            },
        )
    }

    /// Where a post belongs. No conversation has a name that is too long.
    fn destination(payload: &[u8]) -> Option<Destination> {
        let (_, message) = crate::wire::decode(payload).unwrap();
        let ClientMessage::Post { conversation, epoch, .. } = message else { unreachable!() };
        let destination = Destination::of(conversation, epoch);
        assert_eq!(destination.is_some(), conversation.name.len() <= RoomName::MAX_BYTES);
        destination
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However payloads are damaged, and wherever they belong.
        #[test]
        fn what_is_read_a_serializer_reads_as_well(
            first in payload(),
            mut payloads in prop::collection::vec(payload(), 1..20),
            changes in prop::collection::vec(
                (any::<Index>(), any::<Index>(), prop_oneof![Just(0), Just(0x80), any::<u8>()], 0_u8..3),
                0..8,
            ),
        ) {
            for (which, at, byte, how) in changes {
                let payload = which.get_mut(&mut payloads);
                if payload.is_empty() {
                    continue;
                }
                let at = at.index(payload.len());
                match how {
                    0 => payload.insert(at, byte),
                    1 => payload[at] = byte,
                    _ => payload.truncate(at),
                }
            }
            if let Some(destination) = destination(&first) {
                for payload in &payloads {
                    if let Some(Post { id, nonce, text }) = destination.read(payload) {
                        let (conversation, epoch) = (destination.conversation(), destination.epoch());
                        let post = ClientMessage::Post { conversation, epoch, nonce, text };
                        prop_assert_eq!(crate::wire::decode(payload), Ok((id, post)));
                    }
                }
            }
        }

        #[test]
        fn a_post_is_read_where_the_destination_is_the_same(
            one in payload(),
            other in payload(),
        ) {
            let (id, message) = crate::wire::decode(&other).unwrap();
            let ClientMessage::Post { conversation, epoch, nonce, text } = message else { unreachable!() };
            let Some(destination) = destination(&one) else { return Ok(()) };
            let is_same = (destination.conversation(), destination.epoch()) == (conversation, epoch);
            let said = Post { id, nonce, text };
            prop_assert_eq!(destination.read(&other), is_same.then_some(said));
        }

        #[test]
        fn a_varint_is_read_as_a_serializer_reads_it(
            bytes in prop::collection::vec(prop_oneof![Just(0x80), Just(0xff), any::<u8>()], 0..12),
        ) {
            prop_assert_eq!(read_random(&bytes), postcard::take_from_bytes(&bytes).ok());
        }
    }

    #[test]
    fn a_number_has_no_more_bytes_than_it_may() {
        for (most, bytes) in [(2, &[0x80, 0x80, 0][..]), (5, &[0xff, 0xff, 0xff, 0xff, 0x80, 0])] {
            assert_eq!(read_number(bytes, most), None);
            assert!(read_number(bytes, most + 1).is_some());
        }
    }

    #[test]
    fn the_longest_head_is_kept() {
        let name = "r".repeat(RoomName::MAX_BYTES);
        let conversation = Conversation { kind: ConversationKind(u16::MAX), name: &name };
        assert_eq!(Destination::of(conversation, Some(u64::MAX)).unwrap().head.len(), HEAD);
    }
}
