//! Buffers that all threads share: an idle connection has none.

use std::sync::PoisonError;

use crate::system::{Mutex, MutexGuard};

/// No larger buffer of a mailbox is kept.
pub(crate) const SEND_BYTES: usize = 64 * 1024;

/// So many buffers of mailboxes are kept where all mailboxes together may hold `bytes`: no more
/// than what a large room is sent at once.
pub(crate) fn sends(bytes: usize) -> usize {
    (bytes / 4 / SEND_BYTES).min(1024)
}

/// What is kept for the next who needs one. Else the allocator gives memory back to the system and
/// takes it again, which costs more than all else that the server does for a message.
#[derive(Debug)]
pub(crate) struct Pool<B> {
    kept: Mutex<Vec<B>>,
    most: usize,
}

impl<B> Pool<B> {
    pub(crate) const fn of(most: usize) -> Self {
        Self { kept: Mutex::new(Vec::new()), most }
    }

    /// Takes so many, or as many as there are.
    pub(crate) fn take_some(&self, count: usize, into: &mut Vec<B>) {
        let mut kept = self.lock();
        let left = kept.len().saturating_sub(count);
        into.extend(kept.drain(left..));
    }

    /// Those that are too many are dropped.
    pub(crate) fn give_back_all(&self, buffers: &mut Vec<B>) {
        if !buffers.is_empty() {
            let mut kept = self.lock();
            let room = self.most.saturating_sub(kept.len()).min(buffers.len());
            kept.extend(buffers.drain(..room));
            drop(kept);
            buffers.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<B>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
