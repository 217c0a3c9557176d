//! The chat as everyone may see it.
//!
//! This is the world in which a hidden user has lost its connection: it is *detached* here, and
//! whatever it does in secret happens elsewhere (in its session). All that one user learns of
//! another is made from this module, which knows of no sessions and no connections; so forgetting
//! to filter out a hidden user is not possible (PROTOCOL.md, "Visibility").

mod log;
mod persona;
mod room;
mod strings;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::borrow::Borrow;

use slotmap::SlotMap;

pub(super) use log::{LogId, Logs, most_of_log, most_of_messages};
pub(super) use persona::{EndedPair, MAX_ENDED, Persona, PersonaId, Presence};
pub(super) use room::{Room, RoomId};

use super::origin::Address;
use super::secret::Secret;
use crate::limits::{Limit, Limits};
use crate::name::{NameKey, Nickname, RoomName};
use crate::time::Instant;
use crate::wire::Position;

/// What everyone may see: who is here, the rooms, and what was said.
#[derive(Debug)]
pub(super) struct Public {
    names: BTreeMap<NameKey, PersonaId>,
    personas: SlotMap<PersonaId, Persona>,
    /// Who is reserved until when; the first ends first.
    reserved: BTreeSet<(Instant, PersonaId)>,
    reserved_from: BTreeMap<Address, BTreeSet<(Instant, PersonaId)>>,
    online: usize,
    room_names: BTreeMap<NameKey, RoomId>,
    rooms: SlotMap<RoomId, Room>,
    /// When to look whether a room without owner is idle; it may have been busy since.
    idle_checks: BTreeSet<(Instant, RoomId)>,
    pairs: usize,
    logs: Logs,
    everyone: LogId,
}

/// A room that has ended, and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndedRoom {
    pub(super) id: RoomId,
    pub(super) name: RoomName,
}

impl Public {
    pub(super) fn new(limits: &Limits, everyone_epoch: u64) -> Self {
        let mut logs = Logs::new(limits);
        let everyone = logs.begin(everyone_epoch);
        Self {
            names: BTreeMap::new(),
            personas: SlotMap::with_key(),
            reserved: BTreeSet::new(),
            reserved_from: BTreeMap::new(),
            online: 0,
            room_names: BTreeMap::new(),
            rooms: SlotMap::with_key(),
            idle_checks: BTreeSet::new(),
            pairs: 0,
            logs,
            everyone,
        }
    }

    pub(super) const fn everyone(&self) -> LogId {
        self.everyone
    }

    pub(super) const fn logs(&self) -> &Logs {
        &self.logs
    }

    pub(super) const fn logs_mut(&mut self) -> &mut Logs {
        &mut self.logs
    }

    /// How many are online.
    pub(super) const fn online(&self) -> usize {
        self.online
    }

    pub(super) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    pub(super) const fn pairs(&self) -> usize {
        self.pairs
    }

    pub(super) fn persona(&self, id: PersonaId) -> Option<&Persona> {
        self.personas.get(id)
    }

    pub(super) fn persona_named<K: Ord + ?Sized>(&self, key: &K) -> Option<PersonaId>
    where
        NameKey: Borrow<K>,
    {
        self.names.get(key).copied()
    }

    pub(super) fn room(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    pub(super) fn room_named<K: Ord + ?Sized>(&self, key: &K) -> Option<RoomId>
    where
        NameKey: Borrow<K>,
    {
        self.room_names.get(key).copied()
    }

    /// Who is online, by name, from `from` on.
    pub(super) fn members(&self, from: NameKey) -> impl Iterator<Item = &Nickname> {
        self.online_of(self.names.range(from..).map(|(_, id)| *id))
    }

    /// Who of `room` is online, by name, from `from` on.
    pub(super) fn members_of<'a>(
        &'a self,
        room: &'a Room,
        from: NameKey,
    ) -> impl Iterator<Item = &'a Nickname> {
        self.online_of(room.members_from(from))
    }

    fn online_of(&self, ids: impl Iterator<Item = PersonaId>) -> impl Iterator<Item = &Nickname> {
        ids.filter_map(|id| self.personas.get(id)).filter(|p| p.is_online()).map(Persona::name)
    }

    /// The rooms, by name, from `from` on.
    pub(super) fn rooms_from(&self, from: NameKey) -> impl Iterator<Item = &Room> {
        self.room_names.range(from..).filter_map(|(_, id)| self.rooms.get(*id))
    }

    /// Somebody new, whose name is free.
    pub(super) fn enter(
        &mut self,
        name: Nickname,
        secret: Secret,
        origin: Address,
        presence: Presence,
    ) -> PersonaId {
        let persona = Persona::new(name, secret, origin);
        let key = persona.key().clone();
        let id = self.personas.insert(persona);
        self.names.insert(key, id);
        self.set_presence(id, presence);
        id
    }

    /// Whether somebody is online or until when it is reserved; its rooms count accordingly.
    pub(super) fn set_presence(&mut self, id: PersonaId, presence: Presence) {
        let Some(persona) = self.personas.get_mut(id) else {
            return;
        };
        let before = persona.replace_presence(presence);
        let (was_online, is_online) = (before.is_online(), presence.is_online());
        let origin = persona.origin();
        if was_online != is_online {
            if is_online {
                self.online += 1;
            } else {
                self.online -= 1;
            }
            for room in persona.rooms().values() {
                if let Some(room) = self.rooms.get_mut(*room) {
                    room.count_online(is_online);
                }
            }
        }
        if let Presence::Reserved(until) = before {
            self.reserved.remove(&(until, id));
            if let Some(from) = self.reserved_from.get_mut(&origin) {
                from.remove(&(until, id));
                if from.is_empty() {
                    self.reserved_from.remove(&origin);
                }
            }
        }
        if let Presence::Reserved(until) = presence {
            self.reserved.insert((until, id));
            if origin != Address::Exempt {
                self.reserved_from.entry(origin).or_default().insert((until, id));
            }
        }
    }

    /// Who has to go so that the reserved are within their limits, of one address and in all.
    pub(super) fn reserved_beyond(&self, limits: &Limits, origin: Address) -> Option<PersonaId> {
        let per_address = limits.count(Limit::DetachedPerAddress);
        let from = self.reserved_from.get(&origin).filter(|from| from.len() > per_address);
        let all = Some(&self.reserved)
            .filter(|reserved| reserved.len() > limits.count(Limit::DetachedSessions));
        from.or(all)?.first().map(|(_, id)| *id)
    }

    /// Whose reservation has ended at `now`.
    pub(super) fn reserved_until(&self, now: Instant) -> Option<PersonaId> {
        self.reserved.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }

    /// Takes another name, which is free.
    pub(super) fn rename(&mut self, id: PersonaId, name: Nickname) {
        let Some(persona) = self.personas.get_mut(id) else {
            return;
        };
        let before = persona.key().clone();
        persona.rename(name);
        let key = persona.key().clone();
        for room in persona.rooms().values() {
            if let Some(room) = self.rooms.get_mut(*room) {
                room.rename_member(&before, key.clone(), id);
            }
        }
        self.names.remove(&before);
        self.names.insert(key, id);
        self.supersede_ended(id);
    }

    /// To those that a persona has private conversations with, its name means it and nobody who is
    /// gone.
    fn supersede_ended(&mut self, id: PersonaId) {
        let Some(persona) = self.personas.get(id) else {
            return;
        };
        let key = persona.key().clone();
        let others: Vec<_> = persona.pairs().map(|(other, _)| other).collect();
        for other in others {
            if let Some(other) = self.personas.get_mut(other) {
                other.forget_ended(&key);
            }
        }
    }

    /// Goes for good: its name is free, its rooms have one member and perhaps their owner less,
    /// and its private conversations never return.
    pub(super) fn leave_for_good(&mut self, now: Instant, id: PersonaId, limits: &Limits) {
        self.set_presence(id, Presence::Absent);
        let Some(persona) = self.personas.remove(id) else {
            return;
        };
        self.names.remove(persona.key());
        for room in persona.rooms().values() {
            if let Some(room) = self.rooms.get_mut(*room) {
                room.remove_member(persona.key());
            }
        }
        for room_id in persona.owned() {
            if let Some(room) = self.rooms.get_mut(*room_id) {
                room.disown();
                let check = room.idle_at(limits).max(now);
                self.idle_checks.insert((check, *room_id));
            }
        }
        for (other, log) in persona.pairs() {
            if let Some(other) = self.personas.get_mut(other) {
                let last = self.logs.position(log);
                let ended = EndedPair::new(*persona.name(), persona.key(), last);
                other.end_pair(id, persona.key(), ended);
            }
            self.logs.end(log);
            self.pairs -= 1;
        }
    }

    /// A room whose name is free, made and owned by `owner`, which is not in it yet.
    pub(super) fn create_room(
        &mut self,
        now: Instant,
        name: RoomName,
        owner: PersonaId,
        epoch: u64,
    ) -> RoomId {
        let log = self.logs.begin(epoch);
        let room = Room::new(now, name, log);
        let key = room.key().clone();
        let id = self.rooms.insert(room);
        self.room_names.insert(key, id);
        if let Some(owner) = self.personas.get_mut(owner) {
            owner.own(id);
        }
        id
    }

    /// Puts a persona into a room. Answers whether it was not there before.
    pub(super) fn join(&mut self, now: Instant, id: PersonaId, room_id: RoomId) -> bool {
        let (Some(persona), Some(room)) = (self.personas.get_mut(id), self.rooms.get_mut(room_id))
        else {
            return false;
        };
        if !persona.join(room.key().clone(), room_id) {
            return false;
        }
        room.add_member(persona.key().clone(), id, persona.is_online());
        room.touch(now);
        true
    }

    /// Takes a persona out of a room. Answers whether it was there.
    pub(super) fn leave(&mut self, id: PersonaId, room_id: RoomId) -> bool {
        let (Some(persona), Some(room)) = (self.personas.get_mut(id), self.rooms.get_mut(room_id))
        else {
            return false;
        };
        if !persona.leave(room.key()) {
            return false;
        }
        room.remove_member(persona.key());
        if persona.is_online() {
            room.count_online(false);
        }
        true
    }

    /// Something was said in a room.
    pub(super) fn touch_room(&mut self, now: Instant, room: RoomId) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.touch(now);
        }
    }

    /// Ends one room that has no owner and was idle for too long, if there is one.
    pub(super) fn end_idle_room(&mut self, now: Instant, limits: &Limits) -> Option<EndedRoom> {
        while let Some((at, id)) = self.idle_checks.first().copied().filter(|(at, _)| *at <= now) {
            self.idle_checks.remove(&(at, id));
            let Some(room) = self.rooms.get(id) else {
                continue;
            };
            let idle_at = room.idle_at(limits);
            if idle_at > now {
                self.idle_checks.insert((idle_at, id));
                continue;
            }
            let room = self.rooms.remove(id)?;
            self.room_names.remove(room.key());
            for member in room.members() {
                if let Some(persona) = self.personas.get_mut(member) {
                    persona.leave(room.key());
                }
            }
            self.logs.end(room.log());
            return Some(EndedRoom { id, name: *room.name() });
        }
        None
    }

    /// A private conversation of two that have none.
    pub(super) fn begin_pair(&mut self, one: PersonaId, other: PersonaId, epoch: u64) -> LogId {
        let log = self.logs.begin(epoch);
        for (mine, theirs) in [(one, other), (other, one)] {
            if let Some(persona) = self.personas.get_mut(mine) {
                persona.add_pair(theirs, log);
            }
        }
        self.pairs += 1;
        self.supersede_ended(one);
        self.supersede_ended(other);
        log
    }

    /// When something ends by itself next.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let reserved = self.reserved.first().map(|(at, _)| *at);
        let idle = self.idle_checks.first().map(|(at, _)| *at);
        [reserved, idle].into_iter().flatten().min()
    }

    /// The private conversations of one, by name, and where they stand. One that ended is among
    /// them until another of that name begins.
    pub(super) fn pairs_of(&self, id: PersonaId) -> Vec<(NameKey, &Nickname, Position)> {
        let Some(persona) = self.personas.get(id) else {
            return Vec::new();
        };
        let live = persona.pairs().filter_map(|(other, log)| {
            let other = self.personas.get(other)?;
            Some((other.key().clone(), other.name(), self.logs.position(log)))
        });
        let ended = persona.ended_pairs().map(|pair| (pair.name.key(), &pair.name, pair.last));
        let mut pairs: Vec<_> = live.chain(ended).collect();
        pairs.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        pairs
    }
}
