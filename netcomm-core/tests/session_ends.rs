//! A client's session against what servers may say: when it ends, when it comes back, and that
//! no bytes do it harm.

use std::time::Duration;

use netcomm_core::client::{Answer, Ending, Event, Loss, Output, Session, SessionConfig};
use netcomm_core::limits::Limit;
use netcomm_core::preface::{PrefaceRefusal, ServerPreface, Version};
use netcomm_core::server::{Face, farewell};
use netcomm_core::time::{Instant, UnixMillis};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, NoticeCode, Position, RefusalCode, RequestId,
    ResumeToken, ServerMessage,
};
use proptest::prelude::*;

/// What a session puts out until it waits.
#[derive(Default)]
struct Said {
    events: Vec<Event>,
    bytes: Vec<u8>,
    connects: usize,
}

fn drain(session: &mut Session) -> Said {
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

const NOW: Instant = Instant::EPOCH;
const EVERYONE: Position = Position { epoch: 7, seq: 0 };

fn tell(session: &mut Session, id: u32, message: &ServerMessage<'_>) -> Said {
    let mut frame = Vec::new();
    wire::encode(RequestId(id), message, &mut frame).expect("a frame");
    session.receive(NOW, &frame);
    drain(session)
}

fn greeted() -> Session {
    let mut config = SessionConfig::new("ann");
    config.rooms.push("lobby".into());
    let mut session = Session::new(config, NOW, 1);
    session.handle_connected(NOW);
    session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
    drain(&mut session);
    session
}

fn welcome<'a>(resumed: bool) -> ServerMessage<'a> {
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

fn up() -> Session {
    let mut session = greeted();
    tell(&mut session, 1, &welcome(false));
    assert!(session.is_logged_in());
    session
}

fn ending(said: &Said) -> Option<&Ending> {
    said.events.iter().find_map(|event| match event {
        Event::Ended { why } => Some(why),
        _ => None,
    })
}

/// The connection breaks, and the next one stands as far as the preface.
fn again(session: &mut Session) {
    session.handle_disconnected(NOW);
    drain(session);
    session.handle_timeout(NOW + Duration::from_mins(2));
    session.handle_connected(NOW);
    session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
}

/// The requests in what was sent, without their ids.
fn requests(bytes: &[u8]) -> Vec<(RequestId, String)> {
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

#[test]
fn only_codes_of_the_retry_class_bring_a_session_back() {
    for code in CloseCode::KNOWN {
        let mut session = up();
        let closing = ServerMessage::Closing { code: *code, retry_after: None, text: "" };
        let said = tell(&mut session, 0, &closing);
        let ends = !(200..300).contains(&code.0);
        assert_eq!(ending(&said).is_some(), ends, "{code}");
        session.handle_timeout(NOW + Duration::from_mins(2));
        assert_eq!(drain(&mut session).connects, usize::from(!ends), "{code}");
    }
}

#[test]
fn a_server_that_speaks_otherwise_is_left_for_good() {
    let refused = ServerPreface::Refused(PrefaceRefusal::REFUSED).to_bytes();
    for first in [*b"SSH-2.0-", refused] {
        let mut session = Session::new(SessionConfig::new("ann"), NOW, 1);
        session.handle_connected(NOW);
        session.receive(NOW, &first);
        assert!(ending(&drain(&mut session)).is_some());
    }
    let mut session = up();
    session.receive(NOW, &[0; 4]);
    assert_eq!(ending(&drain(&mut session)), Some(&Ending::Malformed));
}

#[test]
fn a_server_that_closes_in_words_before_it_has_heard_anything_is_asked_again() {
    for code in [CloseCode::SHUTTING_DOWN, CloseCode::LOGIN_TIMEOUT] {
        let mut session = Session::new(SessionConfig::new("ann"), NOW, 1);
        drain(&mut session);
        session.handle_connected(NOW);
        for byte in farewell(Face::Text, code) {
            session.receive(NOW, &[byte]);
        }
        let said = drain(&mut session);
        assert!(matches!(said.events[..], [Event::Lost { why: Loss::InWords, .. }]));
        session.handle_timeout(NOW + Duration::from_mins(2));
        assert_eq!(drain(&mut session).connects, 1);
    }
}

#[test]
fn a_name_that_an_unheard_welcome_took_is_waited_for() {
    let mut session = greeted();
    again(&mut session);
    let id = requests(&drain(&mut session).bytes)[0].0;
    let refused =
        ServerMessage::Refused { code: RefusalCode::NAME_TAKEN, retry_after: None, text: "" };
    let said = tell(&mut session, id.0, &refused);
    assert!(matches!(said.events[..], [Event::Lost { .. }]));
}

#[test]
fn who_quits_during_a_login_says_so_when_it_is_in() {
    let mut session = greeted();
    session.quit(NOW);
    assert!(ending(&drain(&mut session)).is_none());
    let said = tell(&mut session, 1, &welcome(false));
    let requests = requests(&said.bytes);
    assert!(requests.iter().any(|(_, request)| request == "Quit"));
    session.handle_timeout(NOW + Duration::from_secs(2));
    assert_eq!(ending(&drain(&mut session)), Some(&Ending::Quit));
}

#[test]
fn who_asked_to_hide_comes_back_hidden() {
    let mut session = up();
    session.request(NOW, &ClientMessage::Hide).expect("a request");
    again(&mut session);
    let sent = requests(&drain(&mut session).bytes);
    assert!(sent[0].1.contains("hidden: true"), "{sent:?}");
}

#[test]
fn a_leave_without_answer_and_a_closed_room_are_not_entered_again() {
    for leaves in [true, false] {
        let mut session = up();
        if leaves {
            let leave = ClientMessage::Leave { room: "lobby" };
            session.request(NOW, &leave).expect("a request");
        } else {
            let closed =
                ServerMessage::Notice { code: NoticeCode::ROOM_CLOSED, subject: "Lobby", text: "" };
            tell(&mut session, 0, &closed);
        }
        again(&mut session);
        let id = requests(&drain(&mut session).bytes)[0].0;
        let said = tell(&mut session, id.0, &welcome(false));
        let sent = requests(&said.bytes);
        assert!(!sent.iter().any(|(_, one)| one.contains("Join")), "{sent:?}");
        let lost = |event: &Event| matches!(event, Event::Answered { answer: Answer::Lost, .. });
        assert_eq!(said.events.iter().any(lost), leaves);
    }
}

#[test]
fn the_sessions_own_requests_count_as_unanswered() {
    let mut session = up();
    let limit = session.limit(Limit::Unanswered);
    let posts = (0..limit).map(|_| session.post(NOW, Conversation::EVERYONE, "hi").is_ok());
    // One of them is the join of the wanted room.
    assert_eq!(posts.filter(|sent| *sent).count() as u64, limit - 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_from_a_server_do_harm(
        logged_in in any::<bool>(),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
    ) {
        let mut session = if logged_in { up() } else { greeted() };
        for chunk in chunks {
            let mut frame = u32::try_from(chunk.len()).expect("short").to_be_bytes().to_vec();
            frame.extend(chunk);
            session.receive(NOW, &frame);
            drain(&mut session);
        }
        session.handle_timeout(NOW + Duration::from_mins(9));
        drain(&mut session);
    }
}
