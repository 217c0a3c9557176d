//! One conversation as it is seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use netcomm_core::name::NameKey;
use netcomm_core::wire::{Conversation as Address, ConversationKind};

use super::buffer::Buffer;
use super::entry::{Body, Delivery, Entry};
use super::input_line::InputLine;
use super::scroll::Scroll;

/// So many of those who spoke last are remembered.
const SPEAKERS: usize = 64;

/// What conversations are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// On the server.
    Talk(ConversationKind, NameKey),
    /// All that mentions one, wherever it was said.
    Mentions,
}

impl Key {
    pub(crate) fn of(address: Address<'_>) -> Self {
        Self::Talk(address.kind, NameKey::of(address.name))
    }
}

/// How far the history before the first message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// There may be more.
    Unread,
    /// A page of it is on its way.
    Asked,
    /// There is no more.
    Exhausted,
}

/// One conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) key: Key,
    /// The room's name, or the other's nickname; empty for everyone and for mentions.
    pub(crate) name: String,
    pub(crate) buffer: Buffer,
    pub(crate) scroll: Scroll,
    /// Messages that were not seen.
    pub(crate) unread: usize,
    /// Those of them that mention one, or are private.
    pub(crate) mentions: usize,
    /// Those of them that mention one, and so stand in the list of mentions.
    pub(crate) listed: usize,
    /// The first entry that was not seen when one came back.
    pub(crate) marker: Option<i64>,
    /// The entry that the search has found.
    pub(crate) found: Option<i64>,
    /// Who spoke, the latest last.
    speakers: VecDeque<String>,
    pub(crate) members: BTreeMap<NameKey, String>,
    /// Members whose connection went; where they come back, they are members still.
    pub(crate) away: BTreeSet<NameKey>,
    /// What is being typed here.
    pub(crate) input: InputLine,
    pub(crate) epoch: Option<u64>,
    /// The place of the first message that is here; `None`: not known.
    pub(crate) oldest: Option<u64>,
    pub(crate) earlier: Earlier,
    /// Whether one is in it, where it is a room that one enters.
    pub(crate) entered: bool,
    /// Whether one is no longer in it.
    pub(crate) ended: bool,
}

impl Conversation {
    pub(crate) fn new(key: Key, name: &str) -> Self {
        let earlier = if key == Key::Mentions { Earlier::Exhausted } else { Earlier::Unread };
        Self {
            key,
            name: name.into(),
            buffer: Buffer::default(),
            scroll: Scroll::Bottom,
            unread: 0,
            mentions: 0,
            listed: 0,
            marker: None,
            found: None,
            speakers: VecDeque::new(),
            members: BTreeMap::new(),
            away: BTreeSet::new(),
            input: InputLine::default(),
            epoch: None,
            oldest: None,
            earlier,
            entered: false,
            ended: false,
        }
    }

    /// How the server knows it.
    pub(crate) fn address(&self) -> Option<Address<'_>> {
        match self.key {
            Key::Talk(kind, _) => Some(Address { kind, name: &self.name }),
            Key::Mentions => None,
        }
    }

    pub(crate) const fn is_private(&self) -> bool {
        matches!(self.key, Key::Talk(ConversationKind::PRIVATE, _))
    }

    pub(crate) const fn is_room(&self) -> bool {
        matches!(self.key, Key::Talk(ConversationKind::ROOM, _))
    }

    pub(crate) const fn is_everyone(&self) -> bool {
        matches!(self.key, Key::Talk(ConversationKind::EVERYONE, _))
    }

    /// Whether one is in this room, as far as is known.
    pub(crate) const fn is_entered(&self) -> bool {
        self.is_room() && self.entered && !self.ended
    }

    /// How many own messages wait until they are sent, or answered.
    pub(crate) fn own_waiting(&self) -> usize {
        let waits = |entry: &Entry| match &entry.body {
            Body::Said(said) => matches!(said.own, Some(Delivery::Waiting | Delivery::Sent)),
            Body::Moves(_) | Body::System { .. } => false,
        };
        self.buffer.entries().filter(|entry| waits(entry)).count()
    }

    /// As it is called in the list.
    pub(crate) fn title(&self) -> String {
        match self.address() {
            None => String::from("mentions"),
            Some(_) if self.is_everyone() => String::from("everyone"),
            Some(address) => address.to_string(),
        }
    }

    /// Somebody else said something.
    pub(crate) fn heard(&mut self, author: &str) {
        self.speakers.retain(|name| name != author);
        if self.speakers.len() == SPEAKERS {
            self.speakers.pop_front();
        }
        self.speakers.push_back(author.into());
    }

    /// Who spoke, the latest first.
    pub(crate) fn speakers(&self) -> impl Iterator<Item = &str> {
        self.speakers.iter().rev().map(String::as_str)
    }

    /// Somebody is called otherwise now.
    pub(crate) fn renamed(&mut self, from: &str, to: &str) -> bool {
        let was = self.members.remove(&NameKey::of(from)).is_some();
        if was {
            self.members.insert(NameKey::of(to), to.into());
        }
        self.speakers.iter_mut().filter(|name| **name == *from).for_each(|name| *name = to.into());
        was
    }

    /// Nobody is known to be here.
    pub(crate) fn forget_people(&mut self) {
        self.members.clear();
        self.away.clear();
    }

    /// Takes note of the place of a message that is here.
    pub(crate) fn placed(&mut self, epoch: u64, seq: u64) {
        self.epoch = Some(epoch);
        self.oldest = Some(self.oldest.map_or(seq, |oldest| oldest.min(seq)));
    }

    /// One has seen all of it.
    pub(crate) const fn seen(&mut self) {
        self.unread = 0;
        self.mentions = 0;
        self.listed = 0;
    }
}
