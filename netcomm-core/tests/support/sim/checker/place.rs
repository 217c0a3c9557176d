//! Where a user stands in its conversations.

use std::collections::BTreeSet;

use netcomm_core::client::ConversationName;
use netcomm_core::wire::{ConversationKind, Position};

use super::User;
use super::names::Names;

/// Up to where a user has everything.
pub(super) struct Place {
    pub(super) name: ConversationName,
    pub(super) epoch: u64,
    pub(super) next: u64,
    pub(super) open: bool,
    /// Whether only the author's own words name it so: it may have another name by now.
    pub(super) own: bool,
}

impl User {
    /// The conversation that has this name now. Another may have had it before.
    pub(super) fn open(&mut self, name: &ConversationName) -> Option<&mut Place> {
        let mut places = self.places.iter_mut().rev();
        places.find(|place| place.open && place.name == *name)
    }

    /// The conversation that has had this name for longest: it is the one that ends.
    pub(super) fn oldest(&mut self, name: &ConversationName) -> Option<&mut Place> {
        let mut places = self.places.iter_mut();
        places.find(|place| place.open && place.name == *name)
    }

    /// A conversation has another name, as the newest of those that have it.
    pub(super) fn rename(&mut self, from: &ConversationName, to: String) {
        let found = self.places.iter().rposition(|place| place.open && place.name == *from);
        if let Some(index) = found {
            let mut place = self.places.remove(index);
            place.name.name.clone_from(&to);
            self.places.push(place);
        }
        if let Some(next) = self.anew.remove(&(from.kind, from.name.clone())) {
            self.anew.insert((from.kind, to), next);
        }
    }

    pub(super) fn skip_own(&mut self) {
        for place in &mut self.places {
            place.skip(&self.own);
        }
    }

    pub(super) fn excuse(&mut self, names: &Names, conversation: &ConversationName) {
        if conversation.kind == ConversationKind::PRIVATE {
            self.excused.extend(names.of(&conversation.name));
        }
    }

    pub(super) fn begin(&mut self, name: ConversationName, epoch: u64, next: u64) -> &mut Place {
        self.places.push(Place { name, epoch, next, open: true, own: false });
        self.places.last_mut().expect("just pushed")
    }

    pub(super) fn place(
        &mut self,
        name: &ConversationName,
        position: Position,
        own: bool,
    ) -> &mut Place {
        let known = self.places.iter().position(|place| {
            place.open && place.epoch == position.epoch && place.name.kind == name.kind
        });
        if let Some(index) = known {
            let place = &mut self.places[index];
            if !own && std::mem::take(&mut place.own) {
                place.name = name.clone();
            }
            assert!(own || place.name == *name, "{name} is {}", place.name);
            return place;
        }
        let private = name.kind == ConversationKind::PRIVATE;
        let left = self.places.iter().rposition(|place| private && place.epoch == position.epoch);
        if let Some(index) = left {
            // It was left, and goes on where it was, under the name that it has now.
            let place = self.places.remove(index);
            self.places.push(Place { name: name.clone(), open: true, own, ..place });
            return self.places.last_mut().expect("just pushed");
        }
        let anew = self.anew.remove(&(name.kind, name.name.clone()));
        // Of a private conversation it may have been another, with somebody of the same name.
        let anew = anew.filter(|next| !private || *next <= position.seq);
        assert!(private || self.open(name).is_none(), "{name} is another, and nobody said so");
        let room = name.kind == ConversationKind::ROOM;
        assert!(!room || anew.is_some(), "{name} was never entered");
        let first = if private { 1 } else { position.seq };
        let place = self.begin(name.clone(), position.epoch, anew.unwrap_or(first));
        place.own = own && private;
        place
    }
}

impl Place {
    fn skip(&mut self, own: &BTreeSet<(u64, u64)>) {
        while own.contains(&(self.epoch, self.next)) {
            self.next += 1;
        }
    }
}
