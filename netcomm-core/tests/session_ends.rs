//! A client's session against what servers may say: when it ends, when it comes back, and that
//! no bytes do it harm.

use std::time::Duration;

use netcomm_core::client::{Answer, Ending, Event, Loss, Session, SessionConfig};
use netcomm_core::limits::Limit;
use netcomm_core::preface::{PrefaceRefusal, ServerPreface};
use netcomm_core::server::{Face, farewell};
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, NoticeCode, Position, RefusalCode, ServerMessage,
};
use proptest::prelude::*;

use crate::support::random;
use crate::support::script::{
    NOW, again, asked, drain, ending, greeted, requests, tell, up, welcome,
};

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
fn a_room_is_being_entered_from_the_login_until_the_answer() {
    for refused in [true, false] {
        let mut session = greeted();
        assert!(!session.is_entering("lobby"), "there is no login yet");
        let said = tell(&mut session, 1, &welcome(false));
        assert!(session.is_entering("Lobby") && !session.is_entering("tea"));
        let join = asked(&said, "Join");
        if refused {
            let code = RefusalCode::TOO_MANY_ROOMS;
            let answer = ServerMessage::Refused { code, retry_after: None, text: "" };
            tell(&mut session, join.0, &answer);
        } else {
            let position = Position { epoch: 9, seq: 0 };
            tell(&mut session, join.0, &ServerMessage::Joined { room: "lobby", position });
        }
        assert!(!session.is_entering("lobby"), "refused: {refused}");
        again(&mut session);
        let id = requests(&drain(&mut session).bytes)[0].0;
        tell(&mut session, id.0, &welcome(true));
        assert!(!session.is_entering("lobby"), "a resumed session is in its rooms");
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

#[test]
fn a_server_that_closes_before_it_has_heard_anything_is_come_back_to() {
    let codes = [CloseCode::SHUTTING_DOWN, CloseCode::LOGIN_TIMEOUT, CloseCode::FULL];
    for code in codes.into_iter().chain([CloseCode::ADDRESS_LIMIT]) {
        let mut session = Session::new(SessionConfig::new("ann"), NOW, 1);
        session.handle_connected(NOW);
        session.receive(NOW, &farewell(Face::Text, code));
        let said = drain(&mut session);
        assert!(matches!(said.events[..], [Event::Lost { .. }]), "{code}: {:?}", said.events);
        session.handle_timeout(NOW + Duration::from_mins(2));
        assert_eq!(drain(&mut session).connects, 1);
    }
}

#[test]
fn who_wishes_for_a_name_does_not_follow_its_bearer() {
    let mut session = up();
    tell(&mut session, 0, &ServerMessage::Renamed { from: "ann", to: "eve" });
    assert_eq!(session.nickname(), "ann");
}

#[test]
fn a_room_that_was_refused_unheard_is_asked_for_anew() {
    let mut session = greeted();
    let said = tell(&mut session, 1, &welcome(false));
    let join = asked(&said, "Join");
    let code = RefusalCode::STALE_REQUEST;
    let stale = ServerMessage::Refused { code, retry_after: None, text: "" };
    let said = tell(&mut session, join.0, &stale);
    assert!(asked(&said, "Join") > join);
    assert_eq!(said.events, []);
}

proptest! {
    #![proptest_config(random(256))]

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
