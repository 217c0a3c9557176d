//! How output leaves the router: messages and everybody who gets them, at once.

use core::fmt;

use super::outgoing::Outgoing;

pub(super) use crate::time::millis;

/// Names a connection for as long as the router knows it. Never on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

impl ConnId {
    pub(super) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(super) const fn to_number(self) -> u64 {
        self.0
    }

    /// A small number that no other live connection has: good as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnId({}.{})", self.index(), self.0 >> 32)
    }
}

/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Face {
    /// Frames of version 1.
    Framed,
    /// Lines, for people.
    Text,
}

/// A connection and what it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Recipient {
    /// The connection.
    pub conn: ConnId,
    /// What it speaks.
    pub face: Face,
}

impl Recipient {
    pub(super) const fn new(conn: ConnId, face: Face) -> Self {
        Self { conn, face }
    }
}

/// Everybody who gets one message, in the order of their connections.
#[derive(Clone, Copy, Debug)]
pub struct Recipients<'a> {
    all: &'a [Recipient],
    except: Option<ConnId>,
}

impl<'a> Recipients<'a> {
    pub(super) const fn new(all: &'a [Recipient], except: Option<ConnId>) -> Self {
        Self { all, except }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Recipient> + use<'a> {
        let except = self.except;
        self.all.iter().copied().filter(move |to| Some(to.conn) != except)
    }
}

/// Takes what the router says. It must not block, and must not call the router.
pub trait Deliver {
    /// Queues `message`, which may be several in a row, for each of `to`.
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>);

    /// Queues `last` for `to`, and nothing after it; once it is sent, sending is shut down.
    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>);
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_number_is_a_place_and_how_often_it_was_taken() {
        let conn = ConnId::from_number((3 << 32) | 0x1_0002);
        assert_eq!(conn.index(), 0x1_0002);
        assert_eq!(format!("{conn:?}"), "ConnId(65538.3)");
    }
}
