//! Time as the state machines see it: given by the caller, never read.

use core::ops::Add;
use core::time::Duration;

/// A point on the caller's monotonic clock.
///
/// The epoch is the caller's choice (the start of the process, say); only differences matter.
///
/// ```
/// use core::time::Duration;
/// use netcomm_core::time::Instant;
///
/// let start = Instant::EPOCH;
/// let later = start + Duration::from_secs(5);
/// assert_eq!(later.since(start), Duration::from_secs(5));
/// assert_eq!(start.since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The caller's epoch.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The instant `elapsed` after the caller's epoch.
    #[must_use]
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time since the caller's epoch.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this instant; zero where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time.
    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(after))
    }
}

/// A duration as it goes on the wire.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Wall-clock time on the wire: milliseconds since the Unix epoch.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub u64);

/// Ties the monotonic clock to the wall clock once, so that message times never run backwards.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    at: Instant,
    unix: UnixMillis,
}

impl WallClock {
    /// At the instant `at`, the wall clock read `unix`.
    #[must_use]
    pub const fn new(at: Instant, unix: UnixMillis) -> Self {
        Self { at, unix }
    }

    /// What the wall clock reads at `now`.
    #[must_use]
    pub fn at(self, now: Instant) -> UnixMillis {
        let passed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        UnixMillis(self.unix.0.saturating_add(passed))
    }
}
