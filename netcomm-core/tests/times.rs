//! Instants, and what the wall clock reads at them.

use std::time::Duration;

use netcomm_core::time::{Instant, UnixMillis, WallClock};

#[test]
fn an_instant_is_as_far_from_the_epoch_as_it_was_made() {
    let elapsed = Duration::from_millis(1500);
    assert_eq!(Instant::from_epoch(elapsed).since_epoch(), elapsed);
    assert_eq!((Instant::EPOCH + elapsed).since_epoch(), elapsed);
    assert_eq!((Instant::from_epoch(Duration::MAX) + elapsed).since_epoch(), Duration::MAX);
}

#[test]
fn the_wall_clock_goes_on_from_where_it_was_read_and_never_back() {
    let read = Instant::from_epoch(Duration::from_secs(10));
    let clock = WallClock::new(read, UnixMillis(1_000_000));
    assert_eq!(clock.at(read), UnixMillis(1_000_000));
    assert_eq!(clock.at(read + Duration::from_micros(1_500_999)), UnixMillis(1_001_500));
    assert_eq!(clock.at(Instant::EPOCH), UnixMillis(1_000_000));
}
