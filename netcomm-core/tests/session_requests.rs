//! What a client's session sends and what it does not, and what it does as time passes.

use std::time::Duration;

use netcomm_core::client::{Ending, Event, Loss, Output, SendError, Session};
use netcomm_core::limits::{LimitInfo, TABLE};
use netcomm_core::preface::{ServerPreface, Version};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    self, ClientMessage, Conversation, LimitValue, Position, RequestId, ServerMessage,
};

use crate::support::script::{NOW, asked, drain, ending, greeted, tell, up, welcome};

fn due(session: &mut Session) -> netcomm_core::time::Instant {
    match session.poll_output() {
        Output::Wait(Some(due)) => due,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_no_server_could_grant_is_not_sent() {
    let mut session = up();
    let login = crate::support::chat::login("bob", false, None);
    for message in [login, ClientMessage::Pong { nonce: 1 }, ClientMessage::Quit] {
        assert_eq!(session.request(NOW, &message), Err(SendError::Reserved));
    }
    for room in ["#", "two words"] {
        for message in [
            ClientMessage::Join { room },
            ClientMessage::CreateRoom { room },
            ClientMessage::Leave { room },
            ClientMessage::Rename { nickname: room },
        ] {
            assert!(matches!(session.request(NOW, &message), Err(SendError::Name(_))));
        }
        for to in [Conversation::room(room), Conversation::private(room)] {
            assert!(matches!(session.post(NOW, to, "hi"), Err(SendError::Name(_))));
        }
    }
    assert!(matches!(session.post(NOW, Conversation::EVERYONE, ""), Err(SendError::Text(_))));
    assert!(drain(&mut session).bytes.is_empty());
    for to in [Conversation::EVERYONE, Conversation::room("den"), Conversation::private("bob")] {
        assert!(session.post(NOW, to, "hi").is_ok());
    }
}

#[test]
fn nothing_is_sent_before_the_login() {
    let mut session = greeted();
    let hide = ClientMessage::Hide;
    assert_eq!(session.request(NOW, &hide), Err(SendError::NotLoggedIn));
    tell(&mut session, 1, &welcome(false));
    assert!(session.request(NOW, &hide).is_ok());
}

#[test]
fn a_session_knows_whether_it_is_hidden_as_soon_as_that_is_granted() {
    let mut session = up();
    for (request, is_hidden) in [(ClientMessage::Hide, true), (ClientMessage::Reveal, false)] {
        let id = session.request(NOW, &request).expect("a request");
        assert_eq!(session.is_hidden(), !is_hidden);
        tell(&mut session, id.0, &ServerMessage::Done);
        assert_eq!(session.is_hidden(), is_hidden);
    }
}

#[test]
fn events_of_a_later_version_are_counted() {
    let mut session = up();
    for count in 0..3 {
        assert_eq!(session.unknown_events(), count);
        // An answer to nothing is no event of this version either.
        assert_eq!(tell(&mut session, 0, &ServerMessage::Done).events, []);
    }
}

#[test]
fn a_server_that_answers_no_ping_is_left_and_one_that_says_anything_is_not() {
    for speaks in [true, false] {
        let mut session = up();
        drain(&mut session);
        let ping = due(&mut session);
        session.handle_timeout(ping);
        asked(&drain(&mut session), "Ping");
        let patience_over = due(&mut session);
        assert_eq!(patience_over.since(ping), Duration::from_secs(15));
        if speaks {
            session.receive(ping, &[0]);
        }
        session.handle_timeout(patience_over);
        let said = drain(&mut session);
        let is_lost = matches!(said.events[..], [Event::Lost { why: Loss::Heartbeat, .. }]);
        assert_eq!(is_lost, !speaks);
    }
}

#[test]
fn who_has_said_goodbye_is_gone_when_the_connection_is() {
    let mut session = up();
    session.quit(NOW);
    asked(&drain(&mut session), "Quit");
    session.handle_disconnected(NOW);
    assert_eq!(ending(&drain(&mut session)), Some(&Ending::Quit));
}

#[test]
fn what_is_not_answered_yet_can_be_looked_at() {
    let mut session = up();
    session.request(NOW, &ClientMessage::Hide).expect("a request");
    let all = Conversation::EVERYONE;
    let [one, two] = ["one", "two"].map(|text| session.post(NOW, all, text).expect("a post"));
    let posts = |session: &Session| {
        let posts = session.posts().map(|(id, to, text)| (id, to == all, text.to_owned()));
        posts.collect::<Vec<_>>()
    };
    let waiting = [(one, true, "one".to_owned()), (two, true, "two".to_owned())];
    assert_eq!(posts(&session), waiting);
    let position = Position { epoch: 7, seq: 1 };
    let posted = ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 };
    tell(&mut session, one.0, &posted);
    assert_eq!(posts(&session), waiting[1..]);
}

#[test]
fn no_limit_is_believed_that_no_server_may_have() {
    type Within = fn(&LimitInfo) -> u64;
    for (value, within) in [(0, (|row| row.min) as Within), (u64::MAX, |row| row.max)] {
        let mut session = greeted();
        let mut welcome = welcome(false);
        if let ServerMessage::Welcome { limits, .. } = &mut welcome {
            *limits =
                TABLE.iter().map(|row| LimitValue { limit: row.limit as u16, value }).collect();
        }
        tell(&mut session, 1, &welcome);
        for row in TABLE {
            assert_eq!(session.limit(row.limit), within(row), "{}", row.name);
        }
    }
}

/// Full jitter: a wait may be short by chance, but of many the longest tells the ceiling.
#[test]
fn who_was_connected_for_a_while_does_not_wait_for_long() {
    let longest = |lasted: Duration| {
        let mut session = greeted();
        let (mut now, mut longest, mut login) = (NOW, Duration::ZERO, RequestId(1));
        for _ in 0..100 {
            let mut frame = Vec::new();
            wire::encode(login, &welcome(false), &mut frame).expect("a frame");
            session.receive(now, &frame);
            now = now + lasted;
            session.handle_disconnected(now);
            let lost = drain(&mut session);
            let [.., Event::Lost { retry_in, .. }] = lost.events[..] else { panic!("{lost:?}") };
            longest = longest.max(retry_in);
            now = now + retry_in;
            session.handle_timeout(now);
            session.handle_connected(now);
            session.receive(now, &ServerPreface::Accepted(Version::V1).to_bytes());
            login = asked(&drain(&mut session), "Login");
        }
        longest
    };
    assert!(longest(Duration::from_secs(10)) <= Duration::from_secs(1));
    assert!(longest(Duration::from_millis(9_999)) > Duration::from_secs(30));
}
