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
pub mod model;
pub mod script;
pub mod sim;
pub mod trace;
pub mod traces;
pub mod twin;

/// How many times the usual number of cases is wanted.
pub fn effort() -> u32 {
    std::env::var("NETCOMM_TEST_EFFORT").ok().and_then(|effort| effort.parse().ok()).unwrap_or(1)
}
