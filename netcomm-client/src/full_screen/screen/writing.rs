//! Entries are put into conversations, and the oldest are dropped where there are too many.

use std::fmt;

use netcomm_core::words::{Page, Said as Told};

use super::conversation::Earlier;
use super::entry::{Body, Delivery, Entry, Moves, Said};
use super::scroll::Scroll;
use super::{Place, Screen};
use crate::settings::display::LEAST_SCROLLBACK;

/// So many bytes may a message take on average, before fewer are kept than are asked for.
const BYTES: usize = 512;

impl Screen {
    /// Adds an entry at the end; gives its number.
    pub(crate) fn write(&mut self, place: Place, entry: Entry) -> i64 {
        let is_current = self.current_place() == place;
        let is_said = matches!(&entry.body, Body::Said(said) if said.own.is_none());
        let Some(conversation) = self.at_mut(place) else {
            return 0;
        };
        let id = conversation.buffer.push(entry);
        let is_seen = is_current && conversation.scroll == Scroll::Bottom;
        if is_said && !is_seen {
            conversation.unread += 1;
            if !is_current && conversation.marker.is_none() {
                conversation.marker = Some(id);
            }
        }
        self.forget();
        id
    }

    /// The program says something in a conversation.
    pub(crate) fn say_system(&mut self, place: Place, words: &str) {
        self.write(place, Entry::system(self.clock, words, false));
    }

    /// The program says in a conversation what did not work.
    pub(crate) fn say_trouble(&mut self, place: Place, words: &str) {
        self.write(place, Entry::system(self.clock, words, true));
    }

    /// The program says something where one reads, and where everyone is talked to.
    pub(crate) fn say_all(&mut self, words: &str, trouble: bool) {
        let everyone = self.everyone();
        let current = self.current_place();
        self.write(current, Entry::system(self.clock, words, trouble));
        if current != everyone {
            self.write(everyone, Entry::system(self.clock, words, trouble));
        }
    }

    pub(crate) fn everyone(&self) -> Place {
        self.conversations[0].0
    }

    /// Somebody came or went: told in one entry with who did so just before.
    pub(crate) fn write_move(&mut self, place: Place, nickname: &str, came: bool) {
        let (clock, look) = (self.clock, self.look.clone());
        let Some(conversation) = self.at_mut(place) else {
            return;
        };
        let last = conversation.buffer.end() - 1;
        let is_added = conversation.buffer.change(last, |entry| match &mut entry.body {
            Body::Moves(moves) if look.day(entry.time) == look.day(clock) => {
                moves.add(nickname, came);
                true
            }
            _ => false,
        });
        if is_added != Some(true) {
            let mut moves = Moves::default();
            moves.add(nickname, came);
            self.write(place, Entry { time: clock, seq: 0, body: Body::Moves(moves) });
        }
    }

    /// An own message, which is not sent yet.
    pub(crate) fn write_own(&mut self, place: Place, text: &str) -> i64 {
        let said = Said {
            author: self.me.as_str().into(),
            text: text.into(),
            place: None,
            mention: false,
            own: Some(Delivery::Waiting),
        };
        self.write(place, Entry { time: self.clock, seq: 0, body: Body::Said(said) })
    }

    /// An own message has got so far.
    pub(crate) fn deliver(&mut self, place: Place, entry: i64, delivery: Delivery) {
        if let Some(conversation) = self.at_mut(place) {
            conversation.buffer.change_said(entry, |_, said| said.own = Some(delivery));
        }
    }

    /// An own message was accepted at this place and time.
    pub(crate) fn accept(&mut self, place: Place, entry: i64, at: (u64, u64), time: Option<u64>) {
        let Some(conversation) = self.at_mut(place) else {
            return;
        };
        let (epoch, seq) = at;
        conversation.buffer.change_said(entry, |place, said| {
            *place = seq;
            said.own = Some(Delivery::Accepted);
        });
        if let Some(time) = time {
            conversation.buffer.change(entry, |entry| entry.time = time);
        }
        conversation.placed(epoch, seq);
    }

    /// Where the program's answers in words go: a page for `netcomm_core::words`.
    pub(crate) fn page(&mut self, place: Place) -> Paper<'_> {
        Paper { screen: self, place, trouble: false }
    }

    /// Drops the oldest entries of the longest conversations while there are too many.
    pub(super) fn forget(&mut self) {
        let most = self.display.scrollback.max(LEAST_SCROLLBACK);
        let (mut count, mut bytes) = self.kept();
        while count > most || bytes > most.saturating_mul(BYTES) {
            let by_bytes = count <= most;
            let size = |one: &super::Conversation| {
                if by_bytes { one.buffer.bytes() } else { one.buffer.len() }
            };
            let longest = self.conversations.iter_mut().map(|(_, one)| one);
            let Some(longest) = longest.max_by_key(|one| size(one)) else {
                return;
            };
            let Some(dropped) = longest.buffer.drop_first() else {
                return;
            };
            if dropped.seq > 0 {
                longest.oldest = Some(dropped.seq + 1);
                if longest.earlier == Earlier::Exhausted {
                    longest.earlier = Earlier::Unread;
                }
            }
            (count, bytes) = (count - 1, bytes - dropped.bytes());
        }
    }

    /// Whether as much is kept as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// How many more entries may be kept.
    pub(super) fn room(&self) -> usize {
        let most = self.display.scrollback.max(LEAST_SCROLLBACK);
        let (count, bytes) = self.kept();
        if bytes >= most.saturating_mul(BYTES) { 0 } else { most.saturating_sub(count) }
    }
}

/// Answers in words go to a conversation.
pub(crate) struct Paper<'a> {
    screen: &'a mut Screen,
    place: Place,
    trouble: bool,
}

impl Paper<'_> {
    /// The same, for what did not work.
    pub(crate) fn troubled(self) -> Self {
        Self { trouble: true, ..self }
    }
}

impl Page for Paper<'_> {
    fn system(&mut self, words: fmt::Arguments<'_>) {
        let entry = Entry::system(self.screen.clock, &words.to_string(), self.trouble);
        self.screen.write(self.place, entry);
    }

    fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]) {
        self.system(format_args!("{title} {}", items.join(", ")));
    }

    fn said(&mut self, said: Told<'_>) {
        let time = self.screen.look.minute(said.time.0);
        self.system(format_args!("{time} <{}> {}", said.author, said.text));
    }
}
