//! Bytes to messages and back.

use std::hint::black_box;

use netcomm_benches::codecs::{
    ByHand, Irc, LengthDelimited, MqttCore, Mqttbytes, Netcomm, Reader, Writer, posts, said,
};
use netcomm_benches::text;

use crate::Case;

const TEXTS: [usize; 3] = [16, 64, 512];
/// What a socket gives when much is there, when a packet is there, and at worst.
const CHUNK: usize = 64 * 1024;
const PACKET: usize = 1460;
const BYTE: usize = 1;

type Run = fn(usize, u64);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in TEXTS {
        cases.extend(group("decode a post", size, readers::<CHUNK>()));
    }
    cases.extend(group("decode a post from chunks of 1460 B", 64, readers::<PACKET>()));
    cases.extend(group("decode a post byte by byte", 64, readers::<BYTE>()));
    for size in TEXTS {
        let writers: [(&str, Run); 6] = [
            ("floor", write::<ByHand>),
            ("netcomm", write::<Netcomm>),
            ("length-delimited + postcard", write::<LengthDelimited>),
            ("mqttbytes", write::<Mqttbytes>),
            ("mqtt-protocol-core", write::<MqttCore>),
            ("irc-proto", write::<Irc>),
        ];
        cases.extend(group("encode a delivery", size, writers));
    }
    cases
}

fn readers<const AT_ONCE: usize>() -> [(&'static str, Run); 6] {
    [
        ("floor", read::<ByHand, AT_ONCE>),
        ("netcomm", read::<Netcomm, AT_ONCE>),
        ("length-delimited + postcard", read::<LengthDelimited, AT_ONCE>),
        ("mqttbytes", read::<Mqttbytes, AT_ONCE>),
        ("mqtt-protocol-core", read::<MqttCore, AT_ONCE>),
        ("irc-proto", read::<Irc, AT_ONCE>),
    ]
}

/// The same, done in several ways.
fn group(what: &str, size: usize, ways: [(&str, Run); 6]) -> Vec<Case> {
    let name = |how: &str| format!("{what}, {how}, {size} B");
    let case = |(how, run): (&str, Run)| {
        let floor = (how != "floor").then(|| name("floor"));
        Case { name: name(how), floor, run, size }
    };
    ways.into_iter().map(case).collect()
}

fn read<R: Reader, const AT_ONCE: usize>(size: usize, times: u64) {
    let (bytes, count) = posts::<R>(&text(size), CHUNK);
    let post = bytes.len() / usize::try_from(count).unwrap_or(1);
    let mut reader = R::default();
    let mut left = times;
    while left > 0 {
        let now = count.min(left);
        let part = &bytes[..post * usize::try_from(now).unwrap_or(0)];
        let read: u64 = part.chunks(AT_ONCE).map(|chunk| reader.read(black_box(chunk))).sum();
        assert_eq!(read, now);
        left -= now;
    }
}

fn write<W: Writer>(size: usize, times: u64) {
    let text = text(size);
    let message = W::message(said(&text));
    let mut writer = W::default();
    for _ in 0..times {
        black_box(writer.write(black_box(&message)));
    }
}
