//! What the fuzz targets share with the tests of core.

#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "each target uses its part, nobody else any, and all may panic"
)]

#[path = "../../netcomm-core/tests/support/both.rs"]
pub mod both;
#[path = "../../netcomm-core/tests/support/chat.rs"]
pub mod chat;
#[path = "../../netcomm-core/tests/support/model/mod.rs"]
pub mod model;
#[path = "../../netcomm-core/tests/support/trace.rs"]
pub mod trace;
