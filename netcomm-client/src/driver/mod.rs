//! Feeds a session bytes, time and requests.
pub mod link;
use crate::line::typed::Typed;
use link::{Attempt, News};

/// What the main loop waits for.
#[derive(Debug)]
pub enum Input {
    /// From a connection's thread.
    Link(Attempt, News),
    /// From standard input.
    Typed(Typed),
    /// An interrupt, from the keyboard or a signal.
    Interrupt,
}
