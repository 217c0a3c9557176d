//! Every number of the wire with its name, read from the types themselves.

use netcomm_core::limits;
use netcomm_core::wire::{
    ClientMessage, CloseCode, ConversationKind, CredentialScheme, NoticeCode, RefusalCode,
    ServerMessage,
};
use serde::de::{Deserialize, Deserializer, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// A number of the wire: the table it is in, the number, and its name.
pub(crate) type Row = (&'static str, usize, &'static str);

/// All of them.
pub(crate) fn listing() -> Vec<Row> {
    let client = variants::<ClientMessage<'_>>();
    let server = variants::<ServerMessage<'_>>();
    let mut rows = Vec::new();
    rows.extend(numbered("Client messages", client));
    rows.extend(numbered("Server messages", server));
    macro_rules! codes {
        ($($title:literal $family:ident,)+) => {
            $(rows.extend($family::KNOWN.iter().map(|code| {
                ($title, usize::from(code.0), code.name().expect("a known code has a name"))
            }));)+
        };
    }
    codes! {
        "Refusal codes" RefusalCode,
        "Close codes" CloseCode,
        "Notice codes" NoticeCode,
        "Conversation kinds" ConversationKind,
        "Credential schemes" CredentialScheme,
    }
    rows.extend(
        (limits::TABLE.iter()).map(|row| ("Limits", usize::from(row.limit as u16), row.name)),
    );
    rows
}

/// The names of an enum's variants, in the order of their numbers.
pub(crate) fn variants<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    let ended = T::deserialize(Spy(&mut names)).is_err();
    assert!(ended && names.last() == Some(&"Unknown"), "{names:?}");
    &names[..names.len() - 1]
}

fn numbered(table: &'static str, names: &'static [&'static str]) -> impl Iterator<Item = Row> {
    (names.iter().enumerate()).map(move |(number, name)| (table, number, *name))
}

/// Notes the names of the variants that a derived `Deserialize` asks for, and gives up.
struct Spy<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Spy<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("not an enum"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(serde::de::Error::custom("names are all that was wanted"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
