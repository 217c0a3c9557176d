//! What the tests share.

#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "each test file uses its part, and nobody else any"
)]

pub mod chat;
