//! The two messages that are nearly all that a server sends, written without a serializer: it takes
//! a third more instructions. The bytes are the same, which the tests below show.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Conversation, Position, RequestId, ServerMessage};
use crate::frame::{HEADER, MAX_PAYLOAD};
use crate::name::{Nickname, RoomName};
use crate::time::UnixMillis;

/// Their numbers on the wire.
const POSTED: u64 = 3;
const MESSAGE: u64 = 10;

/// The most bytes that a number takes.
const NUMBER: usize = 10;

/// Appends the frame of a message that is one of them, and fits; answers whether it did.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are left to the serializer")]
pub(super) fn write(id: RequestId, message: &ServerMessage<'_>, out: &mut Vec<u8>) -> bool {
    match *message {
        ServerMessage::Posted { position, time, earlier } => append(out, 6 * NUMBER, |out| {
            let at = number(out, HEADER, id.0.into());
            let at = number(out, at, POSTED);
            let at = number(out, at, position.epoch);
            let at = number(out, at, position.seq);
            let at = number(out, at, time.0);
            number(out, at, earlier.into())
        }),
        ServerMessage::Message { conversation, position, time, author, text } => {
            let strings = conversation.name.len() + author.len() + text.len();
            append(out, 9 * NUMBER + strings, |out| {
                let at = head(out, HEADER, id, conversation, position.epoch);
                let at = number(out, at, position.seq);
                let at = middle(out, at, time, author);
                string(out, at, text)
            })
        }
        _ => false,
    }
}

/// What messages have in common that somebody says in a row, in one place at one time: all but their
/// numbers and texts.
#[derive(Debug, Default)]
pub(crate) struct Series {
    /// A message's frame as far as it stands before the length of the text, but for its length and
    /// number.
    bytes: Vec<u8>,
    /// Where its number is.
    seq: Range<usize>,
    time: UnixMillis,
}

impl Series {
    /// The most bytes that it takes where names are valid.
    pub(crate) const MOST: usize =
        2 * (HEADER + 8 * NUMBER + Nickname::MAX_BYTES + RoomName::MAX_BYTES);

    /// Whether it has begun, at that time.
    pub(crate) fn is_of(&self, time: UnixMillis) -> bool {
        !self.bytes.is_empty() && self.time == time
    }

    /// Begins anew, with the first message's position. Names are short.
    pub(crate) fn begin(
        &mut self,
        conversation: Conversation<'_>,
        Position { epoch, seq }: Position,
        time: UnixMillis,
        author: &str,
    ) {
        let bytes = &mut self.bytes;
        bytes.resize(HEADER + 8 * NUMBER + conversation.name.len() + author.len(), 0);
        let start = head(bytes, HEADER, RequestId::NONE, conversation, epoch);
        self.seq = start..number(bytes, start, seq);
        let end = middle(bytes, self.seq.end, time, author);
        bytes.truncate(end);
        self.time = time;
    }

    /// Forgets what it was of.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Appends the frame of a message. No text is so long that it would not fit.
    pub(crate) fn append(&mut self, seq: u64, text: &str, out: &mut Vec<u8>) {
        let Self { bytes, seq: place, .. } = self;
        let digits = width(seq);
        if digits != place.len() {
            bytes.splice(place.clone(), core::iter::repeat_n(0, digits));
            place.end = place.start + digits;
        }
        let length = text.len() as u64;
        let payload = bytes.len() + width(length) + text.len() - HEADER;
        debug_assert!(payload <= MAX_PAYLOAD as usize, "a text of {length} bytes");
        #[expect(clippy::cast_possible_truncation, reason = "no more than a payload may have")]
        let header = (payload as u32).to_be_bytes();
        let start = out.len();
        out.reserve(HEADER + payload);
        out.extend_from_slice(bytes);
        // In the copy: what was just written byte by byte is slow to copy.
        let frame = &mut out[start..];
        frame[..HEADER].copy_from_slice(&header);
        number(frame, place.start, seq);
        push_number(out, length);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes what comes before a message's number; answers where it ends.
#[inline]
fn head(
    out: &mut [u8],
    at: usize,
    id: RequestId,
    conversation: Conversation<'_>,
    epoch: u64,
) -> usize {
    let at = number(out, at, id.0.into());
    let at = number(out, at, MESSAGE);
    let at = number(out, at, conversation.kind.0.into());
    let at = string(out, at, conversation.name);
    number(out, at, epoch)
}

/// Writes what stands between a message's number and its text; answers where it ends.
#[inline]
fn middle(out: &mut [u8], at: usize, time: UnixMillis, author: &str) -> usize {
    let at = number(out, at, time.0);
    string(out, at, author)
}

/// Appends a frame whose payload has at most so many bytes. `write` writes it where the header
/// ends, and answers where it ends itself.
#[inline]
fn append(out: &mut Vec<u8>, most: usize, write: impl FnOnce(&mut [u8]) -> usize) -> bool {
    if most > MAX_PAYLOAD as usize {
        return false;
    }
    let start = out.len();
    out.resize(start + HEADER + most, 0);
    let frame = &mut out[start..];
    let end = write(frame);
    #[expect(clippy::cast_possible_truncation, reason = "no more than `most`")]
    let length = (end - HEADER) as u32;
    frame[..HEADER].copy_from_slice(&length.to_be_bytes());
    out.truncate(start + end);
    true
}

/// How many bytes a number takes as a varint.
#[inline]
const fn width(value: u64) -> usize {
    // Each seven bits take one: 9 / 64 is near enough for the numbers that there are.
    ((value | 1).ilog2() as usize * 9 + 73) / 64
}

/// Writes a number as a varint; answers where it ends.
#[inline]
pub(super) fn number(out: &mut [u8], mut at: usize, mut value: u64) -> usize {
    while value >= 0x80 {
        out[at] = value.to_le_bytes()[0] | 0x80;
        value >>= 7;
        at += 1;
    }
    out[at] = value.to_le_bytes()[0];
    at + 1
}

#[inline]
fn push_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[inline]
pub(super) fn string(out: &mut [u8], at: usize, string: &str) -> usize {
    let at = number(out, at, string.len() as u64);
    copy(out, at, string.as_bytes())
}

#[inline]
fn copy(out: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    out[at..end].copy_from_slice(bytes);
    end
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::ConversationKind;

    /// The frame as a serializer writes it.
    fn serialized(id: RequestId, message: &ServerMessage<'_>) -> Vec<u8> {
        let payload = postcard::to_allocvec(&(id, message)).unwrap();
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
        frame.extend(payload);
        frame
    }

    /// Numbers of every length.
    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(number, bits)| number >> bits)
    }

    fn string(regex: &str) -> impl Strategy<Value = String> {
        prop::string::string_regex(regex).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_series_has_the_bytes_of_a_serializer(
            kind in any::<u16>(),
            numbers in [number(), number(), number()],
            strings in [string(".{0,40}"), string(".{0,40}")],
            first in number(),
            said in prop::collection::vec((number(), string(".{0,300}")), 1..4),
        ) {
            let [epoch, one, other] = numbers.map(UnixMillis);
            let [name, author] = strings.each_ref().map(String::as_str);
            let conversation = Conversation { kind: ConversationKind(kind), name };
            let mut series = Series::default();
            for time in [one, other] {
                prop_assert!(!series.is_of(time) || one == other);
                series.begin(conversation, Position { epoch: epoch.0, seq: first }, time, author);
                prop_assert!(series.is_of(time));
                for (seq, text) in &said {
                    let position = Position { epoch: epoch.0, seq: *seq };
                    let message = ServerMessage::Message { conversation, position, time, author, text };
                    let mut out = alloc::vec![7];
                    series.append(*seq, text, &mut out);
                    prop_assert_eq!(&out[1..], &serialized(RequestId::NONE, &message)[..]);
                }
            }
            series.clear();
            prop_assert!(!series.is_of(other));
        }

        #[test]
        fn the_bytes_are_those_of_a_serializer(
            id in any::<u32>(),
            earlier in any::<u32>(),
            kind in any::<u16>(),
            numbers in [number(), number(), number()],
            strings in [string(".{0,40}"), string(".{0,40}"), string(".{0,300}")],
        ) {
            let [epoch, seq, time] = numbers;
            let [name, author, text] = strings.each_ref().map(String::as_str);
            let (position, time) = (Position { epoch, seq }, UnixMillis(time));
            let conversation = Conversation { kind: ConversationKind(kind), name };
            let said = ServerMessage::Message { conversation, position, time, author, text };
            for message in [said, ServerMessage::Posted { position, time, earlier }] {
                let mut out = alloc::vec![7];
                prop_assert!(write(RequestId(id), &message, &mut out));
                prop_assert_eq!(&out[1..], &serialized(RequestId(id), &message)[..]);
            }
        }
    }

    #[test]
    fn one_that_just_fits_is_written() {
        let text = "x".repeat(MAX_PAYLOAD as usize - 9 * NUMBER);
        let message = ServerMessage::Message {
            conversation: Conversation::EVERYONE,
            position: Position::default(),
            time: UnixMillis(0),
            author: "",
            text: &text,
        };
        let mut out = Vec::new();
        assert!(write(RequestId(1), &message, &mut out));
        assert_eq!(out, serialized(RequestId(1), &message));
    }

    #[test]
    fn no_more_memory_is_taken_than_growing_takes() {
        let text = "x".repeat(4000);
        let position = Position::default();
        let posted = ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 };
        let conversation = Conversation::EVERYONE;
        let (time, author) = (UnixMillis(0), "");
        let said = ServerMessage::Message { conversation, position, time, author, text: &text };
        for (before, message, most) in [(1000, posted, 2000), (0, said, 8000)] {
            let mut out = alloc::vec![0; before];
            assert!(write(RequestId(1), &message, &mut out));
            assert!(out.capacity() <= most, "{}", out.capacity());
        }
    }

    #[test]
    fn a_series_takes_as_much_memory_as_is_counted() {
        let (name, author) = ("r".repeat(RoomName::MAX_BYTES), "a".repeat(Nickname::MAX_BYTES));
        let conversation = Conversation { kind: ConversationKind(u16::MAX), name: &name };
        let mut series = Series::default();
        let position = Position { epoch: u64::MAX, seq: u64::MAX };
        series.begin(conversation, position, UnixMillis(u64::MAX), &author);
        assert_eq!(2 * series.bytes.capacity(), Series::MOST);
        let mut out = Vec::new();
        series.append(u64::MAX, "hello", &mut out);
        assert_eq!((out.len(), out.capacity()), (series.bytes.len() + 1 + 5, out.len()));
    }

    #[test]
    fn nothing_is_written_of_other_messages_nor_of_those_that_may_not_fit() {
        let text = "x".repeat(MAX_PAYLOAD as usize);
        let long = ServerMessage::Message {
            conversation: Conversation::EVERYONE,
            position: Position::default(),
            time: UnixMillis(0),
            author: "",
            text: &text,
        };
        for message in [ServerMessage::Done, long] {
            let mut out = alloc::vec![7];
            assert!(!write(RequestId(1), &message, &mut out));
            assert_eq!(out, [7]);
        }
    }
}
