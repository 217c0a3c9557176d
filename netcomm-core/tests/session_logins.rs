//! What a client's session asks for when it logs in again: what it was granted before.

use netcomm_core::client::{Answer, Event, Session};
use netcomm_core::wire::{ClientMessage, Position, RefusalCode, ServerMessage};

use crate::support::script::{
    NOW, Said, again, asked, drain, greeted, requests, tell, up, welcome,
};

/// The user asks, and the server answers.
fn ask(session: &mut Session, request: &ClientMessage<'_>, answer: &ServerMessage<'_>) {
    let id = session.request(NOW, request).expect("a request");
    tell(session, id.0, answer);
}

fn joined(room: &str) -> ServerMessage<'_> {
    ServerMessage::Joined { room, position: Position { epoch: 9, seq: 0 } }
}

/// The connection breaks: the login of the next.
fn next_login(session: &mut Session) -> String {
    again(session);
    requests(&drain(session).bytes)[0].1.clone()
}

/// The rooms that are entered one after the other, where the server grants each.
fn entered(session: &mut Session, mut said: Said) -> Vec<String> {
    let mut rooms = Vec::new();
    while let [(id, request)] = &requests(&said.bytes)[..]
        && let Some(room) = request.strip_prefix("Join { room: \"")
    {
        let room = room.trim_end_matches("\" }").to_owned();
        said = tell(session, id.0, &joined(&room));
        rooms.push(room);
    }
    rooms
}

#[test]
fn a_name_and_visibility_that_were_granted_are_asked_for_again() {
    let mut session = up();
    ask(&mut session, &ClientMessage::Rename { nickname: "zoe" }, &ServerMessage::Done);
    ask(&mut session, &ClientMessage::Hide, &ServerMessage::Done);
    let login = next_login(&mut session);
    assert!(login.contains("\"zoe\"") && login.contains("hidden: true"), "{login}");
    let mut session = up();
    ask(&mut session, &ClientMessage::Hide, &ServerMessage::Done);
    ask(&mut session, &ClientMessage::Reveal, &ServerMessage::Done);
    let login = next_login(&mut session);
    assert!(login.contains("\"ann\"") && login.contains("hidden: false"), "{login}");
}

#[test]
fn a_name_that_was_refused_is_not_asked_for() {
    let mut session = up();
    let code = RefusalCode::NAME_TAKEN;
    let refused = ServerMessage::Refused { code, retry_after: None, text: "" };
    ask(&mut session, &ClientMessage::Rename { nickname: "bob" }, &refused);
    ask(&mut session, &ClientMessage::Hide, &refused);
    let login = next_login(&mut session);
    assert!(login.contains("\"ann\"") && login.contains("hidden: false"), "{login}");
}

#[test]
fn rooms_that_were_joined_are_entered_again_once_and_those_that_were_left_are_not() {
    let code = RefusalCode::NOT_A_MEMBER;
    let refused = ServerMessage::Refused { code, retry_after: None, text: "" };
    for left in [ServerMessage::Done, refused] {
        let mut session = greeted();
        let said = tell(&mut session, 1, &welcome(false));
        assert_eq!(entered(&mut session, said), ["lobby"]);
        for room in ["den", "DEN", "tea"] {
            ask(&mut session, &ClientMessage::Join { room }, &joined(room));
        }
        ask(&mut session, &ClientMessage::Leave { room: "Lobby" }, &left);
        again(&mut session);
        let login = asked(&drain(&mut session), "Login");
        let said = tell(&mut session, login.0, &welcome(false));
        assert_eq!(entered(&mut session, said), ["den", "tea"]);
    }
}

#[test]
fn a_user_is_told_which_login_was_the_first() {
    let mut session = greeted();
    for (is_first, resumed) in [(true, false), (false, true), (false, false)] {
        if !is_first {
            again(&mut session);
        }
        let login = if is_first { 1 } else { asked(&drain(&mut session), "Login").0 };
        let said = tell(&mut session, login, &welcome(resumed));
        let told = said.events.iter().find_map(|event| match event {
            Event::LoggedIn { first, resumed, .. } => Some((*first, *resumed)),
            _ => None,
        });
        assert_eq!(told, Some((is_first, resumed)));
    }
}

/// A room that nobody made is made, and one that somebody else makes first is joined; but not for
/// ever.
#[test]
fn a_room_is_entered_or_made_in_four_tries() {
    let refusals = [
        (RefusalCode::UNKNOWN_ROOM, "Join"),
        (RefusalCode::ROOM_EXISTS, "CreateRoom"),
        (RefusalCode::UNKNOWN_ROOM, "Join"),
        (RefusalCode::ROOM_EXISTS, "CreateRoom"),
    ];
    let mut session = greeted();
    let mut said = tell(&mut session, 1, &welcome(false));
    for (code, request) in refusals {
        assert_eq!(said.events.iter().filter(|event| is_refused(event)).count(), 0);
        let id = asked(&said, request);
        let refused = ServerMessage::Refused { code, retry_after: None, text: "" };
        said = tell(&mut session, id.0, &refused);
    }
    assert_eq!(said.events.iter().filter(|event| is_refused(event)).count(), 1);
    asked(&said, "Conversations");
}

fn is_refused(event: &Event) -> bool {
    matches!(event, Event::RoomRefused { .. })
}

#[test]
fn who_is_hidden_makes_no_room() {
    let mut session = up();
    ask(&mut session, &ClientMessage::Join { room: "lobby" }, &joined("lobby"));
    ask(&mut session, &ClientMessage::Hide, &ServerMessage::Done);
    again(&mut session);
    let login = asked(&drain(&mut session), "Login");
    let ServerMessage::Welcome { nickname, token, time, everyone, .. } = welcome(false) else {
        panic!("a welcome");
    };
    let hidden = ServerMessage::Welcome {
        nickname,
        resumed: false,
        hidden: true,
        token,
        time,
        everyone,
        limits: Vec::new(),
        features: 0,
        extensions: Vec::new(),
    };
    let said = tell(&mut session, login.0, &hidden);
    let code = RefusalCode::UNKNOWN_ROOM;
    let refused = ServerMessage::Refused { code, retry_after: None, text: "" };
    let said = tell(&mut session, asked(&said, "Join").0, &refused);
    assert!(said.events.iter().any(is_refused));
    asked(&said, "Conversations");
}

#[test]
fn who_is_forgotten_is_told_that_no_answers_will_come() {
    let mut session = up();
    let id = session.request(NOW, &ClientMessage::Rooms { from: "" }).expect("a request");
    again(&mut session);
    let login = asked(&drain(&mut session), "Login");
    let said = tell(&mut session, login.0, &welcome(false));
    assert!(said.events.contains(&Event::Answered { id, answer: Answer::Lost }));
}
