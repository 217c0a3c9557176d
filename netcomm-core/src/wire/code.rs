//! Open codes: numbers with names, where a number without a name is tolerated
//! (PROTOCOL.md, "Codes").

use core::fmt;

use serde::{Deserialize, Serialize};

/// Declares a `u16` newtype whose known values have names; unknown values stay what they are.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $value:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u16);

        impl $name {
            $($(#[$item_doc])* pub const $item: Self = Self($value);)+

            /// Every code that has a name.
            pub const KNOWN: &'static [Self] = &[$(Self::$item),+];

            /// The code's name in documents, logs and scripts, where it has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "code {}", self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} {self})", stringify!($name), self.0)
            }
        }
    };
}

/// What a peer should make of a code, known or not: the hundreds of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeClass {
    /// 100 to 199: it stays so; do not come back with the same.
    Terminal,
    /// 200 to 299: it may work later.
    Retry,
    /// 300 to 399: what was sent has to be changed.
    Request,
    /// Any other number: treat it as [`CodeClass::Retry`].
    Unknown,
}

impl CodeClass {
    const fn of(code: u16) -> Self {
        match code {
            100..=199 => Self::Terminal,
            200..=299 => Self::Retry,
            300..=399 => Self::Request,
            _ => Self::Unknown,
        }
    }
}

codes! {
    /// Why a request was refused.
    RefusalCode {
        /// The credentials do not fit.
        BAD_CREDENTIALS = 100 "bad_credentials",
        /// This peer is banned.
        BANNED = 101 "banned",
        /// Too many requests; `retry_after` says when.
        RATE_LIMITED = 200 "rate_limited",
        /// The server holds as many rooms as it may.
        TOO_MANY_ROOMS = 201 "too_many_rooms",
        /// One of the two, or the server, has as many private conversations as it may.
        TOO_MANY_PAIRS = 202 "too_many_pairs",
        /// The server shuts down.
        SHUTTING_DOWN = 203 "shutting_down",
        /// The request is of a kind that this server does not know.
        UNSUPPORTED = 300 "unsupported",
        /// Log in first.
        NOT_LOGGED_IN = 301 "not_logged_in",
        /// This connection has logged in already.
        ALREADY_LOGGED_IN = 302 "already_logged_in",
        /// Not a valid name.
        INVALID_NAME = 303 "invalid_name",
        /// The nickname, or one that looks like it, belongs to somebody.
        NAME_TAKEN = 304 "name_taken",
        /// The name is kept for the system.
        NAME_RESERVED = 305 "name_reserved",
        /// Somebody took the name while its bearer was hidden.
        NAME_LOST = 306 "name_lost",
        /// No user of this name is here.
        UNKNOWN_NAME = 307 "unknown_name",
        /// There is no such room.
        UNKNOWN_ROOM = 308 "unknown_room",
        /// The room exists already.
        ROOM_EXISTS = 309 "room_exists",
        /// Only a member of the room may do this.
        NOT_A_MEMBER = 310 "not_a_member",
        /// The user owns or is in as many rooms as it may.
        ROOMS_PER_USER = 311 "rooms_per_user",
        /// Not a valid text.
        INVALID_TEXT = 312 "invalid_text",
        /// No conversation of this kind, or none with oneself.
        UNKNOWN_CONVERSATION = 313 "unknown_conversation",
        /// The conversation's epoch is another.
        WRONG_EPOCH = 314 "wrong_epoch",
        /// Others would see this: reveal yourself first.
        REVEAL_FIRST = 315 "reveal_first",
        /// The request's number is older than the answers that are kept.
        STALE_REQUEST = 316 "stale_request",
        /// A field is out of its range.
        INVALID_REQUEST = 317 "invalid_request",
        /// The line is no command, or not with these arguments (text face).
        INVALID_COMMAND = 318 "invalid_command",
    }
}

impl RefusalCode {
    /// What to make of it.
    #[must_use]
    pub const fn class(self) -> CodeClass {
        CodeClass::of(self.0)
    }
}

codes! {
    /// Why a connection is closed.
    CloseCode {
        /// As requested.
        QUIT = 100 "quit",
        /// The session was resumed by another connection.
        SUPERSEDED = 101 "superseded",
        /// This peer is banned.
        BANNED = 102 "banned",
        /// The credentials do not fit.
        BAD_CREDENTIALS = 103 "bad_credentials",
        /// The server shuts down.
        SHUTTING_DOWN = 200 "shutting_down",
        /// More waited for this peer than it may, or it took nothing for too long.
        SLOW_CONSUMER = 201 "slow_consumer",
        /// Nothing came, not even after a ping.
        HEARTBEAT_TIMEOUT = 202 "heartbeat_timeout",
        /// No login in time.
        LOGIN_TIMEOUT = 203 "login_timeout",
        /// The server has as many connections as it may.
        FULL = 204 "full",
        /// The peer's address has as many connections as it may.
        ADDRESS_LIMIT = 205 "address_limit",
        /// A frame's payload is no message.
        MALFORMED = 300 "malformed",
        /// A frame is longer than the limit.
        FRAME_TOO_LARGE = 301 "frame_too_large",
        /// A frame is empty.
        EMPTY_FRAME = 302 "empty_frame",
        /// The first bytes are no preface.
        BAD_PREFACE = 303 "bad_preface",
        /// No protocol version in common.
        NO_COMMON_VERSION = 304 "no_common_version",
        /// This is no HTTP server.
        HTTP = 305 "http",
    }
}

impl CloseCode {
    /// The reason in words; names the limit that was hit.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::QUIT => "goodbye",
            Self::SUPERSEDED => "the session was resumed from elsewhere",
            Self::BANNED => "you are banned",
            Self::BAD_CREDENTIALS => "the credentials do not fit",
            Self::SHUTTING_DOWN => "the server shuts down",
            Self::SLOW_CONSUMER => {
                "more waits for you than mailbox_bytes, mailbox_frames or mailboxes_bytes allow, or nothing was taken for write_stall_ms"
            }
            Self::HEARTBEAT_TIMEOUT => "nothing came for ping_ms, nor for pong_ms after a ping",
            Self::LOGIN_TIMEOUT => "no login in time (login_ms, silent_login_ms, pending_logins)",
            Self::FULL => "the server is full: it has as many connections as it may",
            Self::ADDRESS_LIMIT => {
                "too many connections from this address (connections_per_address)"
            }
            Self::MALFORMED => "a frame's payload is no message",
            Self::FRAME_TOO_LARGE => "a frame is longer than frame_bytes",
            Self::EMPTY_FRAME => "a frame is empty",
            Self::BAD_PREFACE => "the first bytes are no preface",
            Self::NO_COMMON_VERSION => "no protocol version in common",
            Self::HTTP => "this is a netcomm chat server, not an HTTP server",
            _ => "the connection is closed",
        }
    }

    /// What to make of it: after [`CodeClass::Terminal`] and [`CodeClass::Request`] a client does
    /// not connect again by itself.
    #[must_use]
    pub const fn class(self) -> CodeClass {
        CodeClass::of(self.0)
    }
}

codes! {
    /// What a notice is about.
    NoticeCode {
        /// The room named as subject has ended; its epoch never returns.
        ROOM_CLOSED = 200 "room_closed",
        /// The reservation of one's name ended while one was hidden.
        NAME_RELEASED = 201 "name_released",
    }
}

codes! {
    /// What kind of conversation is meant.
    ConversationKind {
        /// Everyone on the server; its name is empty.
        EVERYONE = 0 "everyone",
        /// The room of this name.
        ROOM = 1 "room",
        /// The private conversation with the user of this name.
        PRIVATE = 2 "private",
    }
}

codes! {
    /// How a login proves who it is.
    CredentialScheme {
        /// It does not.
        NONE = 0 "none",
    }
}
