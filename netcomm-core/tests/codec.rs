//! Frames, prefaces and messages: what goes in comes out, and whatever comes in does no harm.

use std::collections::BTreeSet;
use std::ops::Range;

use netcomm_core::frame::{self, FrameDecoder, FrameError, HEADER, MAX_PAYLOAD, TooLarge};
use netcomm_core::preface::{ClientPreface, PrefaceError, PrefaceRefusal, ServerPreface, Version};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Credential, CredentialScheme, DecodeError, EncodeError,
    Message, RequestId, ResumeToken, ServerMessage,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{listing, random, strategies};

/// Feeds a decoder chunk by chunk: the payloads, and the error that ended the stream.
fn split_at(chunks: &[&[u8]], limit: u32) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut decoder = FrameDecoder::new(limit);
    let mut payloads = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.next_frame(&mut input) {
                Ok(Some(payload)) => payloads.push(payload.to_vec()),
                Ok(None) => break,
                Err(error) => return (payloads, Some(error)),
            }
        }
        assert!(input.is_empty(), "what asks for more has taken all");
    }
    (payloads, None)
}

/// `bytes` cut at `cuts`, which are taken modulo its length.
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let cuts: BTreeSet<usize> = cuts.iter().map(|at| at % (bytes.len() + 1)).collect();
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let mut start = 0;
    ends.map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

/// Streams of frames, some of which are empty or too long for a limit of 20.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let frame = (vec(any::<u8>(), 1..24), 0..30_u8).prop_map(|(payload, kind)| {
        let length = if kind == 0 { 0 } else { u32::try_from(payload.len()).expect("short") };
        [&length.to_be_bytes()[..], &payload].concat()
    });
    (vec(frame, 0..8), any::<usize>()).prop_map(|(frames, end)| {
        let mut bytes = frames.concat();
        bytes.truncate(end % (bytes.len() * 2 + 1));
        bytes
    })
}

fn frame_of<'a, M: Message<'a>>(id: RequestId, message: &M) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(id, message, &mut out).expect("short enough for a frame");
    out
}

/// Whether `decode` of these bytes, where it succeeds, survives another turn.
fn turns<'a, M: Message<'a> + PartialEq + std::fmt::Debug>(
    payload: &'a [u8],
    again: &'a mut Vec<u8>,
) -> Result<(), TestCaseError> {
    let Ok((id, message)) = wire::decode::<M>(payload) else {
        return Ok(());
    };
    if message.is_unknown() {
        prop_assert_eq!(wire::encode(id, &message, again), Err(EncodeError::Unsendable));
        return Ok(());
    }
    prop_assert_eq!(wire::encode(id, &message, again), Ok(()));
    let (same_id, same) = wire::decode::<M>(&again[HEADER..]).expect("what was encoded decodes");
    prop_assert_eq!((same_id, same), (id, message));
    Ok(())
}

proptest! {
    #![proptest_config(random(256))]

    #[test]
    fn any_split_of_a_stream_gives_the_same(bytes in stream(), cuts in vec(any::<usize>(), 0..12)) {
        let whole = split_at(&[&bytes], 20);
        prop_assert_eq!(&split_at(&cut(&bytes, &cuts), 20), &whole);
        prop_assert_eq!(&split_at(&bytes.chunks(1).collect::<Vec<_>>(), 20), &whole);
    }

    #[test]
    fn a_preface_is_negotiated_to_a_version_of_both(lowest: u16, highest: u16, small in 0..4_u16) {
        for lowest in [lowest, small] {
            let offered = ClientPreface { lowest, highest };
            prop_assert_eq!(ClientPreface::from_bytes(offered.to_bytes()), Ok(offered));
            let chosen = offered.negotiate();
            prop_assert_eq!(chosen.is_some(), lowest <= 1 && highest >= 1);
            prop_assert!(chosen.is_none_or(|version| version == Version::V1));
        }
    }

    #[test]
    fn any_eight_bytes_are_a_preface_or_an_error(bytes: [u8; 8], magic: bool) {
        let mut bytes = bytes;
        if magic {
            bytes[..4].copy_from_slice(b"\x9eNET");
        }
        let magic = bytes.starts_with(b"\x9eNET");
        prop_assert_eq!(ClientPreface::from_bytes(bytes).is_ok(), magic);
        let version = u16::from_be_bytes([bytes[4], bytes[5]]);
        let expected = match version {
            _ if !magic => Err(PrefaceError::Magic),
            0 => Ok(ServerPreface::Refused(PrefaceRefusal(u16::from_be_bytes([bytes[6], bytes[7]])))),
            1 => Ok(ServerPreface::Accepted(Version::V1)),
            other => Err(PrefaceError::Version(other)),
        };
        prop_assert_eq!(ServerPreface::from_bytes(bytes), expected);
    }

    #[test]
    fn client_messages_come_back(
        id in strategies::request_id(),
        message in strategies::client_message(),
    ) {
        let bytes = frame_of(id, &message);
        prop_assert_eq!(wire::decode(&bytes[HEADER..]), Ok((id, message)));
    }

    #[test]
    fn server_messages_come_back(
        id in strategies::request_id(),
        message in strategies::server_message(),
    ) {
        let bytes = frame_of(id, &message);
        prop_assert_eq!(wire::decode(&bytes[HEADER..]), Ok((id, message)));
    }

    #[test]
    fn arbitrary_bytes_decode_to_what_encodes(bytes in vec(any::<u8>(), 0..80), index in 0..24_u8) {
        let likely = [&[1, index], &bytes[..]].concat();
        for payload in [&bytes, &likely] {
            turns::<ClientMessage<'_>>(payload, &mut Vec::new())?;
            turns::<ServerMessage<'_>>(payload, &mut Vec::new())?;
        }
    }

    #[test]
    fn damaged_messages_decode_to_what_encodes(
        message in strategies::server_message(),
        at: usize,
        to: u8,
    ) {
        let mut bytes = frame_of(RequestId(1), &message);
        let at = HEADER + at % (bytes.len() - HEADER);
        bytes[at] = to;
        turns::<ServerMessage<'_>>(&bytes[HEADER..], &mut Vec::new())?;
        turns::<ClientMessage<'_>>(&bytes[HEADER..], &mut Vec::new())?;
    }

    #[test]
    fn no_byte_may_follow_a_message_nor_be_missing(
        message in strategies::client_message(),
        more in vec(any::<u8>(), 1..4),
    ) {
        let mut bytes = frame_of(RequestId(1), &message);
        let shorter = wire::decode::<ClientMessage<'_>>(&bytes[HEADER..bytes.len() - 1]);
        prop_assert!(shorter.is_err());
        bytes.extend(&more);
        let longer = wire::decode::<ClientMessage<'_>>(&bytes[HEADER..]);
        prop_assert_eq!(longer, Err(DecodeError::TrailingBytes(more.len())));
    }

    #[test]
    fn a_variant_of_a_later_version_is_unknown(
        id: u32,
        index in 19..=u32::MAX,
        content in vec(any::<u8>(), 0..20),
    ) {
        let mut payload = varint(id.into());
        payload.extend(varint(index.into()));
        payload.extend(content);
        prop_assert_eq!(wire::decode(&payload), Ok((RequestId(id), ClientMessage::Unknown)));
        prop_assert_eq!(wire::decode(&payload), Ok((RequestId(id), ServerMessage::Unknown)));
    }

    #[test]
    fn hostile_lengths_are_refused(length in 1_u64 << 12.., tail in vec(0..3_u8, 0..6)) {
        // Up to the length: an empty list of the shortest message that holds one.
        let login = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &varint(length), &tail].concat();
        prop_assert_eq!(wire::decode::<ClientMessage<'_>>(&login), Err(DecodeError::Message));
        for index in [5, 6, 8] {
            let page = [&[1, index][..], &varint(length), &tail].concat();
            prop_assert_eq!(wire::decode::<ServerMessage<'_>>(&page), Err(DecodeError::Message));
        }
        let history = [&[1, 7, 0, 0, 0, 0, 0][..], &varint(length), &tail].concat();
        prop_assert_eq!(wire::decode::<ServerMessage<'_>>(&history), Err(DecodeError::Message));
        let join = [&[1, 2][..], &varint(length), &tail].concat();
        prop_assert_eq!(wire::decode::<ClientMessage<'_>>(&join), Err(DecodeError::Message));
    }

    #[test]
    fn a_failed_write_leaves_what_was_there(before in vec(any::<u8>(), 0..30), excess in 1..9_usize) {
        let mut out = before.clone();
        let length = MAX_PAYLOAD as usize + excess;
        let failed = frame::write(&mut out, |out| {
            out.resize(out.len() + length, 7);
            Ok::<_, TooLarge>(())
        });
        prop_assert_eq!(failed, Err(TooLarge { length }));
        prop_assert_eq!(&out, &before);
        let unsendable = wire::encode(RequestId(1), &ClientMessage::Unknown, &mut out);
        prop_assert_eq!(unsendable, Err(EncodeError::Unsendable));
        prop_assert_eq!(&out, &before);
        let text = "x".repeat(length);
        let long = wire::encode(RequestId(1), &ClientMessage::Join { room: &text }, &mut out);
        prop_assert!(matches!(long, Err(EncodeError::TooLarge(_))));
        prop_assert_eq!(out, before);
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

#[test]
fn a_bad_length_is_refused_from_the_header_alone() {
    let limit = MAX_PAYLOAD;
    for (length, error) in [
        (0, FrameError::Empty),
        (limit + 1, FrameError::TooLarge { length: limit + 1, limit }),
        (u32::MAX, FrameError::TooLarge { length: u32::MAX, limit }),
    ] {
        let header = length.to_be_bytes();
        assert_eq!(split_at(&[&header], limit), (vec![], Some(error)));
        assert_eq!(split_at(&[&header[..2], &header[2..]], limit), (vec![], Some(error)));
    }
    let longest = [&limit.to_be_bytes()[..], &vec![1; limit as usize]].concat();
    assert_eq!(split_at(&[&longest], limit).0.len(), 1);
}

#[test]
fn encoding_appends_in_place_and_decoding_borrows() {
    let mut out = Vec::with_capacity(64);
    out.push(0xAA);
    let buffer = out.as_ptr();
    let message = ClientMessage::Join { room: "lobby" };
    wire::encode(RequestId(7), &message, &mut out).expect("short");
    wire::encode(RequestId(8), &message, &mut out).expect("short");
    assert_eq!(out.as_ptr(), buffer, "no buffer but the caller's");
    assert_eq!(out[..13], *b"\xAA\0\0\0\x08\x07\x02\x05lobby");
    let within: Range<*const u8> = out.as_ptr_range();
    let Ok((_, ClientMessage::Join { room })) = wire::decode(&out[5..13]) else {
        panic!("a join was encoded");
    };
    assert!(within.contains(&room.as_ptr()));
}

#[test]
fn every_variant_has_a_strategy() {
    fn index<'a, M: Message<'a>>(message: &M) -> usize {
        frame_of(RequestId(0), message)[HEADER + 1].into()
    }
    let mut runner = TestRunner::deterministic();
    let (mut client, mut server) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..2000 {
        let message = strategies::client_message().new_tree(&mut runner);
        client.insert(index(&message.expect("never rejects").current()));
        let message = strategies::server_message().new_tree(&mut runner);
        server.insert(index(&message.expect("never rejects").current()));
    }
    let rows = listing::listing();
    let numbers = |table| rows.iter().filter(|row| row.0 == table).map(|row| row.1).collect();
    assert_eq!(client, numbers("Client messages"));
    assert_eq!(server, numbers("Server messages"));
}

#[test]
fn what_proves_who_somebody_is_is_not_printed() {
    let token = ResumeToken([7; 16]);
    assert_eq!(format!("{token:?}"), "ResumeToken(redacted)");
    let credential = Credential { scheme: CredentialScheme(1), data: b"secret" };
    let printed = format!("{credential:?}");
    assert!(printed.starts_with("Credential") && !printed.contains("secret"), "{printed}");
    assert!(!printed.contains("115"), "the bytes neither");
}

#[test]
fn each_code_by_which_a_connection_is_closed_has_words_of_its_own() {
    let words: BTreeSet<_> = CloseCode::KNOWN.iter().map(|code| code.reason()).collect();
    assert_eq!(words.len(), CloseCode::KNOWN.len());
    assert!(!words.contains(CloseCode(u16::MAX).reason()), "those of a code without a name");
}

#[test]
fn a_request_is_named_by_its_kind() {
    assert_eq!(ClientMessage::Hide.name(), "hide");
    assert_eq!(ClientMessage::Join { room: "den" }.name(), "join");
}

#[test]
fn each_reason_in_a_preface_has_words_of_its_own() {
    let words: BTreeSet<_> = (1..=7).map(|reason| PrefaceRefusal(reason).to_string()).collect();
    assert_eq!(words.len(), 7);
    assert!(words.contains("reason 7") && words.iter().all(|words| words.len() > 7));
}
