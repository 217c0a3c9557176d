//! What a server might say, put together from a fuzzer's choices.

use arbitrary::{Result, Unstructured};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    CloseCode, Conversation, ConversationItem, ConversationKind, HistoryItem, LimitValue,
    NoticeCode, Position, RefusalCode, ResumeToken, RoomItem, ServerMessage,
};

/// Some of them are the same to whoever compares names, one would disturb a screen.
const WORDS: [&str; 8] = ["ann", "bob", "tea", "ANN", "аnn", "", "so\nlong\u{1b}[2J", "x y"];

/// A name or a text.
pub(crate) fn word<'a>(choices: &mut Unstructured<'a>) -> Result<&'a str> {
    let choice: u8 = choices.arbitrary()?;
    if let Some(word) = WORDS.get(usize::from(choice % 16)) {
        return Ok(word);
    }
    let length = usize::from(choice / 2).min(choices.len());
    let bytes = choices.bytes(length)?;
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    Ok(valid)
}

/// A conversation.
pub(crate) fn place<'a>(choices: &mut Unstructured<'a>) -> Result<Conversation<'a>> {
    let choice: u8 = choices.arbitrary()?;
    Ok(match choice % 4 {
        0 => Conversation::EVERYONE,
        1 => Conversation::room(word(choices)?),
        2 => Conversation::private(word(choices)?),
        _ => Conversation { kind: ConversationKind(choice.into()), name: word(choices)? },
    })
}

/// An answer that fits a request of this name, or an event. Some answers do not fit.
pub(crate) fn message<'a>(
    choices: &mut Unstructured<'a>,
    asked: &str,
) -> Result<ServerMessage<'a>> {
    let choice: u8 = choices.arbitrary()?;
    let fitting = match asked {
        "login" => 0,
        "post" => 1,
        "join" | "create_room" => 2,
        "history" => 3,
        "conversations" => 4,
        "" => 8 + choice % 16,
        _ => 5,
    };
    let kind = if choice < 224 { fitting } else { choice % 24 };
    Ok(match kind {
        0 => welcome(choices)?,
        1 => {
            let (position, earlier) = (position(choices)?, choices.arbitrary()?);
            ServerMessage::Posted { position, time: UnixMillis(1), earlier }
        }
        2 => ServerMessage::Joined { room: word(choices)?, position: position(choices)? },
        3 => history(choices)?,
        4 => conversations(choices)?,
        5 => ServerMessage::Done,
        6 => refused(choices)?,
        7 => ServerMessage::Rooms {
            rooms: vec![RoomItem { room: word(choices)?, members: choice.into() }],
            next: word(choices)?,
        },
        8 => ServerMessage::Members { members: vec![word(choices)?], next: word(choices)? },
        9 => ServerMessage::MemberJoined { room: word(choices)?, nickname: word(choices)? },
        10 => ServerMessage::MemberLeft { room: word(choices)?, nickname: word(choices)? },
        11 => ServerMessage::Online { nickname: word(choices)? },
        12 => ServerMessage::Offline { nickname: word(choices)? },
        13 | 14 => ServerMessage::Renamed { from: word(choices)?, to: word(choices)? },
        15 => ServerMessage::Ping { nonce: number(choices)? },
        16 => ServerMessage::Notice {
            code: of(NoticeCode::KNOWN, choices)?,
            subject: word(choices)?,
            text: "",
        },
        17 => ServerMessage::Closing {
            code: of(CloseCode::KNOWN, choices)?,
            retry_after: choices.arbitrary()?,
            text: "",
        },
        _ => ServerMessage::Message {
            conversation: place(choices)?,
            position: position(choices)?,
            time: UnixMillis(number(choices)?),
            author: word(choices)?,
            text: word(choices)?,
        },
    })
}

fn welcome<'a>(choices: &mut Unstructured<'a>) -> Result<ServerMessage<'a>> {
    let choice: u8 = choices.arbitrary()?;
    let mut limits = Vec::new();
    for _ in 0..choice % 4 {
        let limit = u16::from(choices.arbitrary::<u8>()? % 48);
        limits.push(LimitValue { limit, value: number(choices)? });
    }
    Ok(ServerMessage::Welcome {
        nickname: word(choices)?,
        resumed: choice & 16 != 0,
        hidden: choice & 32 != 0,
        token: ResumeToken([choice; 16]),
        time: UnixMillis(0),
        everyone: position(choices)?,
        limits,
        features: u64::MAX,
        extensions: Vec::new(),
    })
}

fn refused<'a>(choices: &mut Unstructured<'a>) -> Result<ServerMessage<'a>> {
    Ok(ServerMessage::Refused {
        code: of(RefusalCode::KNOWN, choices)?,
        retry_after: choices.arbitrary()?,
        text: word(choices)?,
    })
}

fn history<'a>(choices: &mut Unstructured<'a>) -> Result<ServerMessage<'a>> {
    let choice: u8 = choices.arbitrary()?;
    let first = number(choices)?;
    let items = (0..u64::from(choice % 8)).map(|place| HistoryItem {
        seq: first.wrapping_add(place * u64::from(1 + choice / 128)),
        time: UnixMillis(place),
        author: "bob",
        nonce: u64::from(choice),
        text: "hi",
    });
    Ok(ServerMessage::History {
        conversation: place(choices)?,
        epoch: number(choices)?,
        first_kept: number(choices)?,
        last: number(choices)?,
        items: items.collect(),
    })
}

fn conversations<'a>(choices: &mut Unstructured<'a>) -> Result<ServerMessage<'a>> {
    let choice: u8 = choices.arbitrary()?;
    let mut conversations = Vec::new();
    for _ in 0..choice % 4 {
        let conversation = place(choices)?;
        conversations.push(ConversationItem { conversation, last: position(choices)? });
    }
    let next = if choice > 200 { Some(place(choices)?) } else { None };
    Ok(ServerMessage::Conversations { conversations, next })
}

fn position(choices: &mut Unstructured<'_>) -> Result<Position> {
    let epoch: u8 = choices.arbitrary()?;
    Ok(Position { epoch: u64::from(epoch % 3), seq: number(choices)? })
}

/// Small, at an edge, or any.
pub(crate) fn number(choices: &mut Unstructured<'_>) -> Result<u64> {
    let choice: u8 = choices.arbitrary()?;
    Ok(match choice {
        0..200 => u64::from(choice % 100),
        200..220 => u64::MAX - u64::from(choice % 4),
        220..240 => u64::from(choice - 220) * 1000,
        _ => choices.arbitrary()?,
    })
}

fn of<T: Copy>(known: &[T], choices: &mut Unstructured<'_>) -> Result<T> {
    choices.choose(known).copied()
}
