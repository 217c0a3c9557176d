//! Who may be called what.

use std::collections::{BTreeMap, BTreeSet};

/// Everybody who ever wished for a name. Most names are one person's for ever.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, BTreeSet<usize>>);

impl Names {
    pub(super) fn wish(&mut self, number: usize, nickname: &str) {
        self.0.entry(nickname.into()).or_default().insert(number);
    }

    pub(super) fn is_of(&self, nickname: &str, number: usize) -> bool {
        self.of(nickname).any(|one| one == number)
    }

    pub(super) fn of(&self, nickname: &str) -> impl Iterator<Item = usize> {
        self.0.get(nickname).into_iter().flatten().copied()
    }

    /// Whose name it is, where only one person ever wished for it.
    pub(super) fn only(&self, nickname: &str) -> Option<usize> {
        self.of(nickname).next().filter(|_| self.of(nickname).count() == 1)
    }
}
