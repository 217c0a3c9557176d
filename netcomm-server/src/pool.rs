//! Buffers that all threads share: an idle connection has none.

use std::sync::PoisonError;

use crate::system::Mutex;

/// The size of a read buffer. What a pause leaves of one is kept for its connection.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// So many read buffers are kept.
pub(crate) const READS: usize = 16;

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

    pub(crate) fn take(&self) -> Option<B> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn give_back(&self, buffer: B) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < self.most {
            kept.push(buffer);
        }
    }
}
