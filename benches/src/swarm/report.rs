//! What is said at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::member::Farewells;
use crate::swarm::Swarm;
use netcomm_benches::latency::Histogram;
use netcomm_benches::process::Usage;

/// One measured phase.
#[derive(Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
    pub(crate) deliveries: u64,
    pub(crate) latency: Histogram,
    pub(crate) before: Option<Usage>,
    pub(crate) after: Option<Usage>,
}

impl Phase {
    fn to_json(&self) -> Value {
        let server = self.before.zip(self.after).map(|(before, after)| {
            let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            let millions = self.deliveries.max(1) as f64 / 1e6;
            json!({
                "resident_bytes": after.resident_bytes,
                "threads": after.threads,
                "cpu_seconds": cpu,
                "cpu_seconds_per_million_deliveries": cpu / millions,
                "context_switches": after.switches.saturating_sub(before.switches),
            })
        });
        json!({
            "phase": self.name,
            "seconds": self.seconds,
            "deliveries": self.deliveries,
            "latency_ms": quantiles(&self.latency),
            "server": server,
        })
    }
}

/// The whole report.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) value: Value,
    pub(crate) is_good: bool,
}

impl Report {
    pub(crate) fn new(swarm: &Swarm, phases: &[Phase], gathered: usize, back: usize) -> Self {
        let verdict = swarm.verdict();
        let counts = &swarm.counts;
        let all = swarm.args.clients;
        let is_good = verdict.is_clean()
            && back == all
            && gathered == all
            && counts.faults.is_empty()
            && counts.refusals.is_empty();
        let ratio = match phases {
            [first, .., last] => {
                let base = first.latency.quantile(990).as_secs_f64();
                (base > 0.0).then(|| last.latency.quantile(990).as_secs_f64() / base)
            }
            _ => None,
        };
        let value = json!({
            "good": is_good,
            "clients": all,
            "gathered": gathered,
            "inside_at_end": back,
            "accepted": verdict.accepted,
            "deliveries": verdict.deliveries,
            "replayed": counts.replayed,
            "lost": verdict.lost,
            "doubled": verdict.doubled,
            "out_of_order": verdict.disordered,
            "gone": verdict.gone,
            "cut_by_restart": verdict.cut,
            "in_an_old_incarnation": verdict.stale,
            "unknown": counts.unknown,
            "unknown_but_arrived": counts.arrived,
            "not_sent": counts.unsent,
            "refused": counts.refusals,
            "faults": counts.faults,
            "lost_connections": {
                "clients": swarm.interrupted(),
                "returns": counts.returns.count(),
                "return_ms": quantiles(&counts.returns),
                "reasons": counts.losses,
            },
            "never_read": farewells(&swarm.unread),
            "silent": farewells(&swarm.unspoken),
            "posts_late_ms": quantiles(&swarm.lateness),
            "phases": phases.iter().map(Phase::to_json).collect::<Vec<_>>(),
            "p99_ratio": ratio,
        });
        Self { value, is_good }
    }

    /// For people: a line for each figure.
    pub(crate) fn lines(&self) -> String {
        let mut out = String::new();
        write_lines(&mut out, "", &self.value);
        out
    }
}

fn write_lines(out: &mut String, path: &str, value: &Value) {
    let name = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| write_lines(out, &name(key), value));
        }
        Value::Array(items) => (0..)
            .zip(items)
            .for_each(|(index, value)| write_lines(out, &name(&i32::to_string(&index)), value)),
        // A string takes it all.
        value => writeln!(out, "{path:<52} {value}").unwrap_or_default(),
    }
}

fn farewells(farewells: &Farewells) -> BTreeMap<String, Value> {
    let said = farewells.said.iter();
    said.map(|(what, after)| {
        let value = json!({ "count": after.count(), "after_ms": quantiles(after) });
        (what.clone(), value)
    })
    .collect()
}

fn quantiles(histogram: &Histogram) -> Value {
    let millis = |duration: Duration| (duration.as_secs_f64() * 1e5).round() / 100.0;
    json!({
        "p50": millis(histogram.quantile(500)),
        "p90": millis(histogram.quantile(900)),
        "p99": millis(histogram.quantile(990)),
        "max": millis(histogram.longest()),
    })
}
