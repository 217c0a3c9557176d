//! The netcomm chat client: sockets, threads and rendering around `netcomm_core`'s session.

pub mod args;
pub mod driver;
pub mod line;
pub mod setup;
