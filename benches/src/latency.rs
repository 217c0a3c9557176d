//! How long things took.

use std::time::Duration;

/// Buckets per doubling.
const FINE: u64 = 32;

/// Counts durations in buckets about 3 % wide.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    longest: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = bucket(nanos);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.longest = self.longest.max(nanos);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The duration that `per_thousand` of all do not exceed, up to a bucket's width.
    #[must_use]
    pub fn quantile(&self, per_thousand: u64) -> Duration {
        let rank = (self.count * per_thousand).div_ceil(1000).max(1);
        let mut passed = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            passed += count;
            if passed >= rank {
                return Duration::from_nanos(top(bucket).min(self.longest));
            }
        }
        Duration::ZERO
    }

    /// The longest that was counted, exactly.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest)
    }
}

fn bucket(nanos: u64) -> usize {
    let shift = (nanos / (2 * FINE)).checked_ilog2().map_or(0, |log| log + 1);
    let bucket = u64::from(shift) * FINE + (nanos >> shift);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The longest duration in a bucket.
fn top(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / FINE).saturating_sub(1);
    let first = u128::from(bucket - shift * FINE);
    u64::try_from(((first + 1) << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_and_narrow() {
        let mut before = 0;
        for nanos in (0..5000).chain((7..57).map(|shift| 77_u64 << shift)) {
            let bucket = bucket(nanos);
            assert!(bucket >= before);
            before = bucket;
            let top = top(bucket);
            assert!(top >= nanos && top - nanos <= nanos / 32, "{nanos} in {top}");
        }
    }

    #[test]
    fn quantiles_are_ranks() {
        let mut histogram = Histogram::default();
        for millis in 1..=1000 {
            histogram.record(Duration::from_millis(millis));
        }
        for (per_thousand, millis) in [(500, 500), (990, 990), (1000, 1000)] {
            let quantile = histogram.quantile(per_thousand);
            let exact = Duration::from_millis(millis);
            assert!(quantile >= exact && quantile <= exact + exact / 31);
        }
        assert_eq!(histogram.longest(), Duration::from_secs(1));
        assert_eq!(Histogram::default().quantile(990), Duration::ZERO);
    }
}
