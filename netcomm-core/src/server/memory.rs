//! The most memory that the server's side can take, computed from its limits.

use core::mem::size_of;

use super::connection::Connection;
use super::deliver::{ConnId, Recipient};
use super::mailbox::Mailbox;
use super::origin::Address;
use super::public::{
    EndedPair, LogId, MAX_ENDED, Persona, PersonaId, Room, RoomId, most_of_log, most_of_messages,
};
use super::router::LINK_BYTES;
use super::run::Run;
use super::secret::TokenHash;
use super::session::{Kept, Session, SessionId};
use crate::limits::{Limit, Limits};
use crate::name::{NameKey, RoomName};
use crate::time::Instant;

/// What the allocator adds to what is asked of it.
const ALLOCATION: usize = 16;
/// What is shared of a name's key.
const KEY: usize = NameKey::MAX_BYTES + 2 * size_of::<usize>() + ALLOCATION;
/// No frame is shorter: its length, its number and its variant.
const SHORTEST_FRAME: u64 = 6;

/// The most memory, in bytes, that the server's side can take under some limits, part by part.
/// Sockets, threads and the driver's own buffers come on top.
///
/// ```
/// use netcomm_core::limits::Limits;
/// use netcomm_core::server::Memory;
///
/// let mut limits = Limits::default();
/// let before = Memory::at_most(&limits);
/// limits.set("histories_bytes", 1_000_000)?;
/// assert!(Memory::at_most(&limits).history < before.history);
/// # Ok::<(), netcomm_core::limits::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// What waits in all [`Mailbox`]es.
    pub mailboxes: u64,
    /// The messages that are kept.
    pub history: u64,
    /// All [`Connection`]s, with what is half-read.
    pub connections: u64,
    /// Sessions, those that wait to be resumed included, and the answers that they keep.
    pub sessions: u64,
    /// Rooms, and who is in them.
    pub rooms: u64,
    /// Private conversations.
    pub pairs: u64,
}

/// One part of a sum of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "drivers add parts of their own")]
pub struct Part {
    /// What it is, for people.
    pub name: &'static str,
    /// Bytes, at most.
    pub bytes: u64,
}

impl Memory {
    /// Every part.
    #[must_use]
    pub const fn parts(&self) -> [Part; 6] {
        [
            Part { name: "mailboxes", bytes: self.mailboxes },
            Part { name: "history", bytes: self.history },
            Part { name: "connections", bytes: self.connections },
            Part { name: "sessions", bytes: self.sessions },
            Part { name: "rooms", bytes: self.rooms },
            Part { name: "private conversations", bytes: self.pairs },
        ]
    }

    /// Adds up what `limits` allow.
    #[must_use]
    pub fn at_most(limits: &Limits) -> Self {
        let connections = limits[Limit::Connections];
        let detached = limits[Limit::DetachedSessions];
        // As many may be lost while hidden as are reserved in public.
        let personas = connections.saturating_add(detached);
        let sessions = personas.saturating_add(detached);
        let rooms_of_one = limits[Limit::RoomsPerUser].min(limits[Limit::Rooms]);
        let memberships = each(personas, in_room()).saturating_add(each(sessions, in_secret()));
        let waiting = each(connections, limits.count(Limit::MailboxBytes));
        let waiting = waiting.min(limits[Limit::MailboxesBytes]);
        let frames = each(connections, limits.count(Limit::MailboxFrames));
        let frames = frames.min(waiting / SHORTEST_FRAME);
        Self {
            mailboxes: waiting
                .saturating_mul(2)
                .saturating_add(each(frames, 2 * size_of::<usize>())),
            history: most_of_messages(limits[Limit::HistoriesBytes]),
            connections: each(connections, connection(limits))
                .saturating_add(each(1, Run::most(limits))),
            sessions: each(sessions, session(limits)).saturating_add(each(personas, persona())),
            rooms: each(limits[Limit::Rooms], room())
                .saturating_add(memberships.saturating_mul(rooms_of_one)),
            pairs: each(limits[Limit::Pairs], pair()),
        }
    }
}

fn connection(limits: &Limits) -> usize {
    Connection::most(limits)
        + size_of::<Mailbox>()
        + slot(LINK_BYTES)
        + entry::<u64, ConnId>()
        + entry::<Address, usize>()
        // One who hears everyone, and one who hears what is held.
        + 4 * size_of::<Recipient>()
}

fn session(limits: &Limits) -> usize {
    let answer = size_of::<Kept>() + size_of::<RoomName>() + ALLOCATION;
    let answers = limits.count(Limit::Unanswered).next_power_of_two();
    slot(size_of::<Session>())
        + 2 * entry::<TokenHash, SessionId>()
        + 2 * entry::<Instant, SessionId>()
        + leaf::<NameKey, RoomId>()
        + answers * answer
}

fn persona() -> usize {
    slot(size_of::<Persona>())
        + KEY
        + slot(size_of::<SessionId>())
        + slot(size_of::<Recipient>())
        + entry::<NameKey, PersonaId>()
        + 2 * entry::<Instant, PersonaId>()
        + leaf::<NameKey, RoomId>()
        + leaf::<RoomId, ()>()
        + leaf::<PersonaId, LogId>()
        + MAX_ENDED * size_of::<EndedPair>()
}

/// A room without those who are in it.
fn room() -> usize {
    slot(size_of::<Room>())
        + KEY
        + most_of_log()
        + slot(3 * size_of::<usize>())
        + entry::<NameKey, RoomId>()
        + entry::<Instant, RoomId>()
        + entry::<u64, LogId>()
        + entry::<RoomId, ()>()
        + leaf::<NameKey, PersonaId>()
}

/// One user in one room.
fn in_room() -> usize {
    entry::<NameKey, RoomId>() + entry::<NameKey, PersonaId>() + 2 * size_of::<Recipient>()
}

/// The same as a hidden user sees it.
fn in_secret() -> usize {
    entry::<NameKey, RoomId>()
}

fn pair() -> usize {
    most_of_log() + entry::<u64, LogId>() + 2 * entry::<PersonaId, LogId>()
}

fn each(count: u64, bytes: usize) -> u64 {
    count.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// A value in a slot map, which doubles as it grows.
const fn slot(bytes: usize) -> usize {
    2 * (bytes + size_of::<u64>())
}

/// A leaf of a tree map: it has room for 11 entries.
const fn leaf<K, V>() -> usize {
    11 * size_of::<(K, V)>() + 12 + ALLOCATION
}

/// An entry of a large tree map: leaves have at least 5 entries, and inner nodes 6 leaves.
const fn entry<K, V>() -> usize {
    let inner = leaf::<K, V>() + 12 * size_of::<usize>();
    leaf::<K, V>() / 5 + inner / 25 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who makes one of them larger sees here what that costs each user, room or connection. Another
    /// compiler may lay them out otherwise.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_each_takes_is_known() {
        let limits = Limits::default();
        assert_eq!((KEY, slot(8), leaf::<u64, u64>(), entry::<u64, u64>()), (288, 32, 204, 53));
        assert_eq!((connection(&limits), session(&limits), persona()), (33_623, 9232, 3442));
        assert_eq!((room(), in_room(), in_secret(), pair()), (2013, 180, 74, 991));
        assert_eq!(each(3, pair()), 2973);
    }

    #[test]
    fn what_waits_may_be_twice_as_large_and_has_a_place_for_each_frame() {
        let most = |connections, frames| {
            let mut limits = Limits::default();
            let set = [
                ("connections", connections),
                ("mailbox_frames", frames),
                ("mailboxes_bytes", 64 * 1024 * 1024),
            ];
            for (name, value) in set {
                limits.set(name, value).expect("a value within its range");
            }
            Memory::at_most(&limits).mailboxes
        };
        let place = 2 * size_of::<usize>() as u64;
        // Ten mailboxes of 256 KiB; and 64 MiB in all, in frames of 6 bytes.
        assert_eq!(most(10, 1024), 2 * 2_621_440 + 10_240 * place);
        assert_eq!(most(10_000, 65_536), 2 * 67_108_864 + 11_184_810 * place);
    }
}
