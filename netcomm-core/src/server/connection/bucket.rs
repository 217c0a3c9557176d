//! How fast a connection may ask for things (PROTOCOL.md, "Limits").

use core::time::Duration;

use crate::limits::{Limit, Limits};
use crate::time::Instant;
use crate::wire::ClientMessage;

/// What one token costs, in nanoseconds times tokens per minute: filling is a product of whole
/// numbers and nothing is ever rounded away.
const TOKEN: u64 = 60_000_000_000;

/// How many tokens may be saved, and how many are added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    burst: u32,
    per_minute: u32,
}

impl Rate {
    pub(super) fn new(burst: u64, per_minute: u64) -> Self {
        let clamp = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
        Self { burst: clamp(burst), per_minute: clamp(per_minute) }
    }
}

/// Tokens: each admits one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: u32,
    /// What there is of one more.
    part: u64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, part: 0, at: now }
    }

    /// Takes one token, or says how long it takes until there is one.
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.take_some(1, rate, now).map_err(|()| self.wait(rate, now))
    }

    /// Takes so many tokens, where they are there.
    fn take_some(&mut self, count: u32, rate: Rate, now: Instant) -> Result<(), ()> {
        *self = self.filled(rate, now);
        self.tokens = self.tokens.checked_sub(count).ok_or(())?;
        Ok(())
    }

    /// How long it takes until there is a token; zero where there is one.
    pub(super) fn wait(&self, rate: Rate, now: Instant) -> Duration {
        let Self { tokens: 0, part, .. } = self.filled(rate, now) else {
            return Duration::ZERO;
        };
        Duration::from_nanos((TOKEN - part).div_ceil(u64::from(rate.per_minute)))
    }

    /// Whether there is no token. One that had some a moment ago has them now.
    fn is_empty(&self, rate: Rate, now: Instant) -> bool {
        self.tokens == 0 && self.filled(rate, now).tokens == 0
    }

    /// With what has come since.
    fn filled(self, rate: Rate, now: Instant) -> Self {
        // Most of what is read is read with more, and at one time.
        if now == self.at {
            return self;
        }
        let came = now.since(self.at).as_nanos().saturating_mul(u128::from(rate.per_minute));
        let came = came.saturating_add(u128::from(self.part));
        let (whole, part) = (came / u128::from(TOKEN), came % u128::from(TOKEN));
        let missing = rate.burst.saturating_sub(self.tokens);
        let at = self.at.max(now);
        match (u32::try_from(whole), u64::try_from(part)) {
            (Ok(whole), Ok(part)) if whole < missing => {
                Self { tokens: self.tokens + whole, part, at }
            }
            _ => Self { tokens: self.tokens.max(rate.burst), part: 0, at },
        }
    }
}

/// What a frame or line costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    /// Nothing.
    Free,
    /// A post: it waits, so that the order is kept.
    Post,
    /// A page of a list or of history.
    Query,
    /// Any other request.
    Other,
    /// It is refused whatever the rate is.
    Refusal,
}

impl Cost {
    pub(super) fn of(message: &ClientMessage<'_>) -> Self {
        match message {
            ClientMessage::Post { .. } => Self::Post,
            ClientMessage::Members { .. }
            | ClientMessage::Rooms { .. }
            | ClientMessage::History { .. }
            | ClientMessage::Conversations { .. } => Self::Query,
            ClientMessage::Join { .. }
            | ClientMessage::CreateRoom { .. }
            | ClientMessage::Leave { .. }
            | ClientMessage::Rename { .. }
            | ClientMessage::Hide
            | ClientMessage::Reveal
            | ClientMessage::Ping { .. } => Self::Other,
            ClientMessage::Pong { .. } | ClientMessage::Quit => Self::Free,
            ClientMessage::Login { .. } | ClientMessage::Unknown => Self::Refusal,
        }
    }
}

/// Why a request is not passed on now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beyond {
    /// Names the limits, for people.
    pub(super) text: &'static str,
    /// When it may work, in milliseconds from now.
    pub(super) retry_after: u64,
}

/// The buckets of one connection.
///
/// Refusals have one too: who is refused faster than that is read more slowly, as if posting.
/// So nobody can make the router answer faster than the limits say.
#[derive(Debug)]
pub(super) struct Throttle {
    requests: Rate,
    pages: Rate,
    posts: Bucket,
    queries: Bucket,
    refusals: Bucket,
}

impl Throttle {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let requests = Rate::new(limits[Limit::PostBurst], limits[Limit::PostsPerMinute]);
        let pages = Rate::new(limits[Limit::QueryBurst], limits[Limit::QueriesPerMinute]);
        Self {
            requests,
            pages,
            posts: Bucket::full(requests, now),
            queries: Bucket::full(pages, now),
            refusals: Bucket::full(requests, now),
        }
    }

    /// Whether any bucket is empty: only then [`Self::pause`] can say anything.
    pub(super) fn is_dry(&self, now: Instant) -> bool {
        self.posts.is_empty(self.requests, now)
            || self.queries.is_empty(self.pages, now)
            || self.refusals.is_empty(self.requests, now)
    }

    /// How long reading must pause before something of this cost is taken; zero: not at all.
    pub(super) fn pause(&self, cost: Cost, now: Instant) -> Duration {
        let refusal = self.refusals.wait(self.requests, now);
        match cost {
            Cost::Free => Duration::ZERO,
            Cost::Post => self.posts.wait(self.requests, now),
            Cost::Query => refusal.min(self.queries.wait(self.pages, now)),
            Cost::Other => refusal.min(self.posts.wait(self.requests, now)),
            Cost::Refusal => refusal,
        }
    }

    /// Pays for a request, or says why it is refused; the refusal is paid for then.
    pub(super) fn take(&mut self, cost: Cost, now: Instant) -> Result<(), Beyond> {
        let (taken, text) = match cost {
            Cost::Free => return Ok(()),
            Cost::Post | Cost::Other => (
                self.posts.take(self.requests, now),
                "too many requests: post_burst at once, then posts_per_minute",
            ),
            Cost::Query => (
                self.queries.take(self.pages, now),
                "too many pages: query_burst at once, then queries_per_minute",
            ),
            Cost::Refusal => {
                self.refuse(now);
                return Ok(());
            }
        };
        taken.map_err(|wait| {
            self.refuse(now);
            let retry_after = u64::try_from(wait.as_nanos().div_ceil(1_000_000));
            Beyond { text, retry_after: retry_after.unwrap_or(u64::MAX) }
        })
    }

    /// How many posts may come at once.
    pub(super) fn posts_left(&self, now: Instant) -> usize {
        usize::try_from(self.posts.filled(self.requests, now).tokens).unwrap_or(usize::MAX)
    }

    /// Pays for posts that may come.
    pub(super) fn take_posts(&mut self, count: usize, now: Instant) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if self.posts.take_some(count, self.requests, now).is_err() {
            debug_assert!(false, "more posts than may come");
        }
    }

    fn refuse(&mut self, now: Instant) {
        if self.refusals.take(self.requests, now).is_err() {
            debug_assert!(false, "a refusal that was not paused for");
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In every window no more pass than the burst and what the window adds, and whatever is
        /// turned away would have been more than that since some moment.
        #[test]
        fn a_bucket_is_exact(
            burst in 1_u32..6,
            per_minute in 1_u32..2000,
            steps in prop::collection::vec(0_u64..200_000_000, 1..120),
        ) {
            let rate = Rate { burst, per_minute };
            let mut now = Instant::EPOCH;
            let mut bucket = Bucket::full(rate, now);
            let mut passed: Vec<Instant> = Vec::new();
            let allowed = |from: Instant, to: Instant| {
                u128::from(burst) * u128::from(TOKEN) + to.since(from).as_nanos() * u128::from(per_minute)
            };
            for step in steps {
                now = now + Duration::from_nanos(step);
                // Passing now must keep every window that ends now within its allowance.
                let fits = (0..=passed.len()).all(|first| {
                    let from = passed.get(first).copied().unwrap_or(now);
                    let count = u128::try_from(passed.len() - first).unwrap() + 1;
                    count * u128::from(TOKEN) <= allowed(from, now)
                });
                match bucket.take(rate, now) {
                    Ok(()) => {
                        prop_assert!(fits);
                        passed.push(now);
                    }
                    Err(wait) => {
                        prop_assert!(!fits);
                        prop_assert!(bucket.wait(rate, now + wait).is_zero());
                        let sooner = wait.saturating_sub(Duration::from_nanos(1));
                        prop_assert!(!bucket.wait(rate, now + sooner).is_zero());
                    }
                }
            }
        }
    }

    /// Also at the very moment when a token is there again.
    #[test]
    fn a_throttle_is_dry_while_something_must_pause() {
        let mut limits = Limits::default();
        for limit in ["post_burst", "query_burst"] {
            limits.set(limit, 3).unwrap();
        }
        for limit in ["posts_per_minute", "queries_per_minute"] {
            limits.set(limit, 60).unwrap();
        }
        for cost in [Cost::Post, Cost::Query, Cost::Refusal] {
            let mut throttle = Throttle::new(&limits, Instant::EPOCH);
            for _ in 0..3 {
                assert!(!throttle.is_dry(Instant::EPOCH), "{cost:?}");
                throttle.take(cost, Instant::EPOCH).unwrap();
            }
            assert!(throttle.is_dry(Instant::EPOCH), "{cost:?}");
            let before = Instant::EPOCH + Duration::from_nanos(999_999_999);
            assert!(throttle.is_dry(before), "{cost:?}");
            assert!(!throttle.is_dry(Instant::EPOCH + Duration::from_secs(1)), "{cost:?}");
        }
    }

    #[test]
    fn a_bucket_never_saves_more_than_its_burst() {
        let rate = Rate::new(3, 600);
        let mut bucket = Bucket::full(rate, Instant::EPOCH);
        let later = Instant::EPOCH + Duration::from_secs(1 << 40);
        let passed = (0..10).filter(|_| bucket.take(rate, later).is_ok()).count();
        assert_eq!(passed, 3);
        // A clock that stands still or runs backwards adds nothing.
        assert!(bucket.take(rate, Instant::EPOCH).is_err());
        assert!(bucket.take(rate, later).is_err());
    }
}
