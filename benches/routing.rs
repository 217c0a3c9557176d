//! What the router does, and the mailboxes after it, by the number of those who hear it.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netcomm_benches::{Lobby, Mailboxes, text};
use netcomm_core::server::Face;

const SIZES: [u32; 3] = [10, 100, 1000];

/// Does `what` in rooms of all sizes.
fn in_rooms(criterion: &mut Criterion, name: &str, faces: &[Face], what: impl Fn(&mut Lobby)) {
    let mut group = criterion.benchmark_group(name);
    for size in SIZES {
        let mut lobby = Lobby::new(size, faces);
        group.throughput(Throughput::Elements(size.into()));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| what(&mut lobby));
        });
    }
    group.finish();
}

fn post(criterion: &mut Criterion) {
    let text = text(64);
    let faces = [
        ("post_to_a_framed_room", &[Face::Framed][..]),
        ("post_to_a_text_room", &[Face::Text]),
        ("post_to_a_mixed_room", &[Face::Framed, Face::Text]),
    ];
    for (name, faces) in faces {
        in_rooms(criterion, name, faces, |lobby| lobby.say(&text));
    }
    in_rooms(criterion, "broadcast", &[Face::Framed], |lobby| lobby.broadcast(&text));
}

fn come_and_go(criterion: &mut Criterion) {
    in_rooms(criterion, "leave_and_join", &[Face::Framed], Lobby::leave_and_join);
    in_rooms(criterion, "hide_and_reveal", &[Face::Framed], Lobby::hide_and_reveal);
}

/// To a hundred in turn: a user may have so many private conversations.
fn look_up(criterion: &mut Criterion) {
    let text = text(64);
    let names: Vec<String> = (0..100).map(|nth| format!("user{}", nth * 10 + 1)).collect();
    let mut names = names.iter().cycle();
    let mut lobby = Lobby::new(1000, &[Face::Framed]);
    criterion.bench_function("post_to_one_of_1000_users", |bencher| {
        bencher.iter(|| names.next().map(|name| lobby.whisper(name, &text)));
    });
}

fn mailboxes(criterion: &mut Criterion) {
    let frame = [7; 110];
    let mut group = criterion.benchmark_group("push_take_and_write_in_mailboxes");
    for size in [100, 1000] {
        let mut mailboxes = Mailboxes::new(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| mailboxes.fan_out(black_box(&frame)));
        });
    }
    group.finish();
}

criterion_group!(benches, post, come_and_go, look_up, mailboxes);
criterion_main!(benches);
