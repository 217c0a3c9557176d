//! Exit codes, as `--help` states them.

/// Everything was done.
pub const OK: u8 = 0;

/// A line was refused, failed, or is not known to have arrived; or nobody read what was written.
pub const TROUBLE: u8 = 1;

/// Wrong usage.
pub const USAGE: u8 = 2;

/// No login.
pub const NO_LOGIN: u8 = 3;

/// The server ended the connection for good.
pub const CLOSED: u8 = 4;

/// There was no connection for too long.
pub const NOT_CONNECTED: u8 = 5;

/// What was waited for did not come in time.
pub const TIMED_OUT: u8 = 6;

/// Messages are missing, or their fate is not known.
pub const UNKNOWN: u8 = 7;

/// Interrupted.
pub const INTERRUPTED: u8 = 130;
