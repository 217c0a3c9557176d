//! Who listens where: the connections behind every conversation, hidden users' included.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use slotmap::SecondaryMap;

use super::deliver::{ConnId, Recipient};
use super::public::{PersonaId, Public, RoomId};

/// The listeners of everyone, of each room, and of each persona.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    everyone: Vec<Recipient>,
    rooms: SecondaryMap<RoomId, Vec<Recipient>>,
    personas: SecondaryMap<PersonaId, Recipient>,
}

impl Audiences {
    pub(super) fn everyone(&self) -> &[Recipient] {
        &self.everyone
    }

    pub(super) fn room(&self, room: RoomId) -> &[Recipient] {
        self.rooms.get(room).map_or(&[], Vec::as_slice)
    }

    /// The connection of whoever bears this persona, visibly or not.
    pub(super) fn persona(&self, persona: PersonaId) -> Option<&Recipient> {
        self.personas.get(persona)
    }

    /// All who share a room or a private conversation with `persona`.
    pub(super) fn acquainted(&self, public: &Public, persona: PersonaId) -> Vec<Recipient> {
        let Some(known) = public.persona(persona) else {
            return Vec::new();
        };
        let mut all = BTreeSet::new();
        for room in known.rooms().values() {
            all.extend(self.room(*room));
        }
        all.extend(known.pairs().filter_map(|(other, _)| self.persona(other)));
        all.into_iter().collect()
    }

    pub(super) fn listen(&mut self, to: Recipient) {
        insert(&mut self.everyone, to);
    }

    pub(super) fn listen_in(&mut self, room: RoomId, to: Recipient) {
        if let Some(entry) = self.rooms.entry(room) {
            insert(entry.or_default(), to);
        }
    }

    pub(super) fn listen_as(&mut self, persona: PersonaId, to: Recipient) {
        self.personas.insert(persona, to);
    }

    pub(super) fn leave(&mut self, conn: ConnId) {
        remove(&mut self.everyone, conn);
    }

    pub(super) fn leave_room(&mut self, room: RoomId, conn: ConnId) {
        if let Some(listeners) = self.rooms.get_mut(room) {
            remove(listeners, conn);
        }
    }

    pub(super) fn leave_persona(&mut self, persona: PersonaId) {
        self.personas.remove(persona);
    }

    /// The listeners of a room that is no more.
    pub(super) fn end_room(&mut self, room: RoomId) -> Vec<Recipient> {
        self.rooms.remove(room).unwrap_or_default()
    }
}

fn insert(listeners: &mut Vec<Recipient>, to: Recipient) {
    if let Err(index) = listeners.binary_search_by_key(&to.conn, |other| other.conn) {
        listeners.insert(index, to);
    }
}

fn remove(listeners: &mut Vec<Recipient>, conn: ConnId) {
    if let Ok(index) = listeners.binary_search_by_key(&conn, |other| other.conn) {
        listeners.remove(index);
    }
}
