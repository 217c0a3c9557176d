//! Exit codes, as `--help` states them.

use netcomm_core::client::Ending;
use netcomm_core::words::Why;

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

/// All of them.
pub const ALL: [u8; 9] =
    [OK, TROUBLE, USAGE, NO_LOGIN, CLOSED, NOT_CONNECTED, TIMED_OUT, UNKNOWN, INTERRUPTED];

/// The code for an end that was not asked for.
#[must_use]
pub const fn of(why: &Ending) -> u8 {
    match why {
        Ending::Closed { .. } | Ending::Malformed => CLOSED,
        _ => NO_LOGIN,
    }
}

/// The same in words.
#[must_use]
pub fn words(why: &Ending) -> String {
    match why {
        Ending::Closed { code, text } => format!("closed: {}", Why { text, code: &code.reason() }),
        Ending::Refused { code, text } => format!("no login: {}", Why { text, code }),
        _ => format!("no login: {why}"),
    }
}
