//! The first bytes of a framed connection, frozen for ever (PROTOCOL.md, "Preface").

use core::fmt;

/// What both prefaces begin with. The first byte can begin neither UTF-8 text, nor a TLS record,
/// nor an HTTP request.
pub const MAGIC: [u8; 4] = *b"\x9eNET";

/// How long either preface is, in bytes.
pub const LENGTH: usize = 8;

/// How the words begin in which a server closes a connection that has said nothing: it cannot know
/// yet that no person reads them.
pub const IN_WORDS: &[u8; LENGTH] = b"* closin";

/// A version of the protocol, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16);

impl Version {
    /// The version of this crate's [`crate::wire`].
    pub const V1: Self = Self(1);

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// What a client says first: the versions that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientPreface {
    /// The lowest version.
    pub lowest: u16,
    /// The highest version.
    pub highest: u16,
}

impl ClientPreface {
    /// What this crate's client says.
    pub const OURS: Self = Self { lowest: Version::V1.0, highest: Version::V1.0 };

    /// Its bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; LENGTH] {
        join(self.lowest.to_be_bytes(), self.highest.to_be_bytes())
    }

    /// Reads it.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Result<Self, PrefaceError> {
        let (lowest, highest) = split(bytes)?;
        Ok(Self { lowest, highest })
    }

    /// The highest version that both sides speak.
    #[must_use]
    pub fn negotiate(self) -> Option<Version> {
        let ours = Version::V1;
        (self.lowest..=self.highest).contains(&ours.0).then_some(ours)
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerPreface {
    /// The version that is spoken from here on.
    Accepted(Version),
    /// Nothing is spoken; the connection is closed.
    Refused(PrefaceRefusal),
}

impl ServerPreface {
    /// Its bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; LENGTH] {
        match self {
            Self::Accepted(version) => join(version.0.to_be_bytes(), [0; 2]),
            Self::Refused(reason) => join([0; 2], reason.0.to_be_bytes()),
        }
    }

    /// Reads it, as a client that offered [`ClientPreface::OURS`].
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Result<Self, PrefaceError> {
        match split(bytes)? {
            (0, reason) => Ok(Self::Refused(PrefaceRefusal(reason))),
            (version, _) if version == Version::V1.0 => Ok(Self::Accepted(Version::V1)),
            (version, _) => Err(PrefaceError::Version(version)),
        }
    }
}

/// Why a server speaks no version; numbers without a name are tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefaceRefusal(pub u16);

impl PrefaceRefusal {
    /// No version in common: do not come back.
    pub const NONE_IN_COMMON: Self = Self(1);
    /// The server has as many connections as it may.
    pub const FULL: Self = Self(2);
    /// This peer is not let in.
    pub const REFUSED: Self = Self(3);
    /// The server shuts down.
    pub const SHUTTING_DOWN: Self = Self(4);
    /// As many connections as may come from this address (`connections_per_address`).
    pub const ADDRESS_LIMIT: Self = Self(5);
    /// The preface did not come in time (`login_ms`).
    pub const TOO_LATE: Self = Self(6);
}

impl fmt::Display for PrefaceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE_IN_COMMON => f.write_str("no protocol version in common"),
            Self::FULL => f.write_str("the server is full"),
            Self::REFUSED => f.write_str("the server refuses connections from here"),
            Self::SHUTTING_DOWN => f.write_str("the server is shutting down"),
            Self::ADDRESS_LIMIT => {
                f.write_str("too many connections from here (connections_per_address)")
            }
            Self::TOO_LATE => f.write_str("the connection said nothing in time (login_ms)"),
            Self(other) => write!(f, "reason {other}"),
        }
    }
}

/// Why bytes are no preface: the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrefaceError {
    /// They do not begin with [`MAGIC`].
    #[error("this is not the netcomm protocol")]
    Magic,
    /// A server chose a version that was not offered.
    #[error("the server chose version {0}, which was not offered")]
    Version(u16),
}

const fn join(first: [u8; 2], second: [u8; 2]) -> [u8; LENGTH] {
    let [m0, m1, m2, m3] = MAGIC;
    [m0, m1, m2, m3, first[0], first[1], second[0], second[1]]
}

fn split(bytes: [u8; LENGTH]) -> Result<(u16, u16), PrefaceError> {
    let [m0, m1, m2, m3, first @ .., last0, last1] = bytes;
    if [m0, m1, m2, m3] == MAGIC {
        let second = u16::from_be_bytes([last0, last1]);
        Ok((u16::from_be_bytes(first), second))
    } else {
        Err(PrefaceError::Magic)
    }
}
