//! Hidden sessions that have lost their connections. Visible ones are reserved in public.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::limits::{Limit, Limits};
use crate::server::origin::Address;
use crate::server::session::SessionId;
use crate::time::Instant;

/// Until when each can be resumed; the first ends first.
#[derive(Debug, Default)]
pub(super) struct Lost {
    all: BTreeSet<(Instant, SessionId)>,
    from: BTreeMap<Address, BTreeSet<(Instant, SessionId)>>,
}

impl Lost {
    /// `origin` is where its last connection came from.
    pub(super) fn insert(&mut self, until: Instant, origin: Address, id: SessionId) {
        self.all.insert((until, id));
        if origin != Address::Exempt {
            self.from.entry(origin).or_default().insert((until, id));
        }
    }

    /// It is resumed or ended. `origin` is the one that it was inserted with.
    pub(super) fn remove(&mut self, until: Instant, origin: Address, id: SessionId) {
        self.all.remove(&(until, id));
        if let Some(from) = self.from.get_mut(&origin) {
            from.remove(&(until, id));
            if from.is_empty() {
                self.from.remove(&origin);
            }
        }
    }

    /// Which has to end so that they are within their limits, of one address and in all.
    pub(super) fn beyond(&self, limits: &Limits, origin: Address) -> Option<SessionId> {
        let per_address = limits.count(Limit::DetachedPerAddress);
        let from = self.from.get(&origin).filter(|from| from.len() > per_address);
        let all = Some(&self.all).filter(|all| all.len() > limits.count(Limit::DetachedSessions));
        from.or(all)?.first().map(|(_, id)| *id)
    }

    /// Which can no longer be resumed at `now`.
    pub(super) fn until(&self, now: Instant) -> Option<SessionId> {
        self.all.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }

    /// When the first ends.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.all.first().map(|(until, _)| *until)
    }
}
