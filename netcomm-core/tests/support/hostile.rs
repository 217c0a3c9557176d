//! Streams of whoever means no good, and a driver that gives them to a connection.

use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::name::{Nickname, RoomName};
use netcomm_core::preface::{ServerPreface, Version};
use netcomm_core::server::{After, Connection, Incoming, Next};
use netcomm_core::time::{Instant, UnixMillis};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Credential, LimitValue, Message, Position, RequestId,
    ResumeToken, ServerMessage,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::strategies;

/// How a framed connection begins.
pub(crate) const PREFACE: [u8; 8] = [0x9e, b'N', b'E', b'T', 0, 1, 0, 1];

/// The first frame of one that goes on.
pub(crate) fn login() -> Vec<u8> {
    let login = ClientMessage::Login {
        nickname: "ann",
        hidden: false,
        resume: None,
        credential: Credential::NONE,
        features: 0,
        extensions: Vec::new(),
    };
    frame(RequestId(1), &login)
}

/// A message's frame.
pub(crate) fn frame<'a, M: Message<'a>>(id: RequestId, message: &M) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(id, message, &mut out).expect("it fits a frame");
    out
}

/// What a client may send: anything, the protocol, and the protocol with damages.
pub(crate) fn client_stream() -> impl Strategy<Value = Vec<u8>> {
    let message = (0..40_u32, strategies::client_message());
    let framed = vec(message.prop_map(|(id, message)| frame(RequestId(id), &message)), 0..20);
    let framed = (framed, any::<bool>()).prop_map(|(frames, logs_in)| {
        let login = if logs_in { login() } else { Vec::new() };
        [&PREFACE[..], &login, &frames.concat()].concat()
    });
    let line = prop_oneof![
        "(/[a-z_]{1,12}|//)?[ a-z#@*0-9]{0,40}(\r\n|\n|\r|\r\u{0}|)",
        (1_usize..6000).prop_map(|length| "z".repeat(length)),
        Just("/join tea\n".to_owned()),
        Just("/quit\n".to_owned()),
    ];
    let text = vec(line, 0..20).prop_map(|lines| ["ann\n", &lines.concat()].concat().into_bytes());
    let any = vec(any::<u8>(), 0..300);
    (prop_oneof![3 => framed, 2 => text, 1 => any], damages()).prop_map(damaged)
}

/// What a server may send after its preface.
pub(crate) fn server_stream() -> impl Strategy<Value = Vec<u8>> {
    // Of the first requests each may be answered, and most are not.
    let id = prop_oneof![3 => Just(0), 2 => 1..12_u32, 1 => any::<u32>()];
    let said = (id, strategies::server_message());
    let frames = vec(said.prop_map(|(id, message)| frame(RequestId(id), &message)), 0..30);
    (frames.prop_map(|frames| frames.concat()), damages()).prop_map(damaged)
}

/// Where a stream is damaged, and how.
fn damages() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop_oneof![
        Just(Vec::new()),
        vec((any::<usize>(), 0..3_u8, prop_oneof![Just(0), Just(0xff), any::<u8>()]), 1..4),
    ]
}

fn damaged((mut stream, damages): (Vec<u8>, Vec<(usize, u8, u8)>)) -> Vec<u8> {
    for (at, kind, byte) in damages {
        let at = at % (stream.len() + 1);
        match kind {
            0 if at < stream.len() => stream[at] = byte,
            1 if at < stream.len() => drop(stream.remove(at)),
            _ => stream.insert(at, byte),
        }
    }
    stream
}

/// `bytes` cut at `cuts`, which are taken modulo its length.
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|at| at % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut start = 0;
    let ends = cuts.into_iter().chain([bytes.len()]);
    ends.map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

/// What a router that lets everybody in says, made before anything is measured.
pub(crate) struct Script {
    nickname: Nickname,
    room: RoomName,
}

impl Script {
    pub(crate) fn new() -> Self {
        let nickname = Nickname::new("ann").expect("a name");
        Self { nickname, room: RoomName::new("tea").expect("a name") }
    }

    fn route(&self, incoming: &Incoming<'_>) -> After {
        let Incoming::Request { message, .. } = incoming else {
            let is_end = matches!(incoming, Incoming::Close(_));
            return if is_end { After::Closed } else { After::Nothing };
        };
        match message {
            ClientMessage::Login { .. } => After::LoggedIn(self.nickname),
            ClientMessage::Join { .. } => After::Joined(self.room),
            ClientMessage::Leave { .. } => After::Left(self.room),
            ClientMessage::Quit => After::Closed,
            _ => After::Nothing,
        }
    }
}

/// Gives a connection all chunks, waits through its pauses, and ends it in all its ways.
pub(crate) fn drive(
    limits: &Limits,
    chunks: &[&[u8]],
    is_refused: bool,
    script: &Script,
    mut says: impl FnMut(&Next<'_>),
) {
    let mut now = Instant::EPOCH;
    let mut connection = if is_refused {
        Connection::refusing(limits, now, CloseCode::FULL)
    } else {
        Connection::new(limits, now)
    };
    for chunk in chunks {
        let mut input = *chunk;
        loop {
            let next = connection.next(now, &mut input);
            let after = match &next {
                Next::Message(incoming) => script.route(incoming),
                Next::PausedUntil(until) => {
                    now = *until;
                    continue;
                }
                Next::Farewell(_) => After::Nothing,
                _ => break,
            };
            says(&next);
            connection.apply(now, after);
        }
    }
    // Silence, until it has had enough.
    for _ in 0..8 {
        let Some(due) = connection.poll_timeout() else { break };
        now = due.max(now + Duration::from_millis(1));
        let next = connection.handle_timeout(now);
        let after = match &next {
            Next::Message(incoming) => script.route(incoming),
            _ => After::Nothing,
        };
        says(&next);
        connection.apply(now, after);
    }
    for _ in 0..8 {
        let next = connection.end_of_input(now);
        let after = match &next {
            Next::Message(incoming) => script.route(incoming),
            Next::PausedUntil(until) => {
                now = *until;
                continue;
            }
            _ => break,
        };
        says(&next);
        connection.apply(now, after);
    }
}

/// How a server answers the first request, a login.
pub(crate) fn welcome() -> Vec<u8> {
    let welcome = ServerMessage::Welcome {
        nickname: "ann",
        resumed: false,
        hidden: false,
        token: ResumeToken([0; 16]),
        time: UnixMillis(0),
        everyone: Position { epoch: 1, seq: 0 },
        // As many as a frame holds.
        limits: (0..3600).map(|limit| LimitValue { limit, value: 4096 }).collect(),
        features: 0,
        extensions: Vec::new(),
    };
    frame(RequestId(1), &welcome)
}

/// What a server says first.
pub(crate) fn accepted() -> [u8; 8] {
    ServerPreface::Accepted(Version::V1).to_bytes()
}
