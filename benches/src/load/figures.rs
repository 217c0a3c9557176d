//! What is found out about a server, and how.

use std::time::{Duration, Instant};

use netcomm_benches::latency::Histogram;
use netcomm_benches::process::{Usage, run_time};
use serde_json::{Value, json};

/// What one measurement found. Durations are in seconds, latencies in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) deliveries: u64,
    /// Deliveries that were found right, before and after the measured time too.
    pub(crate) checked: u64,
    pub(crate) deliveries_per_second: f64,
    /// Processor time of the server, user and system, for a million deliveries.
    pub(crate) cpu: Option<f64>,
    /// Processor time of the generator, the same way.
    pub(crate) own_cpu: Option<f64>,
    /// Context switches of the server for a delivery.
    pub(crate) switches: Option<f64>,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    /// Resident bytes of a connection.
    pub(crate) resident: Option<f64>,
    pub(crate) threads: Option<u64>,
    pub(crate) connects_per_second: Option<f64>,
    /// The 99th percentile of the quiet room against its undisturbed value.
    pub(crate) disturbance: Option<f64>,
}

/// What a figure is called, and how it is had.
pub(crate) type Column = (&'static str, fn(&Figures) -> Option<f64>);

/// The figures of those who talk.
pub(crate) const COLUMNS: [Column; 9] = [
    ("server CPU seconds per million deliveries", |figures| figures.cpu),
    ("deliveries per second", |figures| positive(figures.deliveries_per_second)),
    ("context switches per delivery", |figures| figures.switches),
    ("latency p50, µs", |figures| positive(figures.p50)),
    ("latency p90, µs", |figures| positive(figures.p90)),
    ("latency p99, µs", |figures| positive(figures.p99)),
    ("resident bytes per connection", |figures| figures.resident),
    ("connects per second, with login", |figures| figures.connects_per_second),
    ("p99 of a quiet room beside a flood, times undisturbed", |figures| figures.disturbance),
];

fn positive(figure: f64) -> Option<f64> {
    (figure > 0.0).then_some(figure)
}

impl Figures {
    pub(crate) fn json(&self) -> Value {
        json!({
            "deliveries": self.deliveries,
            "checked": self.checked,
            "deliveries_per_second": self.deliveries_per_second,
            "cpu_seconds_per_million": self.cpu,
            "generator_cpu_seconds_per_million": self.own_cpu,
            "switches_per_delivery": self.switches,
            "p50_us": self.p50,
            "p90_us": self.p90,
            "p99_us": self.p99,
            "resident_bytes_per_connection": self.resident,
            "threads": self.threads,
            "connects_per_second": self.connects_per_second,
            "disturbance": self.disturbance,
        })
    }

    pub(crate) fn set_latency(&mut self, latency: &Histogram) {
        let quantile = |per_thousand| latency.quantile(per_thousand).as_secs_f64() * 1e6;
        (self.p50, self.p90, self.p99) = (quantile(500), quantile(900), quantile(990));
    }
}

/// Reads off what a process uses over a stretch of time.
pub(crate) struct Meter {
    pid: Option<u32>,
    begin: Instant,
    usage: Option<Usage>,
    cpu: Option<Duration>,
    own_cpu: Option<Duration>,
}

impl Meter {
    /// Begins. Without a process only time is measured.
    pub(crate) fn start(pid: Option<u32>) -> Self {
        let usage = pid.and_then(Usage::of);
        let (cpu, own_cpu) = (pid.and_then(run_time), run_time(std::process::id()));
        Self { pid, begin: Instant::now(), usage, cpu, own_cpu }
    }

    /// Ends, after so many deliveries.
    pub(crate) fn stop(&self, deliveries: u64) -> Figures {
        let elapsed = self.begin.elapsed();
        let (cpu, own_cpu) = (self.pid.and_then(run_time), run_time(std::process::id()));
        let usage = self.pid.and_then(Usage::of);
        let each = |total: f64| (deliveries > 0).then(|| total / float(deliveries));
        let spent = |before: Option<Duration>, after: Option<Duration>| {
            each(after?.saturating_sub(before?).as_secs_f64() * 1e6)
        };
        let switches = self.usage.zip(usage);
        let switches =
            switches.map(|(before, after)| after.switches.saturating_sub(before.switches));
        Figures {
            deliveries,
            deliveries_per_second: float(deliveries) / elapsed.as_secs_f64(),
            cpu: spent(self.cpu, cpu),
            own_cpu: spent(self.own_cpu, own_cpu),
            switches: switches.and_then(|switches| each(float(switches))),
            threads: usage.map(|usage| usage.threads),
            ..Figures::default()
        }
    }
}

/// The middle one; of two, the lower.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().checked_sub(1)? / 2).copied()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_one_of_them() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(1.0));
        assert_eq!(median(Vec::new()), None);
    }
}
