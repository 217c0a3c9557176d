//! Read buffers, shared by all threads: an idle connection has none.

use std::sync::PoisonError;

use crate::system::Mutex;

/// The size of a read buffer. What a pause leaves of one is kept for its connection.
pub(crate) const BYTES: usize = 16 * 1024;

/// So many are kept for the next who needs one.
pub(crate) const KEPT: usize = 16;

#[derive(Debug)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(crate) fn take(&self) -> Vec<u8> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| vec![0; BYTES])
    }

    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    }
}
