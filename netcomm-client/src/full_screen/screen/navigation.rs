//! From one conversation to another, and up and down in one.

use netcomm_core::wire::Conversation as Address;

use super::conversation::{Conversation, Earlier, Key};
use super::scroll::Scroll;
use super::{Connection, Place, Screen, Wish};

impl Screen {
    pub(crate) fn switch(&mut self, index: usize) {
        if index >= self.conversations.len() {
            self.notice = Some(format!("there is no conversation {}", index + 1));
            return;
        }
        if index == self.current {
            return;
        }
        let left = self.current_mut();
        left.marker = None;
        left.found = None;
        self.current = index;
        self.shown();
    }

    pub(crate) fn switch_to(&mut self, place: Place) {
        if let Some(index) = self.conversations.iter().position(|(one, _)| *one == place) {
            self.switch(index);
        }
    }

    pub(crate) fn switch_by(&mut self, back: bool) {
        let count = self.conversations.len();
        let step = if back { count - 1 } else { 1 };
        self.switch((self.current + step) % count);
    }

    /// To the next conversation with something unread; those that mention one, or are private,
    /// come first.
    pub(crate) fn switch_to_unread(&mut self) {
        let count = self.conversations.len();
        let one = |index: &usize| &self.conversations[*index].1;
        let others = || {
            let others = (1..count).map(|step| (self.current + step) % count);
            // What is in the list of mentions is unread where it was said.
            others.filter(|index| one(index).key != Key::Mentions)
        };
        let mut found = others().find(|index| one(index).mentions > 0);
        found = found.or_else(|| others().find(|index| one(index).unread > 0));
        match found {
            Some(index) => self.switch(index),
            None if self.current().unread > 0 => self.current_mut().follow(),
            None => self.notice = Some(String::from("nothing unread")),
        }
    }

    /// How many messages of a conversation were not seen. What is in the list of mentions is seen
    /// where it was said, too.
    pub(crate) fn unread(&self, of: &Conversation) -> usize {
        if of.key == Key::Mentions {
            return of.unread.min(self.conversations().map(|one| one.listed).sum());
        }
        of.unread
    }

    /// To what mentions one.
    pub(crate) fn switch_to_mentions(&mut self) {
        let place = self.open_key(Key::Mentions, "");
        self.switch_to(place);
        if self.current().buffer.len() == 0 {
            self.notice = Some(String::from("nothing has mentioned you so far"));
        }
    }

    /// The private conversation with `nickname`.
    pub(crate) fn query(&mut self, nickname: &str) {
        let place = self.open(Address::private(nickname));
        self.switch_to(place);
    }

    /// The current conversation is in sight now.
    pub(super) fn shown(&mut self) {
        self.completion = None;
        let current = self.current_mut();
        if current.scroll == Scroll::Bottom {
            current.seen();
        }
        self.fill();
    }

    pub(crate) fn scroll_up(&mut self, by: usize) {
        let (pane, look) = (self.pane(), self.look.clone());
        self.current_mut().scroll_up(by, pane, &look);
        if self.current().shows_top(pane, &look) {
            self.want_earlier();
        }
    }

    pub(crate) fn scroll_down(&mut self, by: usize) {
        let (pane, look) = (self.pane(), self.look.clone());
        self.current_mut().scroll_down(by, pane, &look);
    }

    pub(crate) fn scroll_to_top(&mut self) {
        let (pane, look) = (self.pane(), self.look.clone());
        self.current_mut().show_top(pane, &look);
        self.want_earlier();
    }

    /// Loads what was said before, where the pane is not full.
    pub(crate) fn fill(&mut self) {
        let pane = self.pane();
        if self.current().buffer.len() < pane.height && !self.is_full() {
            self.want_earlier();
        }
    }

    fn want_earlier(&mut self) {
        if self.connection != Connection::Up || self.current().ended {
            return;
        }
        if self.current().earlier == Earlier::Unread {
            if self.is_full() {
                let why = "no more is kept here than `scrollback` says";
                self.notice = Some(String::from(why));
                return;
            }
            self.current_mut().earlier = Earlier::Asked;
            let place = self.current_place();
            self.wishes.push_back(Wish::Earlier { place });
        }
    }
}
