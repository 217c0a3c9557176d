//! A room as others see it.

use alloc::collections::BTreeMap;

use super::log::LogId;
use super::persona::PersonaId;
use crate::limits::{Limit, Limits};
use crate::name::{NameKey, RoomName};
use crate::time::Instant;

slotmap::new_key_type! {
    pub(crate) struct RoomId;
}

/// One incarnation of a room.
#[derive(Debug)]
pub(crate) struct Room {
    name: RoomName,
    key: NameKey,
    log: LogId,
    /// Who is in it, online or reserved.
    members: BTreeMap<NameKey, PersonaId>,
    online: u32,
    owned: bool,
    /// The last message or visible join.
    active: Instant,
}

impl Room {
    pub(super) fn new(now: Instant, name: RoomName, log: LogId) -> Self {
        Self {
            key: name.key(),
            name,
            log,
            members: BTreeMap::new(),
            online: 0,
            owned: true,
            active: now,
        }
    }

    pub(crate) const fn name(&self) -> &RoomName {
        &self.name
    }

    pub(crate) const fn key(&self) -> &NameKey {
        &self.key
    }

    pub(crate) const fn log(&self) -> LogId {
        self.log
    }

    /// How many members are online.
    pub(crate) const fn online(&self) -> u32 {
        self.online
    }

    pub(super) fn members(&self) -> impl Iterator<Item = PersonaId> {
        self.members.values().copied()
    }

    pub(super) fn members_from(&self, from: NameKey) -> impl Iterator<Item = PersonaId> {
        self.members.range(from..).map(|(_, id)| *id)
    }

    /// When it ends if nothing happens in it and nobody owns it.
    pub(super) fn idle_at(&self, limits: &Limits) -> Instant {
        if self.owned {
            return Instant::from_epoch(core::time::Duration::MAX);
        }
        self.active + limits.duration(Limit::RoomIdleMs)
    }

    pub(super) fn touch(&mut self, now: Instant) {
        self.active = self.active.max(now);
    }

    pub(super) fn disown(&mut self) {
        self.owned = false;
    }

    pub(super) fn add_member(&mut self, key: NameKey, id: PersonaId, online: bool) {
        self.members.insert(key, id);
        if online {
            self.online += 1;
        }
    }

    pub(super) fn remove_member(&mut self, key: &NameKey) {
        self.members.remove(key);
    }

    pub(super) fn rename_member(&mut self, before: &NameKey, key: NameKey, id: PersonaId) {
        self.members.remove(before);
        self.members.insert(key, id);
    }

    pub(super) fn count_online(&mut self, one_more: bool) {
        if one_more {
            self.online += 1;
        } else {
            self.online = self.online.saturating_sub(1);
        }
    }
}
