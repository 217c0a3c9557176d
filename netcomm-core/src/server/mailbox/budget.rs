//! What all mailboxes together may hold.

use alloc::vec::Vec;

use super::Mailbox;

/// Finds the mailboxes to be cut where all together hold too much: the largest first
/// (PROTOCOL.md, "Limits": `mailboxes_bytes`).
///
/// ```
/// use netcomm_core::limits::Limits;
/// use netcomm_core::server::{Budget, Mailbox};
///
/// let mut mailboxes = [Mailbox::default(), Mailbox::default()];
/// let limits = Limits::default();
/// for (mailbox, bytes) in mailboxes.iter_mut().zip([10, 20]) {
///     let _ = mailbox.push(&vec![0; bytes], &limits);
/// }
/// let mut budget = Budget::exceeded_by(5);
/// for (whose, mailbox) in mailboxes.iter().enumerate() {
///     budget.count(mailbox, whose);
/// }
/// assert!(budget.to_cut().eq([1]));
/// ```
#[derive(Debug)]
pub struct Budget<P> {
    over: usize,
    /// How much each holds that can be cut, and whose it is.
    mailboxes: Vec<(usize, P)>,
}

impl<P> Budget<P> {
    /// So many bytes wait too many.
    #[must_use]
    pub const fn exceeded_by(over: usize) -> Self {
        Self { over, mailboxes: Vec::new() }
    }

    /// Looks at somebody's mailbox.
    pub fn count(&mut self, mailbox: &Mailbox, whose: P) {
        if mailbox.can_be_cut() {
            self.mailboxes.push((mailbox.len(), whose));
        } else {
            // What is just being sent counts until it is sent; nobody else is cut for it.
            self.over = self.over.saturating_sub(mailbox.len());
        }
    }

    /// Whose mailboxes are to be cut.
    pub fn to_cut(self) -> impl Iterator<Item = P> {
        let Self { mut over, mut mailboxes } = self;
        mailboxes.sort_by_key(|(bytes, _)| core::cmp::Reverse(*bytes));
        let cut = mailboxes.into_iter().take_while(move |(bytes, _)| {
            let is_over = over > 0 && *bytes > 0;
            over = over.saturating_sub(*bytes);
            is_over
        });
        cut.map(|(_, whose)| whose)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Buffer, Push};
    use super::*;
    use crate::limits::Limits;

    fn holding(bytes: usize) -> Mailbox {
        let mut mailbox = Mailbox::default();
        if bytes > 0 {
            let push = mailbox.push(&alloc::vec![0; bytes], &Limits::default());
            assert_eq!(push, Push::Claim);
        }
        mailbox
    }

    fn cut(over: usize, mailboxes: &[Mailbox]) -> Vec<usize> {
        let mut budget = Budget::exceeded_by(over);
        for (whose, mailbox) in mailboxes.iter().enumerate() {
            budget.count(mailbox, whose);
        }
        budget.to_cut().collect()
    }

    #[test]
    fn the_largest_go_first_and_no_more_than_needed() {
        let mailboxes = [10, 30, 0, 20].map(holding);
        for (over, expected) in [(0, &[][..]), (1, &[1]), (30, &[1]), (31, &[1, 3])] {
            assert_eq!(cut(over, &mailboxes), expected);
        }
        assert_eq!(cut(1000, &mailboxes), [1, 3, 0], "an empty one is never cut");
    }

    #[test]
    fn nobody_is_cut_for_one_that_is_cut_already() {
        let mut mailboxes = [100, 10].map(holding);
        let mut taken = Buffer::default();
        mailboxes[0].take(&mut taken);
        assert_eq!(mailboxes[0].cut(b"bye"), Push::Queued);
        assert_eq!(cut(100, &mailboxes), [0; 0]);
        assert_eq!(cut(104, &mailboxes), [1]);
    }
}
