//! What the tests share.

#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "each test file uses its part, nobody else any, and a test may panic"
)]

pub mod both;
pub mod chat;
pub mod examples;
pub mod hostile;
pub mod listing;
pub mod model;
pub mod script;
pub mod sim;
pub mod strategies;
pub mod trace;
pub mod traces;
pub mod twin;

use proptest::prelude::ProptestConfig;

/// A random test of so many cases.
pub fn random(usual: u32) -> ProptestConfig {
    ProptestConfig { cases: cases(usual), failure_persistence: None, ..ProptestConfig::default() }
}

/// The usual number of cases times `NETCOMM_TEST_EFFORT`, which may be a fraction; at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
pub fn cases(usual: u32) -> u32 {
    let effort = std::env::var("NETCOMM_TEST_EFFORT").ok();
    let effort: f64 = effort.map_or(1.0, |effort| effort.parse().expect("a number"));
    ((f64::from(usual) * effort).ceil() as u32).max(1)
}
