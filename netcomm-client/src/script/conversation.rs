//! How a script names a conversation: as commands do, or in words that no shell takes for its own.

use netcomm_core::client::ConversationName;
use netcomm_core::name::{NameKey, Nickname, RoomName};
use netcomm_core::wire::{Conversation, ConversationKind};

/// Reads `*`, `#room`, `@nick`, or `everyone`, `room:…`, `user:…`.
pub(super) fn parse(typed: &str) -> Result<ConversationName, String> {
    let room = typed.strip_prefix('#').or_else(|| typed.strip_prefix("room:"));
    let user = typed.strip_prefix('@').or_else(|| typed.strip_prefix("user:"));
    let conversation = match (typed, room, user) {
        ("*" | "everyone", ..) => Conversation::EVERYONE,
        (_, Some(room), _) => {
            RoomName::new(room).map_err(|error| error.to_string())?;
            Conversation::room(room)
        }
        (_, _, Some(user)) => {
            Nickname::new(user).map_err(|error| error.to_string())?;
            Conversation::private(user)
        }
        ("", ..) => {
            return Err(String::from("a conversation is needed: everyone, room:NAME, user:NAME"));
        }
        _ => return Err(format!("everyone, or room:{typed}, or user:{typed}?")),
    };
    Ok(conversation.into())
}

/// The same, but for what is between two.
pub(super) fn parse_public(typed: &str) -> Result<ConversationName, String> {
    let conversation = parse(typed)?;
    if conversation.kind == ConversationKind::PRIVATE {
        return Err(String::from(
            "everyone or a room: a private conversation has no members to list",
        ));
    }
    Ok(conversation)
}

/// The room that has to be entered first.
pub(super) fn room(conversation: &ConversationName) -> Option<&str> {
    (conversation.kind == ConversationKind::ROOM).then_some(&*conversation.name)
}

/// Whether both are the same, however their names are written.
pub(super) fn is_same(one: &ConversationName, other: &ConversationName) -> bool {
    one.kind == other.kind && NameKey::of(&one.name) == NameKey::of(&other.name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_conversation_has_two_spellings() {
        for (one, other) in [("*", "everyone"), ("#a-b", "room:a-b"), ("@bob", "user:bob")] {
            assert_eq!(parse(one), parse(other));
            assert_eq!(parse(other).expect("it is one").to_string(), one);
        }
    }

    #[test]
    fn a_bare_name_is_refused_with_what_may_be_meant() {
        let error = parse("lobby").expect_err("a room, or a user?");
        assert!(error.contains("room:lobby") && error.contains("user:lobby"), "{error}");
        for wrong in ["", "#", "@", "room:", "user:", "#two words", "@@bob", "Everyone"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse_public("user:bob").is_err());
        assert!(parse_public("room:bob").is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_shown_is_read_as_the_same(typed in "(#|@|room:|user:|\\*|everyone)?\\PC{0,12}") {
            if let Ok(conversation) = parse(&typed) {
                prop_assert_eq!(parse(&conversation.to_string()), Ok(conversation));
            }
        }
    }
}
