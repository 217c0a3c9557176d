//! What a message costs in the router, by the number of those who hear it.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netcomm_benches::{Lobby, text};
use netcomm_core::server::Face;

fn fan_out(criterion: &mut Criterion) {
    let text = text(64);
    for (name, face) in [("framed", Face::Framed), ("text", Face::Text)] {
        let mut group = criterion.benchmark_group(format!("fan_out_{name}"));
        for listeners in [16, 128, 1024] {
            let mut lobby = Lobby::new(listeners, face);
            group.throughput(Throughput::Elements(u64::from(listeners)));
            group.bench_function(BenchmarkId::from_parameter(listeners), |bencher| {
                bencher.iter(|| lobby.say(&text));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
