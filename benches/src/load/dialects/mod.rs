//! What the servers speak: how to log in, how to post, and where one thing that was said ends.

mod floor;
mod framed;
mod irc;
mod lines;
mod mqtt;
mod nats;
mod redis;
mod text;

use clap::ValueEnum;

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// netcomm's framed protocol
    Framed,
    /// netcomm's text face
    Text,
    /// IRC
    Irc,
    /// NATS
    Nats,
    /// MQTT 3.1.1, quality of service 0
    Mqtt,
    /// Redis, publish and subscribe, RESP3
    Redis,
    /// The floor servers' frames
    Floor,
}

/// A client, and where it talks.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// Unlike any other's on this server.
    pub(crate) number: usize,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Logged in, and in no room.
    Nowhere,
    /// In a room. The first makes it, where rooms are made.
    Room { room: usize, is_first: bool, posts: bool },
    /// Talks with one other user, by its number.
    Pair { other: usize },
}

impl User {
    pub(crate) fn name(&self) -> String {
        format!("u{}", self.number)
    }

    /// Of the room or the other user.
    pub(crate) fn address(&self) -> String {
        match self.place {
            Place::Nowhere => String::new(),
            Place::Room { room, .. } => format!("r{room}"),
            Place::Pair { other } => format!("u{other}"),
        }
    }

    /// The room of a server that knows rooms only: a pair is one of two.
    pub(crate) fn room(&self) -> Option<usize> {
        match self.place {
            Place::Nowhere => None,
            Place::Room { room, .. } => Some(room),
            Place::Pair { other } => Some(self.number.min(other)),
        }
    }

    /// What a server without users has the user listen to.
    fn topic(&self) -> Option<String> {
        match self.place {
            Place::Room { room, posts: false, .. } => Some(format!("r{room}")),
            Place::Room { .. } => None,
            Place::Nowhere | Place::Pair { .. } => Some(self.name()),
        }
    }
}

/// One thing that a server said.
#[derive(Debug)]
pub(crate) struct Item<'b> {
    /// How many of the bytes it takes.
    pub(crate) length: usize,
    pub(crate) kind: Kind<'b>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind<'b> {
    /// Somebody's post: its text.
    Text(&'b [u8]),
    /// So many posts of one's own were accepted.
    Accepted(u64),
    /// Wants these bytes back.
    Call(Vec<u8>),
    /// A post was refused, or the connection ends.
    Fault,
    Other,
}

/// How one protocol is spoken. It does no more than it must: the generator shares the machine.
pub(crate) trait Dialect {
    /// Writes what the `step`th step of coming in says; `false` where there is none: it is in.
    fn enter(&self, step: usize, user: &User, out: &mut Vec<u8>) -> bool;

    /// Whether this is the answer that the step waited for.
    fn has_entered(&self, step: usize, item: &[u8]) -> bool;

    /// The first whole thing of `bytes`; `step` is the one that is waited for, or `None`.
    fn item<'b>(&self, step: Option<usize>, bytes: &'b [u8]) -> Option<Item<'b>>;

    /// Writes a post of `user`, whose address is given; `id` counts from 1.
    fn post(&self, user: &User, address: &str, id: u32, text: &str, out: &mut Vec<u8>);

    /// Whether those who post into a room are in it, and so hear what others post.
    fn hears_posters(&self) -> bool;

    /// Whether a post is answered.
    fn answers(&self) -> bool;

    /// Whether one who loses the connection while it comes in may try again.
    fn comes_again(&self) -> bool {
        false
    }
}

impl Language {
    /// How it is spoken; a floor may be told to answer.
    pub(crate) fn dialect(self, floor_answers: bool) -> Box<dyn Dialect> {
        match self {
            Self::Framed => Box::new(framed::Framed),
            Self::Text => Box::new(text::TextFace),
            Self::Irc => Box::new(irc::Irc),
            Self::Nats => Box::new(nats::Nats),
            Self::Mqtt => Box::new(mqtt::Mqtt),
            Self::Redis => Box::new(redis::Redis),
            Self::Floor => Box::new(floor::Floor { answers: floor_answers }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;

    /// Every prefix is waited for, and the whole is one text.
    fn assert_text(language: Language, said: &[u8], text: &str) {
        let dialect = language.dialect(false);
        for length in 0..said.len() {
            assert!(dialect.item(None, &said[..length]).is_none(), "{language:?} {length}");
        }
        let item = dialect.item(None, said).expect("one item");
        assert_eq!((item.length, item.kind), (said.len(), Kind::Text(text.as_bytes())));
    }

    #[test]
    fn texts_are_found_where_they_end() {
        let text = &texts::write(7, 4711);
        let lines = [
            (Language::Text, format!("12:00:01 #r0 <u1> {text}\n")),
            (Language::Irc, format!(":u1!~u1@127.0.0.1 PRIVMSG #r0 :{text}\r\n")),
            (Language::Nats, format!("MSG r0 1 {}\r\n{text}\r\n", text.len())),
            (Language::Redis, format!(">3\r\n$7\r\nmessage\r\n$2\r\nr0\r\n$64\r\n{text}\r\n")),
            (Language::Mqtt, format!("\x30\x44\0\x02r0{text}")),
            (Language::Floor, format!("\0\0\0\x41P{text}")),
        ];
        for (language, said) in lines {
            assert_text(language, said.as_bytes(), text);
        }
        let message = netcomm_core::wire::ServerMessage::Message {
            conversation: netcomm_core::wire::Conversation::room("r0"),
            position: netcomm_core::wire::Position { epoch: u64::MAX, seq: 300 },
            time: netcomm_core::time::UnixMillis(1 << 40),
            author: "u1",
            text,
        };
        let mut frame = Vec::new();
        let id = netcomm_core::wire::RequestId(0);
        netcomm_core::wire::encode(id, &message, &mut frame).expect("a frame");
        assert_text(Language::Framed, &frame, text);
    }

    #[test]
    fn refusals_are_faults() {
        let refusals = [
            (Language::Text, "* you are not in #r0\n"),
            (Language::Irc, ":s 404 u1 #r0 :Cannot send to channel\r\n"),
            (Language::Irc, "ERROR :Closing link\r\n"),
            (Language::Nats, "-ERR 'Slow Consumer'\r\n"),
            (Language::Redis, "-ERR unknown command\r\n"),
        ];
        for (language, said) in refusals {
            let item = language.dialect(false).item(None, said.as_bytes()).map(|item| item.kind);
            assert_eq!(item, Some(Kind::Fault), "{said}");
        }
    }
}
