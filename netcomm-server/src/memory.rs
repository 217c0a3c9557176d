//! The most memory that a configuration can come to, part by part.

use std::fmt::Write as _;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{Memory, Part};

use crate::config::MOST_READERS;
use crate::readers::READ_BYTES;
use crate::{listener, log, pool};

/// The program itself, with the allocator's reserve.
const PROGRAM: u64 = 16 * 1024 * 1024;
/// What a connection takes besides what core counts: its socket as threads see it, its handler, a
/// slot and a timer; tested by measuring.
const CONNECTION: u64 = 2 * 1024;
/// How much of its stack a thread ever touches, with what the system's library keeps for a thread.
const STACK: u64 = 64 * 1024;
/// What the kernel keeps of a thread.
const KERNEL_STACK: u64 = 16 * 1024;
/// Threads that do not read.
const OTHER_THREADS: u64 = 8;
/// The kernel counts its overhead in: a buffer takes up to twice what was asked for.
const SOCKET_OVERHEAD: u64 = 2;

/// The most that each part can take.
#[must_use]
pub fn parts(limits: &Limits) -> Vec<Part> {
    let sockets = limits[Limit::Connections].saturating_add(listener::REFUSED as u64);
    let threads = OTHER_THREADS + MOST_READERS as u64;
    let buffers = limits[Limit::SendBufferBytes].saturating_add(limits[Limit::ReceiveBufferBytes]);
    let buffers = sockets.saturating_mul(buffers.saturating_mul(SOCKET_OVERHEAD));
    let read_buffers = sockets.saturating_add(MOST_READERS as u64);
    let kept = pool::sends(limits.count(Limit::MailboxesBytes)) as u64;
    let lines = (log::LINES as u64).saturating_mul(limits[Limit::TextBytes] + log::LINE_BYTES);
    let part = |name, bytes| Part { name, bytes };
    let mut parts = Memory::at_most(limits).parts().to_vec();
    parts.extend([
        part("program", PROGRAM),
        part("log", lines),
        part("connections of the server", sockets.saturating_mul(CONNECTION)),
        part("read buffers", read_buffers.saturating_mul(READ_BYTES as u64)),
        // As many may be lent just now.
        part("kept buffers", 2 * kept * pool::SEND_BYTES as u64),
        part("thread stacks", threads * STACK),
        part("thread stacks in the kernel", threads * KERNEL_STACK),
        part("socket buffers in the kernel", buffers),
    ]);
    parts
}

/// The sum and its parts in one line.
#[must_use]
pub fn summary(limits: &Limits) -> String {
    let (parts, mib) = (parts(limits), |bytes: u64| bytes.div_ceil(1024 * 1024));
    let each: Vec<_> =
        parts.iter().map(|part| format!("{} {}", part.name, mib(part.bytes))).collect();
    format!("{} MiB: {}", mib(sum(&parts)), each.join(", "))
}

/// The parts and their sum, a line for each; an error says in words why that is too much.
pub fn judge(limits: &Limits) -> Result<String, String> {
    let mut parts = parts(limits);
    let sum = sum(&parts);
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

fn sum(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes))
}
