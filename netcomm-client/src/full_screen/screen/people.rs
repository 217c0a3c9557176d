//! Who is here, and which rooms there are, as far as is known.

use netcomm_core::name::NameKey;
use netcomm_core::wire::Conversation as Address;

use super::completion::Known;
use super::conversation::{Conversation, Key};
use super::own_command::OWN_COMMANDS;
use super::{Place, Screen};

/// So many names are remembered.
const PEOPLE: usize = 65_536;

impl Screen {
    /// Somebody is here.
    pub(crate) fn is_here(&mut self, nickname: &str) {
        if self.online.len() < PEOPLE {
            self.online.insert(NameKey::of(nickname), nickname.into());
        }
    }

    /// Somebody is in a room.
    pub(crate) fn is_in(&mut self, place: Place, nickname: &str) {
        self.is_here(nickname);
        let Some(room) = self.at_mut(place) else {
            return;
        };
        let key = NameKey::of(nickname);
        let came_back = room.away.remove(&key);
        if room.members.len() < PEOPLE {
            room.members.insert(key, nickname.into());
        }
        if came_back {
            self.write_move(place, nickname, true);
        }
    }

    /// There is a room.
    pub(crate) fn knows_room(&mut self, room: &str) {
        if self.known_rooms.len() < PEOPLE {
            self.known_rooms.insert(NameKey::of(room), room.into());
        }
    }

    /// Who was here is to be asked for anew.
    pub(crate) fn forget_people(&mut self) {
        self.online.clear();
        self.conversations.iter_mut().for_each(|(_, one)| one.forget_people());
    }

    pub(crate) fn arrives(&mut self, nickname: &str) {
        self.is_here(nickname);
        self.write_move(self.everyone(), nickname, true);
        if let Some(place) = self.place_of(&Key::of(Address::private(nickname))) {
            self.write_move(place, nickname, true);
        }
    }

    pub(crate) fn departs(&mut self, nickname: &str) {
        let key = NameKey::of(nickname);
        self.online.remove(&key);
        let mut told = vec![self.everyone()];
        told.extend(self.place_of(&Key::of(Address::private(nickname))));
        for (place, one) in &mut self.conversations {
            if one.members.remove(&key).is_some() {
                if one.away.len() < PEOPLE {
                    one.away.insert(key.clone());
                }
                if !told.contains(place) {
                    told.push(*place);
                }
            }
        }
        for place in told {
            self.write_move(place, nickname, false);
        }
    }

    pub(crate) fn enters(&mut self, room: &str, nickname: &str) {
        if let Some(place) = self.place_of(&Key::of(Address::room(room))) {
            if let Some(room) = self.at_mut(place) {
                room.away.remove(&NameKey::of(nickname));
            }
            self.is_in(place, nickname);
            self.write_move(place, nickname, true);
        }
    }

    pub(crate) fn leaves(&mut self, room: &str, nickname: &str) {
        if let Some(place) = self.place_of(&Key::of(Address::room(room))) {
            if let Some(room) = self.at_mut(place) {
                let key = NameKey::of(nickname);
                room.members.remove(&key);
                room.away.remove(&key);
            }
            self.write_move(place, nickname, false);
        }
    }

    pub(crate) fn is_renamed(&mut self, from: &str, to: &str) {
        self.online.remove(&NameKey::of(from));
        self.is_here(to);
        let (old, new) = (Key::of(Address::private(from)), Key::of(Address::private(to)));
        let is_free = self.place_of(&new).is_none() || old == new;
        let mut told = vec![self.everyone()];
        for (place, one) in &mut self.conversations {
            let was_in = one.renamed(from, to);
            let is_with = one.key == old;
            if is_with && is_free {
                one.key = new.clone();
                one.name = to.into();
            }
            if (was_in || is_with) && !told.contains(place) {
                told.push(*place);
            }
        }
        let words = format!("{from} is now {to}");
        for place in told {
            self.say_system(place, &words);
        }
    }

    /// The rooms that somebody who came may have come back to: those left with the connection, and
    /// the one that is shown, which may have been listed in between.
    pub(crate) fn may_be_back_in(&self, nickname: &str) -> Vec<Place> {
        let key = NameKey::of(nickname);
        let current = self.current_place();
        let may_be = |place: Place, one: &Conversation| {
            one.is_room() && !one.ended && (place == current || one.away.contains(&key))
        };
        let rooms = self.conversations.iter().filter(|(place, one)| may_be(*place, one));
        rooms.map(|(place, _)| *place).collect()
    }

    /// What Tab may offer: who spoke here last, who is here, who is anywhere.
    pub(crate) fn known(&self) -> Known<'_> {
        let current = self.current();
        let mut nicknames: Vec<&str> = current.speakers().collect();
        if current.is_private() {
            nicknames.push(&current.name);
        }
        nicknames.extend(current.members.values().map(String::as_str));
        nicknames.extend(self.online.values().map(String::as_str));
        nicknames.retain(|name| *name != self.me);
        let mut rooms: Vec<&str> = Vec::new();
        rooms.extend(Some(&*current.name).filter(|_| current.is_room()));
        rooms.extend(self.conversations().filter(|one| one.is_room()).map(|one| &*one.name));
        rooms.extend(self.known_rooms.values().map(String::as_str));
        let commands = OWN_COMMANDS.iter().map(|row| row.name).collect();
        Known { nicknames, rooms, commands }
    }
}
