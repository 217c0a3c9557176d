//! Frames as another implementation reads and writes them: the length-delimited codec that comes
//! with tokio, with its default header and the limit of PROTOCOL.md, "Frame".

use bytes::{Bytes, BytesMut};
use netcomm_core::frame::{self, FrameDecoder, FrameError, MAX_PAYLOAD, TooLarge};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::support::random;

const LIMIT: usize = MAX_PAYLOAD as usize;

/// How a stream ends.
#[derive(Debug, PartialEq)]
enum End {
    BetweenFrames,
    WithinAFrame,
    Empty,
    TooLarge,
}

type Read = (Vec<Vec<u8>>, End);

fn codec(limit: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(limit).new_codec()
}

fn by_core(chunks: &[&[u8]]) -> Read {
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    let mut payloads = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            match decoder.next_frame(&mut input) {
                Ok(Some(payload)) => payloads.push(payload.to_vec()),
                Ok(None) => break,
                Err(FrameError::Empty) => return (payloads, End::Empty),
                Err(_) => return (payloads, End::TooLarge),
            }
        }
    }
    let is_between = decoder.is_between_frames();
    (payloads, if is_between { End::BetweenFrames } else { End::WithinAFrame })
}

fn by_codec(chunks: &[&[u8]]) -> Read {
    let mut codec = codec(LIMIT);
    let (mut buffer, mut payloads) = (BytesMut::new(), Vec::new());
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.decode(&mut buffer) {
                // It lends empty frames to its user, who has to refuse them.
                Ok(Some(payload)) if payload.is_empty() => return (payloads, End::Empty),
                Ok(Some(payload)) => payloads.push(payload.to_vec()),
                Ok(None) => break,
                Err(_) => return (payloads, End::TooLarge),
            }
        }
    }
    // It does not tell a stream that ends after a header from one that ends before.
    let frames: usize = payloads.iter().map(|payload| frame::HEADER + payload.len()).sum();
    let is_between = frames == chunks.concat().len();
    (payloads, if is_between { End::BetweenFrames } else { End::WithinAFrame })
}

/// The frame that core writes.
fn written_by_core(payload: &[u8]) -> Result<Vec<u8>, TooLarge> {
    let mut out = Vec::new();
    frame::write(&mut out, |out| {
        out.extend_from_slice(payload);
        Ok::<_, TooLarge>(())
    })?;
    Ok(out)
}

/// The frame that the codec writes.
fn written_by_codec(payload: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = BytesMut::new();
    codec(limit).encode(Bytes::copy_from_slice(payload), &mut out).ok()?;
    Some(out.to_vec())
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        8 => 1..300_usize,
        1 => Just(0),
        2 => LIMIT - 1..=LIMIT + 1,
        1 => 1..=LIMIT,
        1 => LIMIT + 1..4 * LIMIT,
    ];
    (length, any::<u8>()).prop_map(|(length, first)| {
        (0..length).map(|at| first.wrapping_add(u8::try_from(at % 251).unwrap_or(0))).collect()
    })
}

/// `bytes` cut at `cuts`, which are taken modulo its length.
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|at| at % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut start = 0;
    let ends = cuts.into_iter().chain([bytes.len()]);
    ends.map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

proptest! {
    #![proptest_config(random(256))]

    #[test]
    fn both_write_the_same_and_refuse_to_write_the_same(payload in payload()) {
        let ours = written_by_core(&payload).ok();
        prop_assert_eq!(ours.is_some(), payload.len() <= LIMIT);
        prop_assert_eq!(ours, written_by_codec(&payload, LIMIT));
    }

    #[test]
    fn what_core_writes_the_codec_reads(
        payloads in vec(payload(), 0..6),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let sendable = |payload: &Vec<u8>| (1..=LIMIT).contains(&payload.len());
        let payloads: Vec<_> = payloads.into_iter().filter(sendable).collect();
        let frames = payloads.iter().map(|payload| written_by_core(payload));
        let stream = frames.collect::<Result<Vec<_>, _>>().expect("within the limit").concat();
        prop_assert_eq!(by_codec(&cut(&stream, &cuts)), (payloads, End::BetweenFrames));
    }

    #[test]
    fn both_read_the_same_up_to_the_same_end(
        payloads in vec(payload(), 0..6),
        cuts in vec(any::<usize>(), 0..12),
        end in any::<usize>(),
        is_cut_short: bool,
    ) {
        // Written by a codec that knows no limit.
        let frames = payloads.iter().map(|payload| written_by_codec(payload, usize::MAX));
        let mut stream = frames.collect::<Option<Vec<_>>>().expect("no limit").concat();
        if is_cut_short {
            stream.truncate(end % (stream.len() + 1));
        }
        let read = by_core(&cut(&stream, &cuts));
        prop_assert_eq!(&read, &by_codec(&cut(&stream, &cuts)));
        prop_assert_eq!(&read, &by_core(&[&stream]));
        let sendable = |payload: &&Vec<u8>| (1..=LIMIT).contains(&payload.len());
        let whole: Vec<_> = payloads.iter().take_while(sendable).cloned().collect();
        prop_assert!(whole.starts_with(&read.0));
        if !is_cut_short {
            prop_assert_eq!(&read.0, &whole);
            let end = match payloads.get(whole.len()).map(Vec::len) {
                None => End::BetweenFrames,
                Some(0) => End::Empty,
                Some(_) => End::TooLarge,
            };
            prop_assert_eq!(read.1, end);
        }
    }

    #[test]
    fn both_make_the_same_of_any_bytes(
        bytes in vec(any::<u8>(), 0..200),
        low in vec(prop_oneof![Just(0), any::<u8>()], 0..64),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        for stream in [&bytes, &low] {
            let chunks = cut(stream, &cuts);
            prop_assert_eq!(by_core(&chunks), by_codec(&chunks));
        }
    }
}
