//! What a process uses, and what this one may.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// What of its memory is resident, without the kernel's part.
    pub resident_bytes: u64,
    /// User and system time of all threads that there were, in steps of the kernel's clock.
    pub cpu: Duration,
    /// Threads that live.
    pub threads: u64,
    /// Voluntary and involuntary, of the threads that live.
    pub switches: u64,
}

impl Usage {
    /// `None` where there is no such process.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut switches = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            switches += field(&status, "voluntary_ctxt_switches:");
            switches += field(&status, "nonvoluntary_ctxt_switches:");
        }
        Some(Self {
            resident_bytes: field(&status, "VmRSS:") * 1024,
            cpu: cpu(&stat, rustix::param::clock_ticks_per_second())?,
            threads: field(&status, "Threads:"),
            switches,
        })
    }
}

/// The time that a process's living threads were on a processor, to the nanosecond.
///
/// `None` where there is no such process, or the kernel does not tell.
#[must_use]
pub fn run_time(pid: u32) -> Option<Duration> {
    let mut nanos: u64 = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        // A thread may have ended since it was listed.
        let told = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanos += told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    }
    (nanos > 0).then(|| Duration::from_nanos(nanos))
}

/// Allows as many open files as can be had.
pub fn raise_file_limit() -> std::io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

fn field(status: &str, name: &str) -> u64 {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn cpu(stat: &str, ticks_per_second: u64) -> Option<Duration> {
    // The program's name is in parentheses, and may hold anything; what follows is numbers.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    let millis = (user + system) * 1000 / ticks_per_second.max(1);
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 1";
        assert_eq!(cpu(stat, 100), Some(Duration::from_secs(2)));
        let status =
            "VmRSS:\t  12 kB\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n";
        assert_eq!(field(status, "VmRSS:"), 12);
        assert_eq!(field(status, "voluntary_ctxt_switches:"), 5);
        assert!(Usage::of(std::process::id()).is_some_and(|usage| usage.resident_bytes > 0));
    }
}
