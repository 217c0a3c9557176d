//! The values that messages are made of. Each is frozen: a new shape is a new type.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::code::{ConversationKind, CredentialScheme};
use crate::time::UnixMillis;

/// Numbers the requests of a session, increasing; 0 is no request (PROTOCOL.md, "Payload").
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RequestId(pub u32);

impl RequestId {
    /// What an event, or a client's message that wants no answer, carries.
    pub const NONE: Self = Self(0);
}

/// A place in a conversation: which incarnation of it, and which message of that.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Position {
    /// Random per incarnation; a changed epoch means: forget every earlier `seq`.
    pub epoch: u64,
    /// 1 for the first message, then without gaps; 0 is before the first.
    pub seq: u64,
}

/// Names a conversation. Unvalidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conversation<'a> {
    /// What kind it is.
    pub kind: ConversationKind,
    /// The room's name, or the other's nickname; empty for everyone.
    pub name: &'a str,
}

impl<'a> Conversation<'a> {
    /// Everyone on the server.
    pub const EVERYONE: Self = Self { kind: ConversationKind::EVERYONE, name: "" };

    /// The room `name`.
    #[must_use]
    pub const fn room(name: &'a str) -> Self {
        Self { kind: ConversationKind::ROOM, name }
    }

    /// The private conversation with `nickname`.
    #[must_use]
    pub const fn private(nickname: &'a str) -> Self {
        Self { kind: ConversationKind::PRIVATE, name: nickname }
    }
}

impl fmt::Display for Conversation<'_> {
    /// As it is typed in a command: `*`, `#room` or `@nickname`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ConversationKind::EVERYONE => f.write_str("*"),
            ConversationKind::ROOM => write!(f, "#{}", self.name),
            ConversationKind::PRIVATE => write!(f, "@{}", self.name),
            other => write!(f, "?{}:{}", other.0, self.name),
        }
    }
}

/// Proves to be the session that it was given to. Redacted in `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResumeToken(pub [u8; 16]);

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(redacted)")
    }
}

/// How a login proves who it is. Redacted in `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential<'a> {
    /// What `data` means.
    pub scheme: CredentialScheme,
    /// As the scheme says.
    pub data: &'a [u8],
}

impl Credential<'_> {
    /// No proof at all.
    pub const NONE: Self = Self { scheme: CredentialScheme::NONE, data: &[] };
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// A keyed addition to `Login` or `Welcome`; a peer ignores keys that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension<'a> {
    /// What `value` is.
    pub key: u16,
    /// As the key says.
    pub value: &'a [u8],
}

/// The most additions that a message may carry. A frame has room for thousands that say nothing,
/// each of which would take many times its bytes in memory.
const EXTENSIONS: usize = 64;

/// Reads additions without trust in their announced number.
pub(super) fn extensions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Extension<'de>>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Extension<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {EXTENSIONS} extensions")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut extensions = Vec::new();
            while let Some(extension) = list.next_element()? {
                if extensions.len() == EXTENSIONS {
                    return Err(A::Error::invalid_length(EXTENSIONS + 1, &self));
                }
                extensions.push(extension);
            }
            Ok(extensions)
        }
    }

    deserializer.deserialize_seq(Few)
}

/// One limit as announced in `Welcome`: number and value (PROTOCOL.md, "Limits").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitValue {
    /// [`crate::limits::Limit`] as a number; unknown numbers are ignored.
    pub limit: u16,
    /// In the limit's unit.
    pub value: u64,
}

/// A room in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomItem<'a> {
    /// The room.
    pub room: &'a str,
    /// How many visible users are in it.
    pub members: u32,
}

/// A message in a page of history; its epoch is the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryItem<'a> {
    /// Its place.
    pub seq: u64,
    /// When it was accepted.
    pub time: UnixMillis,
    /// Who said it, by the name of that time.
    pub author: &'a str,
    /// What its author's client gave it, to know it again.
    pub nonce: u64,
    /// What was said.
    pub text: &'a str,
}

/// One of one's own conversations and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationItem<'a> {
    /// The conversation.
    #[serde(borrow)]
    pub conversation: Conversation<'a>,
    /// The last message in it.
    pub last: Position,
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    /// Postcard has no words for it; other formats do.
    #[test]
    fn who_sends_too_many_extensions_is_told_how_many_there_may_be() {
        let read = |number| {
            let json = format!("[{}]", [r#"[1,""]"#].repeat(number).join(","));
            let extensions = extensions(&mut serde_json::Deserializer::from_str(&json));
            extensions.map(|extensions| extensions.len()).map_err(|error| error.to_string())
        };
        assert_eq!(read(64), Ok(64));
        let why = read(65).unwrap_err();
        assert!(why.starts_with("invalid length 65, expected at most 64 extensions"), "{why}");
    }
}
