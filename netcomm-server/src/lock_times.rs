//! How long the router's lock is waited for and held: counted where the feature `lock-times` asks for
//! it, and told when the server ends (PERFORMANCE.md).

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const IS_COUNTED: bool = cfg!(feature = "lock-times");

/// By the power of two that a time in nanoseconds is below.
type Histogram = [AtomicU64; 64];

#[derive(Debug)]
pub(crate) struct LockTimes {
    waited: Histogram,
    held: Histogram,
}

/// Since when the lock is held.
#[derive(Debug)]
pub(crate) struct Held(Option<Instant>);

impl Default for LockTimes {
    fn default() -> Self {
        let none = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { waited: none(), held: none() }
    }
}

impl LockTimes {
    pub(crate) fn take<T>(&self, lock: impl FnOnce() -> T) -> (T, Held) {
        let before = now();
        let guard = lock();
        let since = now();
        count(&self.waited, before, since);
        (guard, Held(since))
    }

    pub(crate) fn released(&self, Held(since): Held) {
        count(&self.held, since, now());
    }

    /// Writes what was counted to the standard error. Nothing else may wait for who does not read it.
    pub(crate) fn tell(&self) {
        if !IS_COUNTED {
            return;
        }
        let mut out = std::io::stderr().lock();
        for (what, histogram) in [("waited", &self.waited), ("held", &self.held)] {
            for (bits, times) in histogram.iter().enumerate() {
                let times = times.load(Ordering::Relaxed);
                if times > 0 {
                    // Nobody is left to be told where this fails.
                    writeln!(out, "router's lock {what}, below {} ns: {times}", 1_u64 << bits).ok();
                }
            }
        }
    }
}

fn now() -> Option<Instant> {
    IS_COUNTED.then(Instant::now)
}

fn count(histogram: &Histogram, from: Option<Instant>, to: Option<Instant>) {
    if let (Some(from), Some(to)) = (from, to) {
        let nanos = u64::try_from((to - from).as_nanos()).unwrap_or(u64::MAX);
        let bits = u64::BITS - nanos.leading_zeros();
        histogram[bits.min(63) as usize].fetch_add(1, Ordering::Relaxed);
    }
}
