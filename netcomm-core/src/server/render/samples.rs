//! One of each message and of each request, for tests.

use std::vec;

use crate::server::outgoing::Asked;
use crate::time::UnixMillis;
use crate::wire::{
    CloseCode, Conversation, ConversationItem, ConversationKind, HistoryItem, NoticeCode, Position,
    RefusalCode, ResumeToken, RoomItem, ServerMessage,
};

/// Every kind of request that an answer may depend on, in the order of [`number`].
pub(super) fn asked(name: &str) -> [Asked<'_>; 11] {
    [
        Asked::Nothing,
        Asked::Post(name),
        Asked::Enter(name),
        Asked::Create(name),
        Asked::Leave(name),
        Asked::Rename(name),
        Asked::Hide,
        Asked::Reveal,
        Asked::Members(None),
        Asked::Members(Some(name)),
        Asked::Other("/rooms"),
    ]
}

/// Whoever adds a kind of request adds it to [`asked`] as well, and counts it here.
pub(super) fn number(asked: Asked<'_>) -> usize {
    match asked {
        Asked::Nothing => 0,
        Asked::Post(_) => 1,
        Asked::Enter(_) => 2,
        Asked::Create(_) => 3,
        Asked::Leave(_) => 4,
        Asked::Rename(_) => 5,
        Asked::Hide => 6,
        Asked::Reveal => 7,
        Asked::Members(None) => 8,
        Asked::Members(Some(_)) => 9,
        Asked::Other(_) => 10,
    }
}

/// Whoever adds a message adds it to [`message`] as well, and counts it here.
pub(super) const fn place(message: &ServerMessage<'_>) -> usize {
    match message {
        ServerMessage::Welcome { .. } => 0,
        ServerMessage::Done => 1,
        ServerMessage::Refused { .. } => 2,
        ServerMessage::Posted { .. } => 3,
        ServerMessage::Joined { .. } => 4,
        ServerMessage::Members { .. } => 5,
        ServerMessage::Rooms { .. } => 6,
        ServerMessage::History { .. } => 7,
        ServerMessage::Conversations { .. } => 8,
        ServerMessage::Pong { .. } => 9,
        ServerMessage::Message { .. } => 10,
        ServerMessage::MemberJoined { .. } => 11,
        ServerMessage::MemberLeft { .. } => 12,
        ServerMessage::Online { .. } => 13,
        ServerMessage::Offline { .. } => 14,
        ServerMessage::Renamed { .. } => 15,
        ServerMessage::Ping { .. } => 16,
        ServerMessage::Notice { .. } => 17,
        ServerMessage::Closing { .. } => 18,
        ServerMessage::Unknown => 19,
    }
}

pub(super) const MESSAGES: usize = 20;
const TIME: UnixMillis = UnixMillis(86_400_000 * 20_000 + 45_296_999);
const POSITION: Position = Position { epoch: 9, seq: 5 };

/// The message in the given [`place`], made of strings that nobody has checked.
pub(super) fn message<'a>(
    place: usize,
    name: &'a str,
    text: &'a str,
    number: u16,
) -> ServerMessage<'a> {
    let conversation = Conversation { kind: ConversationKind(number % 4), name };
    let retry_after = (number % 2 == 1).then_some(1500);
    match place {
        0 => ServerMessage::Welcome {
            nickname: name,
            resumed: false,
            hidden: number % 2 == 1,
            token: ResumeToken([7; 16]),
            time: TIME,
            everyone: POSITION,
            limits: vec![],
            features: 0,
            extensions: vec![],
        },
        1 => ServerMessage::Done,
        2 => ServerMessage::Refused { code: RefusalCode(number), retry_after, text },
        3 => ServerMessage::Posted { position: POSITION, time: TIME, earlier: 0 },
        4 => ServerMessage::Joined { room: name, position: POSITION },
        5 => ServerMessage::Members { members: vec![name; 9], next: name },
        6 => {
            ServerMessage::Rooms { rooms: vec![RoomItem { room: name, members: 3 }; 2], next: name }
        }
        7 => ServerMessage::History {
            conversation,
            epoch: 9,
            first_kept: u64::from(number % 7),
            last: 5,
            items: vec![HistoryItem { seq: 5, time: TIME, author: name, nonce: 1, text }; 2],
        },
        8 => ServerMessage::Conversations {
            conversations: vec![ConversationItem { conversation, last: POSITION }],
            next: Some(conversation),
        },
        9 => ServerMessage::Pong { nonce: 1 },
        10 => ServerMessage::Message {
            conversation,
            position: POSITION,
            time: TIME,
            author: name,
            text,
        },
        11 => ServerMessage::MemberJoined { room: name, nickname: name },
        12 => ServerMessage::MemberLeft { room: name, nickname: name },
        13 => ServerMessage::Online { nickname: name },
        14 => ServerMessage::Offline { nickname: name },
        15 => ServerMessage::Renamed { from: name, to: text },
        16 => ServerMessage::Ping { nonce: 1 },
        17 => ServerMessage::Notice { code: NoticeCode(number), subject: name, text },
        18 => ServerMessage::Closing { code: CloseCode(number), retry_after, text },
        _ => ServerMessage::Unknown,
    }
}
