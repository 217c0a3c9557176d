//! A chat protocol without I/O.
//!
//! `netcomm-core` knows what a chat says and when; it opens no socket, starts no thread, reads
//! no clock and draws no random number. Bytes go in, messages and bytes come out.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod client;
pub mod command;
pub mod frame;
pub mod limits;
pub mod name;
pub mod preface;
pub mod server;
pub mod text;
pub mod time;
pub mod wire;
