//! What the full screen is about, as a state machine: keys and events go in, wishes and rows come
//! out. It knows neither a terminal nor a session.

pub(crate) mod buffer;
pub(crate) mod completion;
pub(crate) mod conversation;
pub(crate) mod entry;
pub(crate) mod glyph;
pub(crate) mod help;
mod incoming;
pub(crate) mod input_line;
pub(crate) mod keys;
pub(crate) mod layout;
mod mention;
mod navigation;
pub(crate) mod own_command;
mod people;
pub(crate) mod rows;
pub(crate) mod scroll;
mod search;
mod typed;
mod writing;

use std::collections::{BTreeMap, VecDeque};

use netcomm_core::name::NameKey;
use netcomm_core::wire::Conversation as Address;

use super::look::Look;
use crate::settings::display::Display;
use completion::Completion;
use conversation::{Conversation, Key};
use input_line::Recall;
use layout::Layout;
use scroll::{Pane, Scroll};

/// What the screen wants to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Say this in a conversation, where it stands as this entry.
    Say {
        place: Place,
        entry: i64,
        text: String,
    },
    /// Do what a command asks for; where it was typed.
    Command {
        place: Place,
        line: String,
    },
    /// Load what was said before the first message that is here.
    Earlier {
        place: Place,
    },
    /// Learn which rooms there are.
    Rooms,
    /// Log in with another nickname.
    Nickname(String),
    /// End; with this exit code.
    Quit(u8),
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// Names a conversation, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// How the connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Connecting,
    Up,
    /// Until `retry`, in milliseconds since the Unix epoch.
    Lost {
        why: String,
        retry: u64,
    },
    /// The nickname was refused: the next line is another.
    Naming,
    Ended,
}

/// What the keys are for.
#[derive(Debug)]
pub(crate) enum Mode {
    Typing,
    /// The words to find, and where the pane was.
    Search {
        needle: String,
        from: Scroll,
    },
    /// Lines that were pasted; nothing is sent yet.
    Paste(String),
    /// The keys are explained; so many lines are above the pane.
    Help(usize),
}

/// The whole screen.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Debug)]
pub struct Screen {
    pub(crate) look: Look,
    display: Display,
    /// The server's address, as it was asked for.
    pub(crate) address: String,
    width: u16,
    height: u16,
    /// In milliseconds since the Unix epoch.
    pub(crate) clock: u64,
    pub(crate) me: String,
    pub(crate) hidden: bool,
    pub(crate) connection: Connection,
    /// How long the server took for its last answer, in milliseconds.
    pub(crate) lag: Option<u64>,
    /// Since when an answer is awaited.
    pub(crate) awaiting: Option<u64>,
    conversations: Vec<(Place, Conversation)>,
    current: usize,
    next_place: u64,
    recall: Recall,
    pub(crate) mode: Mode,
    completion: Option<Completion>,
    online: BTreeMap<NameKey, String>,
    known_rooms: BTreeMap<NameKey, String>,
    wishes: VecDeque<Wish>,
    rings: bool,
    /// Whether it was said that a text shows the name of who is hidden.
    warned: bool,
    /// Whether the next Ctrl-c ends.
    leaving: bool,
    /// What was done by the last key, or why not.
    pub(crate) notice: Option<String>,
}

/// So many conversations are kept open; of more, the private ones that are silent for longest are
/// closed.
const CONVERSATIONS: usize = 1000;

impl Screen {
    /// A screen of nothing yet, for `nickname` at `address`.
    #[must_use]
    pub fn new(look: Look, display: Display, nickname: &str, address: &str) -> Self {
        let mut screen = Self {
            look: Look { compact: display.compact, ..look },
            display,
            address: address.into(),
            width: 80,
            height: 24,
            clock: 0,
            me: nickname.into(),
            hidden: false,
            connection: Connection::Connecting,
            lag: None,
            awaiting: None,
            conversations: Vec::new(),
            current: 0,
            next_place: 0,
            recall: Recall::default(),
            mode: Mode::Typing,
            completion: None,
            online: BTreeMap::new(),
            known_rooms: BTreeMap::new(),
            wishes: VecDeque::new(),
            rings: false,
            warned: false,
            leaving: false,
            notice: None,
        };
        screen.open(Address::EVERYONE);
        screen
    }

    /// The window has another size.
    pub fn resize(&mut self, width: u16, height: u16) {
        (self.width, self.height) = (width, height);
        self.fill();
    }

    /// What time it is, in milliseconds since the Unix epoch.
    pub fn set_clock(&mut self, millis: u64) {
        self.clock = millis;
    }

    pub(crate) fn wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// Whether to ring, once.
    pub(crate) const fn rings(&mut self) -> bool {
        std::mem::replace(&mut self.rings, false)
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.width, self.height)
    }

    pub(crate) fn pane(&self) -> Pane {
        let pane = self.layout().pane;
        Pane { width: usize::from(pane.width).max(1), height: usize::from(pane.height) }
    }

    pub(crate) fn conversations(&self) -> impl ExactSizeIterator<Item = &Conversation> {
        self.conversations.iter().map(|(_, one)| one)
    }

    pub(crate) const fn current_index(&self) -> usize {
        self.current
    }

    pub(crate) fn current(&self) -> &Conversation {
        // There is always one: that of everyone is never closed.
        &self.conversations[self.current].1
    }

    pub(crate) fn current_mut(&mut self) -> &mut Conversation {
        &mut self.conversations[self.current].1
    }

    pub(crate) fn current_place(&self) -> Place {
        self.conversations[self.current].0
    }

    pub(crate) fn at(&self, place: Place) -> Option<&Conversation> {
        self.conversations.iter().find(|(one, _)| *one == place).map(|(_, found)| found)
    }

    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut Conversation> {
        self.conversations.iter_mut().find(|(one, _)| *one == place).map(|(_, found)| found)
    }

    pub(crate) fn place_of(&self, key: &Key) -> Option<Place> {
        self.conversations.iter().find(|(_, one)| one.key == *key).map(|(place, _)| *place)
    }

    pub(crate) const fn completion(&self) -> Option<&Completion> {
        self.completion.as_ref()
    }

    /// The conversation of this name, which is opened where it is not.
    pub(crate) fn open(&mut self, address: Address<'_>) -> Place {
        self.open_key(Key::of(address), address.name)
    }

    pub(crate) fn open_key(&mut self, key: Key, name: &str) -> Place {
        if let Some(place) = self.place_of(&key) {
            return place;
        }
        if self.conversations.len() >= CONVERSATIONS {
            self.close_most_silent();
        }
        let place = Place(self.next_place);
        self.next_place += 1;
        self.conversations.push((place, Conversation::new(key, name)));
        place
    }

    /// Closes a conversation; that of everyone stays.
    pub(crate) fn close(&mut self, place: Place) {
        let index = self.conversations.iter().position(|(one, _)| *one == place);
        let Some(index) = index.filter(|index| *index > 0) else {
            return;
        };
        self.conversations.remove(index);
        if self.current == index {
            self.current = index - 1;
            self.shown();
        } else if self.current > index {
            self.current -= 1;
        }
    }

    fn close_most_silent(&mut self) {
        let last = |one: &Conversation| one.buffer.entry(one.buffer.end() - 1).map(|it| it.time);
        let closable = |index: usize, one: &Conversation| {
            index != self.current && one.is_private() && one.mentions == 0 && one.own_waiting() == 0
        };
        let silent = (self.conversations.iter().enumerate())
            .filter(|(index, (_, one))| closable(*index, one))
            .min_by_key(|(_, (_, one))| last(one))
            .map(|(_, (place, _))| *place);
        if let Some(place) = silent {
            self.close(place);
        }
    }

    /// All messages that are kept, in all conversations: how many, and how many bytes.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        self.conversations().fold((0, 0), |(count, bytes), one| {
            (count + one.buffer.len(), bytes + one.buffer.bytes())
        })
    }
}
