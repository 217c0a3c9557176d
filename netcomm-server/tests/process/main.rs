//! The program as its operator meets it: signals, logs, open files, memory, those who do not read.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

mod draining;
mod files;
mod logging;
mod memory;
mod slow;
mod support;
mod unread;
