//! Every limit of the server: one table that configuration, `Welcome`, help and documents share
//! (PROTOCOL.md, "Limits").

use core::cmp::Reverse;
use core::fmt;
use core::ops::Index;
use core::time::Duration;

/// One limit. Its discriminant is its number in `Welcome`, frozen once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each limit is described by its row of `TABLE`")]
pub enum Limit {
    FrameBytes = 1,
    TextBytes = 2,
    LineBytes = 3,
    NicknameBytes = 4,
    NicknameColumns = 5,
    RoomNameBytes = 6,
    RoomsPerUser = 7,
    Rooms = 8,
    RoomIdleMs = 9,
    Connections = 10,
    ConnectionsPerAddress = 11,
    PendingLogins = 12,
    LoginMs = 13,
    SilentLoginMs = 14,
    MailboxBytes = 15,
    MailboxFrames = 16,
    MailboxesBytes = 17,
    WriteStallMs = 18,
    SendBufferBytes = 19,
    PingMs = 20,
    PongMs = 21,
    PostBurst = 22,
    PostsPerMinute = 23,
    QueryBurst = 24,
    QueriesPerMinute = 25,
    Unanswered = 26,
    HistoryMessages = 27,
    HistoryBytes = 28,
    HistoriesBytes = 29,
    PageItems = 30,
    PairsPerUser = 31,
    Pairs = 32,
    DetachedSessions = 33,
    DetachedPerAddress = 34,
    ResumeMs = 35,
    NoticeAudience = 36,
    DrainMs = 37,
    MemoryBytes = 38,
    ReceiveBufferBytes = 39,
    ExemptLoopback = 40,
}

/// What a limit is called, may be, and is for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitInfo {
    /// The limit.
    pub limit: Limit,
    /// Its name in configuration, with the unit.
    pub name: &'static str,
    /// Its value where nothing else is configured.
    pub default: u64,
    /// The lowest value that makes sense.
    pub min: u64,
    /// The highest value that is accepted.
    pub max: u64,
    /// One line for people.
    pub help: &'static str,
}

/// As a line of a configuration file that is not in force, below one that explains it.
impl fmt::Display for LimitInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, default, min, max, help, .. } = self;
        write!(f, "# {help} ({min} to {max})\n#{name} = {default}")
    }
}

const fn row(
    limit: Limit,
    name: &'static str,
    default: u64,
    (min, max): (u64, u64),
    help: &'static str,
) -> LimitInfo {
    LimitInfo { limit, name, default, min, max, help }
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// All limits, in the order of their numbers.
#[rustfmt::skip]
pub const TABLE: &[LimitInfo] = &[
    row(Limit::FrameBytes, "frame_bytes", 16 * KIB, (8 * KIB, 16 * KIB), "payload of one frame"),
    row(Limit::TextBytes, "text_bytes", 4096, (1, 4096), "text of one message"),
    row(Limit::LineBytes, "line_bytes", 4096, (64, 4096), "one line of the text face"),
    row(Limit::NicknameBytes, "nickname_bytes", 32, (1, 32), "a nickname"),
    row(Limit::NicknameColumns, "nickname_columns", 24, (1, 64), "a nickname's width on a screen"),
    row(Limit::RoomNameBytes, "room_name_bytes", 64, (1, 64), "a room's name"),
    row(Limit::RoomsPerUser, "rooms_per_user", 50, (1, 1000), "rooms one user may own or be in, together"),
    row(Limit::Rooms, "rooms", 10_000, (1, 1_000_000), "rooms in all"),
    row(Limit::RoomIdleMs, "room_idle_ms", 24 * HOUR, (SECOND, 365 * 24 * HOUR), "how long a room without an owner lives without a message or a visible join"),
    row(Limit::Connections, "connections", 4096, (1, 1_000_000), "connections in all"),
    row(Limit::ConnectionsPerAddress, "connections_per_address", 64, (1, 1_000_000), "connections from one IPv4 address or IPv6 /64; loopback is exempt (exempt_loopback)"),
    row(Limit::PendingLogins, "pending_logins", 256, (1, 1_000_000), "connections that have not logged in; above it the oldest of them is cut"),
    row(Limit::LoginMs, "login_ms", 10 * SECOND, (100, HOUR), "from the first byte of a framed connection to its login"),
    row(Limit::SilentLoginMs, "silent_login_ms", MINUTE, (100, HOUR), "to the login of a connection that is silent or speaks text"),
    row(Limit::MailboxBytes, "mailbox_bytes", 256 * KIB, (32 * KIB, GIB), "bytes that wait for one connection"),
    row(Limit::MailboxFrames, "mailbox_frames", 1024, (16, 10_000_000), "frames that wait for one connection"),
    row(Limit::MailboxesBytes, "mailboxes_bytes", 256 * MIB, (MIB, 1024 * GIB), "bytes that wait for all connections; above it the largest mailbox is cut"),
    row(Limit::WriteStallMs, "write_stall_ms", 10 * SECOND, (100, HOUR), "how long a connection may take nothing while something waits for it"),
    row(Limit::SendBufferBytes, "send_buffer_bytes", 64 * KIB, (4 * KIB, 64 * MIB), "the kernel's send buffer of one connection"),
    row(Limit::PingMs, "ping_ms", 30 * SECOND, (100, HOUR), "silence after which a framed connection is pinged"),
    row(Limit::PongMs, "pong_ms", 15 * SECOND, (100, HOUR), "silence after a ping before the connection is cut"),
    row(Limit::PostBurst, "post_burst", 20, (1, 1_000_000_000), "posts and other requests that may come at once"),
    row(Limit::PostsPerMinute, "posts_per_minute", 600, (1, 1_000_000_000), "posts and other requests beyond the burst; above it posts are read more slowly and other requests refused"),
    row(Limit::QueryBurst, "query_burst", 20, (1, 1_000_000_000), "pages of lists and history that may be asked for at once"),
    row(Limit::QueriesPerMinute, "queries_per_minute", 600, (1, 1_000_000_000), "pages beyond the burst; above it they are refused"),
    row(Limit::Unanswered, "unanswered", 64, (1, 1024), "unanswered requests of one session, and answers kept to be repeated"),
    row(Limit::HistoryMessages, "history_messages", 1000, (1, 1_000_000_000), "messages kept of one conversation"),
    row(Limit::HistoryBytes, "history_bytes", MIB, (8 * KIB, 1024 * GIB), "bytes kept of one conversation"),
    row(Limit::HistoriesBytes, "histories_bytes", 256 * MIB, (64 * KIB, 1024 * GIB), "bytes kept of all conversations; the oldest messages go first"),
    row(Limit::PageItems, "page_items", 100, (1, 100), "items on one page of a list or of history"),
    row(Limit::PairsPerUser, "pairs_per_user", 200, (1, 1_000_000), "people one user may have private conversations with"),
    row(Limit::Pairs, "pairs", 20_000, (1, 10_000_000), "private conversations in all"),
    row(Limit::DetachedSessions, "detached_sessions", 4096, (1, 1_000_000), "sessions that wait to be resumed; above it the oldest ends"),
    row(Limit::DetachedPerAddress, "detached_per_address", 16, (1, 1_000_000), "the same from one address; loopback is exempt (exempt_loopback)"),
    row(Limit::ResumeMs, "resume_ms", 5 * MINUTE, (SECOND, 7 * 24 * HOUR), "how long a lost session can be resumed and its name is reserved"),
    row(Limit::NoticeAudience, "notice_audience", 64, (0, 1_000_000), "up to so many users online, everyone is told who comes and goes; above it those who share a room or a private conversation"),
    row(Limit::DrainMs, "drain_ms", 30 * SECOND, (100, HOUR), "how long a shutdown may take"),
    row(Limit::MemoryBytes, "memory_bytes", 8 * GIB, (MIB, 1024 * GIB), "the most memory that the configuration may add up to"),
    row(Limit::ReceiveBufferBytes, "receive_buffer_bytes", 32 * KIB, (4 * KIB, 64 * MIB), "the kernel's receive buffer of one connection"),
    row(Limit::ExemptLoopback, "exempt_loopback", 1, (0, 1), "1: loopback is exempt from the limits per address; 0: it is not, for a server behind a proxy on the same host, or a test"),
];

/// The configured value of every limit.
///
/// ```
/// use netcomm_core::limits::{Limit, Limits};
///
/// let mut limits = Limits::default();
/// limits.set("text_bytes", 1000)?;
/// assert_eq!(limits[Limit::TextBytes], 1000);
/// assert!(limits.set("text_bytes", 1_000_000).is_err());
/// # Ok::<(), netcomm_core::limits::LimitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    values: [u64; TABLE.len()],
}

impl Limits {
    /// Sets the limit called `name`.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
        let index = TABLE.iter().position(|row| row.name == name);
        let index = index.ok_or_else(|| LimitError::UnknownName { nearest: nearest(name) })?;
        let LimitInfo { min, max, .. } = TABLE[index];
        if !(min..=max).contains(&value) {
            return Err(LimitError::OutOfRange { value, min, max });
        }
        self.values[index] = value;
        Ok(())
    }

    /// A limit that counts things in memory.
    #[must_use]
    pub fn count(&self, limit: Limit) -> usize {
        usize::try_from(self[limit]).unwrap_or(usize::MAX)
    }

    /// A limit that is a time.
    #[must_use]
    pub fn duration(&self, limit: Limit) -> Duration {
        Duration::from_millis(self[limit])
    }

    /// Every limit with its value, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&'static LimitInfo, u64)> {
        TABLE.iter().zip(self.values)
    }
}

impl Default for Limits {
    fn default() -> Self {
        let mut values = [0; TABLE.len()];
        for (value, row) in values.iter_mut().zip(TABLE) {
            *value = row.default;
        }
        Self { values }
    }
}

impl Index<Limit> for Limits {
    type Output = u64;

    fn index(&self, limit: Limit) -> &u64 {
        &self.values[usize::from(limit as u16) - 1]
    }
}

/// Why a limit was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// No limit has this name.
    #[error("no limit has this name; the nearest is {nearest:?}")]
    #[allow(missing_docs, reason = "the field says it")]
    UnknownName { nearest: &'static str },
    /// The value is out of the limit's range.
    #[error("{value} is out of range: {min} to {max}")]
    #[allow(missing_docs, reason = "the fields say it")]
    OutOfRange { value: u64, min: u64, max: u64 },
}

/// The limit whose name begins and ends most like this one.
fn nearest(name: &str) -> &'static str {
    let alike = |row: &&LimitInfo| {
        let (ours, theirs) = (row.name.bytes(), name.bytes());
        let ends = ours.clone().rev().zip(theirs.clone().rev()).take_while(|(a, b)| a == b).count();
        (ours.zip(theirs).take_while(|(a, b)| a == b).count() + ends, Reverse(row.name.len()))
    };
    TABLE.iter().max_by_key(alike).map_or("", |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slip_is_nearest_to_what_was_meant() {
        for (name, meant) in [
            ("romms", "rooms"),
            ("room", "rooms"),
            ("connection", "connections"),
            ("memory", "memory_bytes"),
            ("connections_per_adress", "connections_per_address"),
        ] {
            let error = Limits::default().set(name, 1);
            assert_eq!(error, Err(LimitError::UnknownName { nearest: meant }));
        }
        for row in TABLE {
            assert_eq!(nearest(row.name), row.name);
        }
    }

    #[test]
    fn the_table_stands_in_the_order_of_the_numbers() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(row.limit as u16), position + 1, "{}", row.name);
            assert!((row.min..=row.max).contains(&row.default), "{}", row.name);
        }
    }
}
