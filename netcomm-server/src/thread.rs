//! Threads of the server.
//!
//! A panic is a bug, and what it leaves half done cannot be trusted: it ends the process.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Enough for the deepest call, and of no weight: pages that are not touched cost nothing.
pub(crate) const STACK_BYTES: usize = 256 * 1024;

/// Ends the process when it is dropped by a panic.
struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a thread of the server panicked: the process ends");
            std::process::abort();
        }
    }
}

pub(crate) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.into()).stack_size(STACK_BYTES).spawn(move || {
        let end = EndOnPanic;
        body();
        drop(end);
    })
}
