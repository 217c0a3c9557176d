//! The mailboxes of a crowd, filled and emptied as a server does it.

use std::hint::black_box;

use netcomm_core::limits::Limits;
use netcomm_core::server::{Buffer, Mailbox, Push, Wrote};

/// One for each recipient, and the buffers that nobody uses.
#[derive(Debug)]
pub struct Mailboxes {
    all: Vec<Mailbox>,
    spare: Vec<Buffer>,
    limits: Limits,
}

impl Mailboxes {
    /// For so many recipients.
    #[must_use]
    pub fn new(recipients: usize) -> Self {
        let mut all = Vec::new();
        all.resize_with(recipients, Mailbox::default);
        Self { all, spare: Vec::new(), limits: Limits::default() }
    }

    /// Everyone gets `frame`; then each is emptied, as if a socket had taken it. Answers how many
    /// bytes that were.
    ///
    /// # Panics
    ///
    /// If a mailbox does not take or lose its frame.
    pub fn fan_out(&mut self, frame: &[u8]) -> usize {
        for mailbox in &mut self.all {
            if mailbox.wants_buffer() {
                mailbox.lend(self.spare.pop().unwrap_or_default());
            }
            assert_eq!(mailbox.push(black_box(frame), &self.limits), Push::Claim);
        }
        let mut taken = Buffer::default();
        let mut sent = 0;
        for mailbox in &mut self.all {
            mailbox.take(&mut taken);
            let length = black_box(taken.pieces()).map(<[u8]>::len).sum();
            sent += length;
            assert_eq!(mailbox.wrote(&mut taken, length), Wrote::Done);
            self.spare.push(std::mem::take(&mut taken));
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mailbox_gives_back_what_was_pushed() {
        let mut mailboxes = Mailboxes::new(7);
        for _ in 0..3 {
            assert_eq!(mailboxes.fan_out(b"hello"), 7 * 5);
            assert_eq!(mailboxes.spare.len(), 7);
        }
    }
}
