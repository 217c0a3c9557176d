//! What a client's session sends and what it does not, and what it does as time passes.

use std::time::Duration;

use netcomm_core::client::{Ending, Event, Loss, Output, SendError, Session};
use netcomm_core::wire::{ClientMessage, Conversation, ServerMessage};

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
