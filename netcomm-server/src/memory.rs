//! The most memory that a configuration can come to, part by part.

use std::fmt::Write as _;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::Memory;

use crate::{buffers, listener};

/// The program itself, with the allocator's reserve.
const PROGRAM: u64 = 16 * 1024 * 1024;
/// How much of its stack a connection's thread ever touches, with what the system's library keeps
/// for a thread; tested by measuring.
const STACK: u64 = if cfg!(debug_assertions) { 48 * 1024 } else { 32 * 1024 };
/// What the kernel keeps of a thread.
const KERNEL_STACK: u64 = 16 * 1024;
/// Threads that serve no connection.
const OTHER_THREADS: u64 = 8;
/// The kernel counts its overhead in: a buffer takes up to twice what was asked for.
const SOCKET_OVERHEAD: u64 = 2;

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
    let core = Memory::at_most(limits);
    let sockets = limits[Limit::Connections].saturating_add(listener::REFUSED as u64);
    let threads = sockets.saturating_add(OTHER_THREADS);
    let buffers = limits[Limit::SendBufferBytes].saturating_add(limits[Limit::ReceiveBufferBytes]);
    let read_buffers = sockets.saturating_add(buffers::KEPT as u64);
    let part = |name, bytes| Part { name, bytes };
    vec![
        part("program", PROGRAM),
        part("mailboxes", core.mailboxes),
        part("history", core.history),
        part("connections", core.connections),
        part("sessions", core.sessions),
        part("rooms", core.rooms),
        part("private conversations", core.pairs),
        part("read buffers", read_buffers.saturating_mul(buffers::BYTES as u64)),
        part("thread stacks", threads.saturating_mul(STACK)),
        part("thread stacks in the kernel", threads.saturating_mul(KERNEL_STACK)),
        part(
            "socket buffers in the kernel",
            sockets.saturating_mul(buffers.saturating_mul(SOCKET_OVERHEAD)),
        ),
    ]
}

/// The parts and their sum, a line for each; an error says in words why that is too much.
pub fn judge(limits: &Limits) -> Result<String, String> {
    let mut parts = parts(limits);
    let sum = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.bytes));
    parts.push(Part { name: "in all", bytes: sum });
    let mut text = String::new();
    for Part { name, bytes } in parts {
        // Writing to a string does not fail.
        writeln!(text, "{bytes:>14} bytes {name}").ok();
    }
    let most = limits[Limit::MemoryBytes];
    if sum <= most {
        return Ok(text);
    }
    Err(format!(
        "the configuration may come to {sum} bytes, the limit memory_bytes is {most}:\n{text}"
    ))
}
