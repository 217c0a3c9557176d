//! What a message costs as bytes: encoding in place, decoding by borrowing, splitting streams,
//! beside what is written by hand and what one could take instead.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use netcomm_benches::codecs::{
    ByHand, Irc, LengthDelimited, MqttCore, Mqttbytes, Netcomm, Reader, Writer, posts, said,
};
use netcomm_benches::{Typist, by_hand, text};
use netcomm_core::command;

const TEXTS: [usize; 3] = [16, 64, 512];

/// What a socket gives when much is there, when a packet is there, and at worst.
const CHUNKS: [usize; 3] = [64 * 1024, 1460, 1];

/// So many bytes are read in one go, in chunks of one size.
const STREAM: usize = 64 * 1024;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode_a_delivery");
    group.throughput(Throughput::Elements(1));
    for length in TEXTS {
        write::<ByHand>(&mut group, "floor", length);
        write::<Netcomm>(&mut group, "netcomm", length);
        write::<LengthDelimited>(&mut group, "length_delimited_postcard", length);
        write::<Mqttbytes>(&mut group, "mqttbytes", length);
        write::<MqttCore>(&mut group, "mqtt_protocol_core", length);
        write::<Irc>(&mut group, "irc_proto", length);
    }
    group.finish();
}

fn write<W: Writer>(group: &mut Group<'_>, how: &str, length: usize) {
    let text = text(length);
    let message = W::message(said(&text));
    let mut writer = W::default();
    group.bench_function(BenchmarkId::new(how, length), |bencher| {
        bencher.iter(|| writer.write(black_box(&message)));
    });
}

fn decode(criterion: &mut Criterion) {
    for chunk in CHUNKS {
        let mut group = criterion.benchmark_group(format!("decode_posts_from_chunks_of_{chunk}"));
        for length in TEXTS {
            read::<ByHand>(&mut group, "floor", length, chunk);
            read::<Netcomm>(&mut group, "netcomm", length, chunk);
            read::<LengthDelimited>(&mut group, "length_delimited_postcard", length, chunk);
            read::<Mqttbytes>(&mut group, "mqttbytes", length, chunk);
            read::<MqttCore>(&mut group, "mqtt_protocol_core", length, chunk);
            read::<Irc>(&mut group, "irc_proto", length, chunk);
        }
        group.finish();
    }
}

fn read<R: Reader>(group: &mut Group<'_>, how: &str, length: usize, chunk: usize) {
    let (bytes, count) = posts::<R>(&text(length), STREAM);
    let mut reader = R::default();
    group.throughput(Throughput::Elements(count));
    group.bench_function(BenchmarkId::new(how, length), |bencher| {
        bencher.iter(|| {
            let read: u64 = bytes.chunks(chunk).map(|chunk| reader.read(black_box(chunk))).sum();
            assert_eq!(read, count);
        });
    });
}

fn text_face(criterion: &mut Criterion) {
    const LINES: usize = 64;
    let mut group = criterion.benchmark_group("read_lines_of_the_text_face");
    group.throughput(Throughput::Elements(LINES as u64));
    for length in TEXTS {
        let lines = (text(length) + "\n").repeat(LINES).into_bytes();
        group.bench_function(BenchmarkId::new("floor", length), |bencher| {
            bencher.iter(|| {
                let mut lines = &lines[..];
                while let Some(line) = by_hand::line(black_box(&mut lines)) {
                    black_box(line);
                }
            });
        });
        let mut typist = Typist::default();
        group.bench_function(BenchmarkId::new("netcomm", length), |bencher| {
            bencher.iter(|| assert_eq!(typist.read(black_box(&lines)), LINES as u64));
        });
    }
    group.finish();
}

fn commands(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse_what_was_typed");
    group.throughput(Throughput::Elements(1));
    let typed = [
        ("text", String::new()),
        ("room", "/room lobby ".to_owned()),
        ("dm", "/dm alice ".to_owned()),
    ];
    for (name, command) in typed {
        let line = command + &text(64);
        group.bench_function(name, |bencher| {
            bencher.iter(|| command::parse(black_box(&line)).is_ok());
        });
    }
    for line in ["/join lobby", "/who", "/history #lobby 100", "/unknown"] {
        let name = line.split([' ', '/']).nth(1).unwrap_or_default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| command::parse(black_box(line)).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, encode, decode, text_face, commands);
criterion_main!(benches);
