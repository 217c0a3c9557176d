//! What no well-behaved peer sends: it is answered or ends, and nobody else notices.

use std::io::{Read, Write};
use std::net::TcpStream;

use netcomm_core::preface::{ClientPreface, PrefaceRefusal, ServerPreface};
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, ConversationKind, Credential, CredentialScheme,
    RefusalCode, ServerMessage,
};

use crate::peers::{Framed, Hall, Long, Person, create, history, login, post};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;

/// Two who talk with each other, while others misbehave. They hear nothing else.
struct Calm {
    hall: Hall,
    speaker: Framed,
    framed: Framed,
    typing: Person,
    said: u64,
}

impl Calm {
    fn new() -> Self {
        let hall = Hall::open(&[("notice_audience", 0)]);
        let [speaker, framed] =
            ["speaker", "framed"].map(|nickname| Framed::enter(hall.address, nickname));
        let typing = Person::enter(hall.address, "typing");
        Self { hall, speaker, framed, typing, said: 0 }
    }

    /// Whatever happened in between: the next thing that both hear is the next thing said.
    fn check(&mut self, what: &str) {
        self.said += 1;
        let said = format!("number {}", self.said);
        assert_eq!(self.speaker.say(&said).seq, self.said, "{what}");
        match self.framed.next().unwrap().message() {
            ServerMessage::Message { position, text, .. } => {
                assert_eq!((position.seq, text), (self.said, &*said), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
        let line = self.typing.line().unwrap();
        assert!(line.ends_with(&format!("<speaker> {said}")), "{what}: {line}");
    }

    fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(self.hall.address).unwrap();
        socket.set_read_timeout(Some(crate::peers::PATIENCE)).unwrap();
        socket
    }

    /// All that the server says to somebody who says this.
    fn answer(&self, said: &[u8]) -> Vec<u8> {
        let mut socket = self.socket();
        socket.write_all(said).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        answer
    }
}

/// A frame around any payload.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes(), payload].concat()
}

#[test]
fn prefaces() {
    let mut calm = Calm::new();
    let offer = |lowest, highest| ClientPreface { lowest, highest }.to_bytes();
    for (said, why) in [
        (*b"\x9eNOT\x00\x01\x00\x01", PrefaceRefusal::REFUSED),
        ([0x9e; 8], PrefaceRefusal::REFUSED),
        (offer(2, 9), PrefaceRefusal::NONE_IN_COMMON),
        (offer(0, 0), PrefaceRefusal::NONE_IN_COMMON),
        (offer(9, 1), PrefaceRefusal::NONE_IN_COMMON),
    ] {
        assert_eq!(calm.answer(&said), ServerPreface::Refused(why).to_bytes());
        calm.check("a preface that is refused");
    }
    for length in 1..8 {
        let mut socket = calm.socket();
        socket.write_all(&offer(1, 1)[..length]).unwrap();
        drop(socket);
        calm.check("a part of a preface, then nobody");
    }
    assert_eq!(calm.answer(b"\x16\x03\x01\x02\x00\x01"), b"", "there is no TLS");
    calm.check("TLS");
}

#[test]
fn frames_that_close() {
    let mut calm = Calm::new();
    let id_of_six_bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x0c];
    let room_that_is_not_utf8 = [3, 2, 2, 0xc3, 0x28];
    let room_longer_than_the_frame = [3, 2, 200, b'x'];
    let quit_and_more = [3, 14, 0];
    for (what, bytes, code) in [
        ("empty", vec![0; 4], CloseCode::EMPTY_FRAME),
        ("too long", vec![0, 0, 0x40, 1], CloseCode::FRAME_TOO_LARGE),
        ("absurd", vec![0xff; 4], CloseCode::FRAME_TOO_LARGE),
        ("HTTP", b"GET / HTTP/1.1\r\n".to_vec(), CloseCode::FRAME_TOO_LARGE),
        ("no number", frame(&[0x80]), CloseCode::MALFORMED),
        ("a number alone", frame(&[7]), CloseCode::MALFORMED),
        ("a long number", frame(&id_of_six_bytes), CloseCode::MALFORMED),
        ("not UTF-8", frame(&room_that_is_not_utf8), CloseCode::MALFORMED),
        ("a long string", frame(&room_longer_than_the_frame), CloseCode::MALFORMED),
        ("trailing bytes", frame(&quit_and_more), CloseCode::MALFORMED),
    ] {
        let mut peer = Framed::connect(calm.hall.address);
        peer.write(&bytes);
        assert_eq!(peer.closing(), code, "{what}");
        calm.check(what);
        let mut peer = Framed::enter(calm.hall.address, &format!("peer-{}", calm.said));
        peer.write(&bytes);
        assert_eq!(peer.closing(), code, "{what}");
        calm.check(what);
    }
    let post = {
        let mut bytes = Vec::new();
        let id = netcomm_core::wire::RequestId(9);
        netcomm_core::wire::encode(id, &post(EVERYONE, "never said"), &mut bytes).unwrap();
        bytes
    };
    for length in 1..post.len() {
        let mut peer = Framed::enter(calm.hall.address, &format!("gone-{length}"));
        peer.write(&post[..length]);
        drop(peer);
        calm.check("a part of a frame, then nobody");
    }
}

#[test]
fn requests_that_are_refused_before_the_login() {
    let mut calm = Calm::new();
    let mut peer = Framed::connect(calm.hall.address);
    let not_yet = RefusalCode::NOT_LOGGED_IN;
    let secret = ClientMessage::Login {
        nickname: "peer",
        hidden: false,
        resume: None,
        credential: Credential { scheme: CredentialScheme(77), data: b"secret" },
        features: u64::MAX,
        extensions: Vec::new(),
    };
    for (message, code) in [
        (post(EVERYONE, "never said"), not_yet),
        (create("lobby"), not_yet),
        (ClientMessage::Hide, not_yet),
        (history(EVERYONE, 1), not_yet),
        (secret, RefusalCode::BAD_CREDENTIALS),
        (login("", None), RefusalCode::INVALID_NAME),
        (login("two words", None), RefusalCode::INVALID_NAME),
        (login("\u{202e}abc", None), RefusalCode::INVALID_NAME),
        (login("a\u{200b}b", None), RefusalCode::INVALID_NAME),
        (login("1234", None), RefusalCode::INVALID_NAME),
        (login("#abc", None), RefusalCode::INVALID_NAME),
        (login("Server", None), RefusalCode::NAME_RESERVED),
        (login("FRAMED", None), RefusalCode::NAME_TAKEN),
        (login("frаmed", None), RefusalCode::NAME_TAKEN),
    ] {
        assert_eq!(peer.ask(&message).refusal().0, code, "{message:?}");
        calm.check("refused before the login");
    }
    peer.write(&frame(&[99, 200, 1]));
    assert_eq!(peer.answer(99).refusal().0, RefusalCode::UNSUPPORTED);
    assert!(!peer.log_in("peer", None).0, "the sixteenth is not too late");
    calm.check("logged in");
}

#[test]
fn requests_that_are_refused_after_it() {
    let mut calm = Calm::new();
    calm.framed.ask(&create("closed")).position();
    let mut peer = Framed::enter(calm.hall.address, "peer");
    let rename = |nickname| ClientMessage::Rename { nickname };
    let text = |text| post(EVERYONE, text);
    let other_epoch = ClientMessage::Post {
        conversation: EVERYONE,
        epoch: Some(1),
        nonce: 0,
        text: "never said",
    };
    let no_kind = Conversation { kind: ConversationKind(77), name: "x" };
    let closed = Conversation::room("closed");
    let nowhere = Some("nowhere");
    let long = Long::of(4097);
    for (message, code) in [
        (login("again", None), RefusalCode::ALREADY_LOGGED_IN),
        (text(&long), RefusalCode::INVALID_TEXT),
        (text(""), RefusalCode::INVALID_TEXT),
        (text(" \n "), RefusalCode::INVALID_TEXT),
        (text("\x1b[2J"), RefusalCode::INVALID_TEXT),
        (text("a\rb"), RefusalCode::INVALID_TEXT),
        (text("a\0b"), RefusalCode::INVALID_TEXT),
        (text("a\u{85}b"), RefusalCode::INVALID_TEXT),
        (text("a\u{2028}b"), RefusalCode::INVALID_TEXT),
        (text("a\u{202e}b"), RefusalCode::INVALID_TEXT),
        (other_epoch, RefusalCode::WRONG_EPOCH),
        (post(closed, "never said"), RefusalCode::NOT_A_MEMBER),
        (history(closed, 1), RefusalCode::NOT_A_MEMBER),
        (post(Conversation::room("nowhere"), "x"), RefusalCode::UNKNOWN_ROOM),
        (post(Conversation::private("nobody-here"), "x"), RefusalCode::UNKNOWN_NAME),
        (post(Conversation::private("peer"), "x"), RefusalCode::UNKNOWN_CONVERSATION),
        (post(no_kind, "x"), RefusalCode::UNKNOWN_CONVERSATION),
        (history(EVERYONE, 0), RefusalCode::INVALID_REQUEST),
        (ClientMessage::Join { room: "nowhere" }, RefusalCode::UNKNOWN_ROOM),
        (ClientMessage::Leave { room: "nowhere" }, RefusalCode::UNKNOWN_ROOM),
        (ClientMessage::Leave { room: "closed" }, RefusalCode::NOT_A_MEMBER),
        (ClientMessage::Members { room: nowhere, from: "" }, RefusalCode::UNKNOWN_ROOM),
        (create("CLOSED"), RefusalCode::ROOM_EXISTS),
        (create("a room"), RefusalCode::INVALID_NAME),
        (create("@room"), RefusalCode::INVALID_NAME),
        (create(""), RefusalCode::INVALID_NAME),
        (rename("typing"), RefusalCode::NAME_TAKEN),
        (rename("tурing"), RefusalCode::NAME_TAKEN),
        (rename("admin"), RefusalCode::NAME_RESERVED),
        (rename("a\u{7f}b"), RefusalCode::INVALID_NAME),
        (rename(&long), RefusalCode::INVALID_NAME),
    ] {
        assert_eq!(peer.ask(&message).refusal().0, code, "{message:?}");
        calm.check("refused");
    }
    peer.send_as(0, &text("without a number"));
    let refused = peer.event(|event| matches!(event, ServerMessage::Refused { .. }));
    assert_eq!(refused.refusal().0, RefusalCode::INVALID_REQUEST);
    peer.write(&frame(&[99, 200, 1]));
    assert_eq!(peer.answer(99).refusal().0, RefusalCode::UNSUPPORTED);
    calm.check("refused");
    let members = peer.ask(&ClientMessage::Members { room: None, from: "" });
    let ServerMessage::Members { members, .. } = members.message() else { panic!("{members:?}") };
    assert_eq!(members, ["framed", "peer", "speaker", "typing"]);
}

#[test]
fn lines() {
    let mut calm = Calm::new();
    let mut peer = Person::connect(calm.hall.address);
    // Empty lines and telnet's options are no first line.
    peer.write(b"\r\n\n\xff\xfd\x03\xff\xfb\x18\xff\xfa\x18\x00VT\n100\xff\xf0\r\n");
    peer.write(b"\xffthe first line is no text\xc3\n");
    peer.until("refused: the line is not UTF-8");
    peer.sees("/members", "refused: log in first: the first line is your nickname");
    peer.sees("typing", "refused: this nickname, or one that looks like it, is taken");
    peer.sees("hello everybody", "refused: choose a nickname first: /nick <nickname>");
    peer.sees("/nick tурing", "refused: this nickname");
    peer.sees("/nick peer", "* welcome, peer");
    calm.check("logged in");
    let long = Long::of(4097);
    for (typed, seen) in [
        (&b"/dance"[..], "refused: no such command; /help lists them"),
        (b"/join", "refused: usage: /join <room>"),
        (b"/join nowhere", "refused: there is no such room"),
        (b"/leave nowhere", "refused: there is no such room"),
        (b"/room nowhere hello", "refused: there is no such room"),
        (b"/dm nobody-here hello", "refused: nobody of this name is here"),
        (b"/dm peer hello", "refused: there is no conversation with oneself"),
        (b"/nick typing", "refused: this nickname"),
        (b"/history * 0", "refused: usage: /history"),
        (b"", "refused: nothing to say"),
        (b"\xc3\x28", "refused: the line is not UTF-8"),
        (b"\x1b[2Jgone", "refused: a text may not contain"),
        (b"a\0b", "refused: a text may not contain"),
        (b"a\xe2\x80\xaeb", "refused: a text may not contain"),
        (long.as_bytes(), "refused: the line is longer than line_bytes"),
        (b"GET / HTTP/1.1 too late\xc3", "refused: the line is not UTF-8"),
    ] {
        for end in [&b"\n"[..], b"\r\n", b"\r\0", b"\xff\xf9\n"] {
            peer.write(&[typed, end].concat());
            let line = peer.until("refused: ");
            assert!(line.contains(seen), "{typed:?}: {line}");
            calm.check(seen);
        }
    }
    peer.sees("/members", "* online: framed, peer, speaker, typing");
}

#[test]
fn a_browser_is_told_that_this_is_no_web_server() {
    let mut calm = Calm::new();
    for said in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.0\n", "PRI * HTTP/2.0\r\n"] {
        let answer = String::from_utf8(calm.answer(said.as_bytes())).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
        calm.check("HTTP");
    }
}

#[test]
fn urgent_bytes_do_not_hold_up_what_follows() {
    let hall = Hall::open(&[("post_burst", 1), ("posts_per_minute", 120)]);
    let mut ben = Person::enter(hall.address, "ben");
    let mut ann = Person::enter(hall.address, "ann");
    ann.say("one\ntwo");
    ben.until("one");
    // All of this is there when the pause before the second is over.
    ann.say("three");
    ann.write_urgent();
    ann.say("four");
    for said in ["two", "three", "four"] {
        ben.until(said);
    }
}
