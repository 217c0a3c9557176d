//! Buffers that all threads share: an idle connection has none.

use std::sync::PoisonError;

use crate::system::{Mutex, MutexGuard};

/// The size of a read buffer. What a pause leaves of one is kept for its connection.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// So many bytes of read buffers are kept.
pub(crate) const READS: usize = 16 * READ_BYTES;

/// So many bytes of mailboxes' buffers are kept, where all mailboxes together may hold `most`.
pub(crate) const fn sends(most: usize) -> usize {
    let kept = most / 4;
    if kept < LARGEST_SENDS { kept } else { LARGEST_SENDS }
}

const LARGEST_SENDS: usize = 64 * 1024 * 1024;

/// What is kept for the next who needs one. Else the allocator gives memory back to the system and
/// takes it again, which costs more than all else that the server does for a message.
#[derive(Debug)]
pub(crate) struct Pool<B> {
    kept: Mutex<Kept<B>>,
    /// Bytes.
    most: usize,
}

#[derive(Debug)]
struct Kept<B> {
    /// With the bytes that each takes.
    buffers: Vec<(usize, B)>,
    bytes: usize,
}

impl<B> Pool<B> {
    pub(crate) const fn of(most: usize) -> Self {
        Self { kept: Mutex::new(Kept { buffers: Vec::new(), bytes: 0 }), most }
    }

    pub(crate) fn take(&self) -> Option<B> {
        let mut kept = self.lock();
        let (bytes, buffer) = kept.buffers.pop()?;
        kept.bytes -= bytes;
        Some(buffer)
    }

    pub(crate) fn give_back(&self, bytes: usize, buffer: B) {
        let mut kept = self.lock();
        if kept.bytes + bytes <= self.most {
            kept.bytes += bytes;
            kept.buffers.push((bytes, buffer));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<B>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
