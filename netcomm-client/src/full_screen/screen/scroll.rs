//! Which part of a conversation is in the pane. Only rows that are seen, or passed, are ever made.

use super::conversation::Conversation;
use super::rows::{Row, rows};
use crate::full_screen::look::Look;

/// Where the pane ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// At the last entry, whichever that is.
    #[default]
    Bottom,
    /// In this entry, of which so many rows are below the pane.
    At { id: i64, below: usize },
}

/// The size of the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Conversation {
    /// The rows that are seen, from the top; fewer than the pane is high where there are no more.
    pub(crate) fn visible(&self, pane: Pane, look: &Look) -> Vec<Row> {
        let (mut id, mut below) = self.bottom(pane, look);
        let mut seen = Vec::new();
        while seen.len() < pane.height && id >= self.buffer.first() {
            let all = rows(self, id, pane.width, look);
            let shown = all.len().saturating_sub(below);
            seen.extend(all.into_iter().take(shown).rev());
            below = 0;
            id -= 1;
        }
        seen.truncate(pane.height);
        seen.reverse();
        seen
    }

    /// Whether the first row that there is can be seen.
    pub(crate) fn shows_top(&self, pane: Pane, look: &Look) -> bool {
        self.above(pane.height + 1, pane, look) <= pane.height
    }

    pub(crate) fn scroll_up(&mut self, by: usize, pane: Pane, look: &Look) {
        let wanted = pane.height.saturating_add(by);
        let mut by = self.above(wanted, pane, look).saturating_sub(pane.height).min(by);
        let (mut id, mut below) = self.bottom(pane, look);
        while by > 0 && id >= self.buffer.first() {
            let left = rows(self, id, pane.width, look).len().saturating_sub(below);
            if by < left {
                below += by;
                by = 0;
            } else {
                by -= left;
                (id, below) = (id - 1, 0);
            }
            self.scroll = Scroll::At { id, below };
        }
    }

    pub(crate) fn scroll_down(&mut self, mut by: usize, pane: Pane, look: &Look) {
        let (mut id, mut below) = self.bottom(pane, look);
        while by > below {
            by -= below;
            id += 1;
            if id >= self.buffer.end() {
                return self.follow();
            }
            below = rows(self, id, pane.width, look).len();
        }
        below -= by;
        if below == 0 && id + 1 >= self.buffer.end() {
            return self.follow();
        }
        self.scroll = Scroll::At { id, below };
    }

    /// Follows what is said from now on.
    pub(crate) const fn follow(&mut self) {
        self.scroll = Scroll::Bottom;
        self.seen();
    }

    /// Shows the entry in the middle of the pane, or lower where little is below it.
    pub(crate) fn show(&mut self, id: i64, pane: Pane, look: &Look) {
        self.scroll = Scroll::At { id, below: 0 };
        self.scroll_down(pane.height / 2, pane, look);
    }

    /// Shows the first row that there is.
    pub(crate) fn show_top(&mut self, pane: Pane, look: &Look) {
        let id = self.buffer.first();
        let count = rows(self, id, pane.width, look).len();
        self.scroll = Scroll::At { id, below: count.saturating_sub(pane.height) };
        self.scroll_down(pane.height.saturating_sub(count), pane, look);
    }

    /// How many rows there are above the end of the pane; it is not counted beyond `most`.
    fn above(&self, most: usize, pane: Pane, look: &Look) -> usize {
        let (mut id, below) = self.bottom(pane, look);
        let mut count = 0;
        let mut hidden = below;
        while count < most && id >= self.buffer.first() {
            count += rows(self, id, pane.width, look).len().saturating_sub(hidden);
            hidden = 0;
            id -= 1;
        }
        count
    }

    /// The last entry that is seen, and how many of its rows are not. The entry may be gone, and
    /// the pane's width another than it was.
    fn bottom(&self, pane: Pane, look: &Look) -> (i64, usize) {
        let last = self.buffer.end() - 1;
        match self.scroll {
            Scroll::Bottom => (last, 0),
            Scroll::At { id, .. } if id < self.buffer.first() => (self.buffer.first().min(last), 0),
            Scroll::At { id, .. } if id > last => (last, 0),
            Scroll::At { id, below } => {
                let most = rows(self, id, pane.width, look).len().saturating_sub(1);
                (id, below.min(most))
            }
        }
    }
}
