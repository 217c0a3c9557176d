//! The most memory that a configuration can come to, part by part.

use netcomm_core::limits::{Limit, Limits};

use crate::{buffers, listener, thread};

/// What one logged-in user costs besides its mailbox: session, persona, kept answers, decoder.
const USER: u64 = 8 * 1024;
/// A room without its history and members.
const ROOM: u64 = 1024;
/// One user's place in one room.
const MEMBERSHIP: u64 = 256;
/// A private conversation without its history.
const PAIR: u64 = 1024;
/// What the kernel keeps of a thread.
const KERNEL_STACK: u64 = 16 * 1024;
/// How deep a reader's stack ever goes, with what the allocator keeps for its thread.
const USED_STACK: u64 = 64 * 1024;
/// Kept for a frame or a line that is half read, and what a pause leaves of a read buffer.
const HALF_READ: u64 = 16 * 1024 + buffers::BYTES as u64;
/// The kernel accounts a send buffer with its overhead: twice what was asked for.
const SEND_OVERHEAD: u64 = 2;
/// What Linux lets a receive buffer grow to before it is read; most stay at a fraction.
const RECEIVE_BUFFER: u64 = 128 * 1024;

/// One part of the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Bytes, at most.
    pub bytes: u64,
}

/// The most that each part can take.
#[must_use]
pub fn parts(limits: &Limits) -> Vec<Part> {
    let connections = limits[Limit::Connections] + listener::REFUSED as u64;
    let users = connections.saturating_add(limits[Limit::DetachedSessions]);
    let each = |count: u64, bytes: u64| count.saturating_mul(bytes);
    let threads = connections.saturating_add(8);
    let mailboxes = each(connections, limits[Limit::MailboxBytes])
        .min(limits[Limit::MailboxesBytes])
        // A vector that grows may be twice as large as what it holds.
        .saturating_mul(2);
    let memberships = each(users, each(limits[Limit::RoomsPerUser], MEMBERSHIP));
    let part = |name, bytes| Part { name, bytes };
    vec![
        part("mailboxes", mailboxes),
        part("history", limits[Limit::HistoriesBytes]),
        part("users", each(users, USER)),
        part(
            "rooms",
            each(limits[Limit::Rooms], ROOM).saturating_add(memberships),
        ),
        part("pairs", each(limits[Limit::Pairs], PAIR)),
        part("read buffers", each(connections, HALF_READ)),
        part(
            "stacks",
            each(threads, USED_STACK.min(thread::STACK_BYTES as u64)),
        ),
        part("kernel stacks", each(threads, KERNEL_STACK)),
        part(
            "socket buffers",
            each(
                connections,
                each(limits[Limit::SendBufferBytes], SEND_OVERHEAD) + RECEIVE_BUFFER,
            ),
        ),
    ]
}

/// Adds the parts up; an error says in words why that is too much.
pub fn judge(limits: &Limits) -> Result<u64, String> {
    let parts = parts(limits);
    let sum = parts
        .iter()
        .fold(0u64, |sum, part| sum.saturating_add(part.bytes));
    let most = limits[Limit::MemoryBytes];
    if sum <= most {
        return Ok(sum);
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|part| format!("{} {}", part.name, part.bytes))
        .collect();
    Err(format!(
        "the configuration may come to {sum} bytes, the limit memory_bytes is {most}: {}",
        parts.join(", ")
    ))
}
