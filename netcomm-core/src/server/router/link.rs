//! A connection as the router knows it.

use alloc::collections::BTreeMap;

use slotmap::{Key, KeyData, SlotMap};

use crate::limits::{Limit, Limits};
use crate::server::deliver::{ConnId, Face, Recipient};
use crate::server::origin::Address;
use crate::server::session::SessionId;
use crate::wire::CloseCode;

slotmap::new_key_type! {
    struct LinkKey;
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    /// Known after the first bytes.
    pub(super) face: Option<Face>,
    pub(super) origin: Address,
    pub(super) entropy: [u8; 16],
    pub(super) session: Option<SessionId>,
    /// Whether a request has come since the login.
    pub(super) has_asked: bool,
    /// Nothing is said to it any more, and it is not heard.
    pub(super) closed: bool,
    /// Counts the connections before it.
    arrival: u64,
}

/// All connections, with what is counted of them.
#[derive(Debug, Default)]
pub(super) struct Links {
    all: SlotMap<LinkKey, Link>,
    from: BTreeMap<Address, usize>,
    /// Those that have not logged in, the oldest first. By their arrivals: of two that came at the
    /// same instant one is older too.
    pending: BTreeMap<u64, ConnId>,
    arrivals: u64,
}

impl Links {
    /// Lets a connection in, where the limits allow it.
    pub(super) fn insert(
        &mut self,
        origin: Address,
        entropy: [u8; 16],
        limits: &Limits,
    ) -> Result<ConnId, CloseCode> {
        if self.all.len() >= limits.count(Limit::Connections) {
            return Err(CloseCode::FULL);
        }
        if origin != Address::Exempt {
            let from = self.from.entry(origin).or_default();
            if *from >= limits.count(Limit::ConnectionsPerAddress) {
                return Err(CloseCode::ADDRESS_LIMIT);
            }
            *from += 1;
        }
        let link = Link {
            face: None,
            origin,
            entropy,
            session: None,
            has_asked: false,
            closed: false,
            arrival: self.arrivals,
        };
        let conn = self.all.insert(link).into();
        self.pending.insert(self.arrivals, conn);
        self.arrivals += 1;
        Ok(conn)
    }

    pub(super) fn get(&self, conn: ConnId) -> Option<&Link> {
        self.all.get(conn.into())
    }

    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        self.all.get_mut(conn.into())
    }

    /// It has logged in, or is closed: it does not count as pending any more.
    pub(super) fn settle(&mut self, conn: ConnId) {
        if let Some(link) = self.all.get(conn.into()) {
            self.pending.remove(&link.arrival);
        }
    }

    /// The oldest that has not logged in, where there are too many of them.
    pub(super) fn pending_beyond(&self, limits: &Limits) -> Option<ConnId> {
        let too_many = self.pending.len() > limits.count(Limit::PendingLogins);
        too_many.then(|| self.pending.first_key_value().map(|(_, conn)| *conn)).flatten()
    }

    pub(super) fn remove(&mut self, conn: ConnId) -> Option<Link> {
        self.settle(conn);
        let link = self.all.remove(conn.into())?;
        if let Some(from) = self.from.get_mut(&link.origin) {
            *from -= 1;
            if *from == 0 {
                self.from.remove(&link.origin);
            }
        }
        Some(link)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ConnId> {
        self.all.keys().map(ConnId::from)
    }
}

impl Link {
    pub(super) fn recipient(&self, conn: ConnId) -> Recipient {
        // Who has said nothing yet is told in words.
        Recipient::new(conn, self.face.unwrap_or(Face::Text))
    }
}

impl From<LinkKey> for ConnId {
    fn from(key: LinkKey) -> Self {
        Self::from_number(key.data().as_ffi())
    }
}

impl From<ConnId> for LinkKey {
    fn from(conn: ConnId) -> Self {
        KeyData::from_ffi(conn.to_number()).into()
    }
}
