//! What typed lines become, with a session whose server is played by the tests.

use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use super::tests::{PLACE, Paper};
use super::*;
use crate::client::{Output, Session, SessionConfig};
use crate::frame::{FrameDecoder, MAX_PAYLOAD};
use crate::preface::{ServerPreface, Version};
use crate::time::{Instant, UnixMillis};
use crate::wire::{self, ClientMessage, Credential, RefusalCode, ResumeToken};

const NOW: Instant = Instant::EPOCH;

/// Somebody who types, and the server's side of it.
struct Desk {
    talk: Talk<Paper>,
    session: Session,
}

impl Desk {
    fn connected(watched: bool) -> Self {
        let mut session = Session::new(SessionConfig::new("ann"), NOW, 7);
        session.handle_connected(NOW);
        session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
        Self { talk: Talk::new(Paper::default(), &[], watched), session }
    }

    fn logged_in(watched: bool) -> Self {
        let mut desk = Self::connected(watched);
        desk.log_in();
        desk.talk.page().take();
        desk
    }

    fn log_in(&mut self) {
        let login = self.sent().pop().expect("a login");
        let welcome = ServerMessage::Welcome {
            nickname: "ann",
            resumed: false,
            hidden: false,
            token: ResumeToken([7; 16]),
            time: UnixMillis(0),
            everyone: PLACE,
            limits: vec![],
            features: 0,
            extensions: vec![],
        };
        self.answers(login.0, &welcome);
        self.sent();
    }

    /// Types `line` and lets go on what can.
    fn types(&mut self, line: &str) -> Step {
        let step = self.talk.typed(&self.session, line.into());
        if step == Step::Done { self.goes_on() } else { step }
    }

    fn goes_on(&mut self) -> Step {
        loop {
            match self.talk.submit(&mut self.session, NOW) {
                Step::Done => {}
                step => return step,
            }
        }
    }

    fn answers(&mut self, id: RequestId, message: &ServerMessage<'_>) {
        let mut frame = Vec::new();
        wire::encode(id, message, &mut frame).expect("it fits a frame");
        self.session.receive(NOW, &frame);
    }

    /// What the session has sent since the last call, in short; its events go to the page.
    fn sent(&mut self) -> Vec<(RequestId, String)> {
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        let mut sent = Vec::new();
        loop {
            match self.session.poll_output() {
                Output::Wait(_) => return sent,
                Output::Event(event) => self.talk.event(&event),
                Output::Transmit(bytes) => {
                    // The preface is no frame.
                    let mut input = bytes.strip_prefix(b"\x9eNET\0\x01\0\x01").unwrap_or(&bytes);
                    while let Ok(Some(payload)) = decoder.next_frame(&mut input) {
                        let (id, message) = wire::decode(payload).expect("a message");
                        sent.extend(short(&message).map(|short| (id, short)));
                    }
                }
                Output::Connect | Output::Disconnect => {}
            }
        }
    }

    /// The same, where ids do not matter.
    fn asked(&mut self) -> Vec<String> {
        self.sent().into_iter().map(|(_, short)| short).collect()
    }
}

fn short(message: &ClientMessage<'_>) -> Option<String> {
    match message {
        ClientMessage::Post { conversation, text, nonce, .. } => {
            assert_ne!(*nonce, 0, "by it a resent post is known again");
            Some(format!("{conversation} {text}"))
        }
        ClientMessage::Login { nickname, credential: Credential::NONE, .. } => {
            Some(format!("login {nickname}"))
        }
        // The session's own.
        ClientMessage::Conversations { .. } => None,
        other => Some(Asked::of(other).to_string()),
    }
}

fn refused(code: RefusalCode) -> ServerMessage<'static> {
    ServerMessage::Refused { code, retry_after: None, text: "no" }
}

#[test]
fn lines_become_requests_in_order() {
    let mut desk = Desk::logged_in(false);
    for line in ["one", "", "//two", "/dm bob three", "/rooms"] {
        assert_eq!(desk.types(line), Step::Waits);
    }
    assert_eq!(desk.asked(), ["* one", "* /two", "@bob three", "/rooms"]);
    assert_eq!(desk.talk.waiting(), 0);
    assert!(!desk.talk.is_settled() && !desk.talk.had_trouble());
}

#[test]
fn a_text_after_a_join_waits_to_know_where_it_goes() {
    let mut desk = Desk::logged_in(false);
    desk.types("/join tea");
    desk.types("hello");
    let join = desk.sent();
    assert_eq!(join.len(), 1, "{join:?}");
    assert_eq!(desk.talk.waiting(), 1);
    desk.answers(join[0].0, &ServerMessage::Joined { room: "tea", position: PLACE });
    desk.sent();
    desk.goes_on();
    assert_eq!(desk.asked(), ["#tea hello"]);
}

#[test]
fn what_was_meant_for_a_room_goes_nowhere_else_unless_somebody_watches() {
    for watched in [false, true] {
        let mut desk = Desk::logged_in(watched);
        desk.types("/join tea");
        desk.types("hello");
        let join = desk.sent();
        desk.answers(join[0].0, &refused(RefusalCode::UNKNOWN_ROOM));
        desk.sent();
        desk.goes_on();
        let said: &[&str] = if watched { &["* hello"] } else { &[] };
        assert_eq!(desk.asked(), said);
        let shown = desk.talk.page().take();
        assert_eq!(shown.contains("the room before it was not entered"), !watched, "{shown}");
    }
}

#[test]
fn a_bad_line_is_told_and_costs_no_other() {
    let mut desk = Desk::logged_in(false);
    desk.types("/dance");
    desk.types("\u{7}");
    desk.types("/nick 12345");
    desk.types("fine");
    assert_eq!(desk.asked(), ["* fine"]);
    let shown = desk.talk.page().take();
    assert_eq!(shown.matches("* refused: ").count(), 3, "{shown}");
    assert!(desk.talk.had_trouble());
}

#[test]
fn who_watches_need_not_wait_for_help_and_the_way_out() {
    let mut desk = Desk::connected(true);
    assert_eq!(desk.types("/help dm"), Step::Waits);
    assert!(desk.talk.page().take().starts_with("* /dm"));
    assert_eq!(desk.types("later"), Step::Waits);
    assert_eq!(desk.talk.page().take(), "* not connected: this is sent later\n");
    assert_eq!(desk.types("/quit"), Step::Quit);
    assert_eq!(desk.talk.waiting(), 1);
    desk.log_in();
    desk.goes_on();
    assert_eq!(desk.asked(), ["* later"]);
}

#[test]
fn a_quit_that_nobody_watches_waits_for_all_answers() {
    let mut desk = Desk::logged_in(false);
    desk.types("hello");
    assert_eq!(desk.types("/quit"), Step::Waits);
    let post = desk.sent();
    desk.answers(
        post[0].0,
        &ServerMessage::Posted { position: PLACE, time: UnixMillis(0), earlier: 0 },
    );
    desk.sent();
    assert_eq!(desk.goes_on(), Step::Quit);
}

#[test]
fn lines_that_wait_can_be_dropped() {
    let mut desk = Desk::connected(false);
    desk.types("dropped");
    assert_eq!(desk.talk.waiting(), 1);
    desk.talk.drop_lines();
    assert_eq!(desk.talk.waiting(), 0);
}

#[test]
fn after_a_refused_login_a_line_is_a_nickname() {
    for line in ["bob", " bob ", "/nick bob"] {
        let mut desk = Desk::connected(true);
        let login = desk.sent();
        assert_eq!(login[0].1, "login ann");
        desk.answers(login[0].0, &refused(RefusalCode::NAME_TAKEN));
        desk.sent();
        desk.types("two words");
        assert!(desk.talk.page().take().starts_with("* refused: \"two words\": "));
        desk.types(line);
        desk.session.handle_connected(NOW);
        desk.session.receive(NOW, &ServerPreface::Accepted(Version::V1).to_bytes());
        assert_eq!(desk.asked(), ["login bob"], "{line:?}");
        assert_eq!(desk.talk.waiting(), 0);
    }
}
