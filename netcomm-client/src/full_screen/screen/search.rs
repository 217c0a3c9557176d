//! Finding words in what was said.

use super::scroll::Scroll;
use super::{Mode, Screen};

impl Screen {
    /// Begins to look for `needle`, from the end on.
    pub(crate) fn search(&mut self, needle: &str) {
        let from = self.current().scroll;
        self.mode = Mode::Search { needle: needle.into(), from };
        self.find_anew();
    }

    /// The words to find are others.
    pub(crate) fn find_anew(&mut self) {
        self.current_mut().found = None;
        self.find(true);
    }

    /// The next place where the words stand.
    pub(crate) fn find(&mut self, older: bool) {
        let Mode::Search { needle, .. } = &self.mode else {
            return;
        };
        let needle = needle.to_lowercase();
        if needle.is_empty() {
            return;
        }
        let (pane, look) = (self.pane(), self.look.clone());
        let current = self.current_mut();
        let from = current.found.unwrap_or_else(|| current.buffer.end());
        match current.buffer.find(from, older, &needle) {
            Some(id) => {
                current.found = Some(id);
                current.show(id, pane, &look);
                self.notice = None;
            }
            None if self.current().found.is_some() => {
                self.notice = Some(String::from("no other"));
            }
            None => {
                let why = "not found in what is loaded; page-up loads more";
                self.notice = Some(String::from(why));
            }
        }
    }

    /// Ends the search: where it is now, or where it was.
    pub(crate) fn end_search(&mut self, stay: bool) {
        if let Mode::Search { from, .. } = std::mem::replace(&mut self.mode, Mode::Typing) {
            let current = self.current_mut();
            if !stay {
                current.found = None;
                current.scroll = from;
                if from == Scroll::Bottom {
                    current.follow();
                }
            }
        }
    }
}
