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

/// Interrupted.
pub const INTERRUPTED: u8 = 130;
