//! A user as others see it.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::log::LogId;
use super::room::RoomId;
use crate::name::{NameKey, Nickname};
use crate::server::origin::Address;
use crate::server::secret::Secret;
use crate::time::Instant;
use crate::wire::Position;

slotmap::new_key_type! {
    pub(crate) struct PersonaId;
}

/// How many ended conversations a persona remembers.
pub(crate) const MAX_ENDED: usize = 32;

/// One user's public face. It ends when its reservation does; whoever comes by the same name later
/// is somebody else.
#[derive(Debug)]
pub(crate) struct Persona {
    name: Nickname,
    key: NameKey,
    secret: Secret,
    origin: Address,
    presence: Presence,
    rooms: BTreeMap<NameKey, RoomId>,
    owned: BTreeSet<RoomId>,
    pairs: BTreeMap<PersonaId, LogId>,
    /// The private conversations that ended with the other, the oldest first.
    ended: VecDeque<EndedPair>,
}

/// A private conversation whose other is gone: only where it stood is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedPair {
    pub(crate) name: Nickname,
    pub(crate) last: Position,
    mark: u32,
}

impl EndedPair {
    pub(super) fn new(name: Nickname, key: &NameKey, last: Position) -> Self {
        Self { name, last, mark: mark(key) }
    }

    /// Making a key takes long, and this is asked of all that have ended: most of them are told
    /// apart by their marks.
    fn goes_by(&self, key: &NameKey) -> bool {
        self.mark == mark(key) && self.name.key() == *key
    }
}

/// The same for equal keys, and nearly always another for others (FNV-1a).
fn mark(key: &NameKey) -> u32 {
    key.as_str()
        .bytes()
        .fold(0x811c_9dc5, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Whether others can see somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Listed, a member of its rooms.
    Online,
    /// Not listed; its name, rooms and conversations are kept until then.
    Reserved(Instant),
    /// Neither: only while it comes or goes.
    Absent,
}

impl Presence {
    pub(crate) const fn is_online(self) -> bool {
        matches!(self, Self::Online)
    }
}

impl Persona {
    pub(super) fn new(name: Nickname, secret: Secret, origin: Address) -> Self {
        Self {
            key: name.key(),
            name,
            secret,
            origin,
            presence: Presence::Absent,
            rooms: BTreeMap::new(),
            owned: BTreeSet::new(),
            pairs: BTreeMap::new(),
            ended: VecDeque::new(),
        }
    }

    pub(crate) const fn name(&self) -> &Nickname {
        &self.name
    }

    pub(crate) const fn key(&self) -> &NameKey {
        &self.key
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) const fn origin(&self) -> Address {
        self.origin
    }

    pub(crate) const fn is_online(&self) -> bool {
        self.presence.is_online()
    }

    pub(crate) const fn rooms(&self) -> &BTreeMap<NameKey, RoomId> {
        &self.rooms
    }

    pub(crate) const fn owned(&self) -> &BTreeSet<RoomId> {
        &self.owned
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (PersonaId, LogId)> {
        self.pairs.iter().map(|(other, log)| (*other, *log))
    }

    pub(crate) fn pair_count(&self) -> usize {
        self.pairs.len()
    }

    pub(crate) fn pair(&self, other: PersonaId) -> Option<LogId> {
        self.pairs.get(&other).copied()
    }

    pub(super) fn replace_presence(&mut self, presence: Presence) -> Presence {
        core::mem::replace(&mut self.presence, presence)
    }

    pub(super) fn rename(&mut self, name: Nickname) {
        self.key = name.key();
        self.name = name;
    }

    pub(super) fn join(&mut self, key: NameKey, room: RoomId) -> bool {
        self.rooms.insert(key, room).is_none()
    }

    pub(super) fn leave(&mut self, key: &NameKey) -> bool {
        self.rooms.remove(key).is_some()
    }

    pub(super) fn own(&mut self, room: RoomId) {
        self.owned.insert(room);
    }

    pub(super) fn add_pair(&mut self, other: PersonaId, log: LogId) {
        self.pairs.insert(other, log);
    }

    /// The other is gone. Whoever was away then learns from this what it will never read.
    pub(super) fn end_pair(&mut self, other: PersonaId, key: &NameKey, ended: EndedPair) {
        self.pairs.remove(&other);
        self.forget_ended(key);
        if self.ended.len() == MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
    }

    /// Another conversation goes by this name now.
    pub(super) fn forget_ended(&mut self, key: &NameKey) {
        self.ended.retain(|ended| !ended.goes_by(key));
    }

    pub(crate) fn ended_pairs(&self) -> impl Iterator<Item = &EndedPair> {
        self.ended.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are published with the algorithm.
    #[test]
    fn marks_are_fnv_1a() {
        for (name, marked) in [("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(mark(&NameKey::of(name)), marked);
        }
    }
}
