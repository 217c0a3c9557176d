//! What a message costs as bytes: encoding in place, decoding by borrowing, splitting a stream.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netcomm_benches::{post, stream, text};
use netcomm_core::frame::{FrameDecoder, HEADER, MAX_PAYLOAD};
use netcomm_core::wire::{self, ClientMessage, RequestId};

const TEXTS: [usize; 3] = [16, 64, 512];
const CHUNK: usize = 64 * 1024;

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode_in_place");
    for length in TEXTS {
        let text = text(length);
        let message = post(&text);
        let mut out = Vec::with_capacity(1024);
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter(|| {
                out.clear();
                wire::encode(RequestId(1000), black_box(&message), &mut out)
            });
        });
    }
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode_borrowed");
    for length in TEXTS {
        let (frame, _) = stream(&post(&text(length)), length + 64);
        let payload = &frame[HEADER..];
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter(|| wire::decode::<ClientMessage<'_>>(black_box(payload)).is_ok());
        });
    }
    group.finish();
}

/// A whole chunk as it comes from a socket: split into frames, each decoded.
fn chunk(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split_and_decode_64_kib");
    for length in TEXTS {
        let (bytes, frames) = stream(&post(&text(length)), CHUNK);
        group.throughput(Throughput::Elements(frames));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter(|| {
                let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
                let mut input = black_box(&bytes[..]);
                let mut messages = 0;
                while let Ok(Some(payload)) = decoder.next_frame(&mut input) {
                    messages += u64::from(wire::decode::<ClientMessage<'_>>(payload).is_ok());
                }
                assert_eq!(messages, frames);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encode, decode, chunk);
criterion_main!(benches);
