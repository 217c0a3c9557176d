//! A client's session, and a server that says what a test wants it to say.

use std::time::Duration;

use netcomm_core::client::{Ending, Event, Output, Session, SessionConfig};
use netcomm_core::preface::{ServerPreface, Version};
use netcomm_core::time::{Instant, UnixMillis};
use netcomm_core::wire::{
    self, ClientMessage, Conversation, HistoryItem, Position, RequestId, ResumeToken, ServerMessage,
};

/// What a session puts out until it waits.
#[derive(Debug, Default)]
pub struct Said {
    pub events: Vec<Event>,
    pub bytes: Vec<u8>,
    pub connects: usize,
}

pub fn drain(session: &mut Session) -> Said {
    let mut said = Said::default();
    for _ in 0..100_000 {
        match session.poll_output() {
            Output::Event(event) => said.events.push(event),
            Output::Transmit(bytes) => said.bytes.extend(bytes),
            Output::Connect => said.connects += 1,
            Output::Wait(_) => return said,
            _ => {}
        }
    }
    panic!("an endless drain");
}

pub const NOW: Instant = Instant::EPOCH;
pub const EVERYONE: Position = Position { epoch: 7, seq: 0 };

pub fn tell(session: &mut Session, id: u32, message: &ServerMessage<'_>) -> Said {
    let mut frame = Vec::new();
    wire::encode(RequestId(id), message, &mut frame).expect("a frame");
    session.receive(NOW, &frame);
    drain(session)
}

pub fn greeted() -> Session {
    let mut config = SessionConfig::new("ann");
    config.rooms.push("lobby".into());
    let mut session = Session::new(config, NOW, 1);
    session.handle_connected(NOW);
    session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
    drain(&mut session);
    session
}

pub fn welcome<'a>(resumed: bool) -> ServerMessage<'a> {
    ServerMessage::Welcome {
        nickname: "ann",
        resumed,
        hidden: false,
        token: ResumeToken([3; 16]),
        time: UnixMillis(0),
        everyone: EVERYONE,
        limits: Vec::new(),
        features: 0,
        extensions: Vec::new(),
    }
}

pub fn up() -> Session {
    let mut session = greeted();
    tell(&mut session, 1, &welcome(false));
    assert!(session.is_logged_in());
    session
}

pub fn ending(said: &Said) -> Option<&Ending> {
    said.events.iter().find_map(|event| match event {
        Event::Ended { why } => Some(why),
        _ => None,
    })
}

/// The connection breaks, and the next one stands as far as the preface.
pub fn again(session: &mut Session) {
    session.handle_disconnected(NOW);
    drain(session);
    session.handle_timeout(NOW + Duration::from_mins(2));
    session.handle_connected(NOW);
    session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
}

/// The requests in what was sent, without their ids.
pub fn requests(bytes: &[u8]) -> Vec<(RequestId, String)> {
    let mut rest = bytes.strip_prefix(&netcomm_core::preface::ClientPreface::OURS.to_bytes()[..]);
    let mut rest = rest.take().unwrap_or(bytes);
    let mut requests = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*header)).expect("a length");
        let (id, message) = wire::decode::<ClientMessage<'_>>(&after[..length]).expect("a frame");
        requests.push((id, format!("{message:?}")));
        rest = &after[length..];
    }
    requests
}

/// The number of the only request that was sent, or of the last one like this.
pub fn asked(said: &Said, like: &str) -> RequestId {
    let sent = requests(&said.bytes);
    let found = sent.iter().rfind(|(_, request)| request.starts_with(like));
    found.unwrap_or_else(|| panic!("no {like} in {sent:?}")).0
}

/// The texts of the messages that the user was told.
pub fn texts(said: &Said) -> Vec<&str> {
    let texts = said.events.iter().filter_map(|event| match event {
        Event::Message { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Somebody says `text`, at this place.
pub fn message<'a>(to: Conversation<'a>, at: (u64, u64), text: &'a str) -> ServerMessage<'a> {
    let position = Position { epoch: at.0, seq: at.1 };
    let (conversation, time) = (to, UnixMillis(0));
    ServerMessage::Message { conversation, position, time, author: "bob", text }
}

pub fn item(seq: u64, nonce: u64, text: &str) -> HistoryItem<'_> {
    HistoryItem { seq, time: UnixMillis(0), author: "bob", nonce, text }
}
