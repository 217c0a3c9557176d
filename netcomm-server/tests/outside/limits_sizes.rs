//! Limits of what is sent: payloads, lines, texts, names; refused, never cut.

use netcomm_core::frame::HEADER;
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, RefusalCode, RequestId, ServerMessage,
};

use crate::peers::{Framed, Hall, Long, Person, create, login, post};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;

#[test]
fn a_frame_is_refused_from_its_header_alone() {
    let hall = Hall::open(&[("frame_bytes", 8192)]);
    for (nickname, header, code) in [
        ("ann", 8193_u32, CloseCode::FRAME_TOO_LARGE),
        ("bob", u32::MAX, CloseCode::FRAME_TOO_LARGE),
        ("cleo", 0, CloseCode::EMPTY_FRAME),
    ] {
        let mut peer = Framed::enter(hall.address, nickname);
        peer.write(&header.to_be_bytes());
        assert_eq!(peer.closing(), code);
        // It was lost, not gone.
        let refused = Framed::connect(hall.address).ask(&login(nickname, None));
        assert_eq!(refused.refusal().0, RefusalCode::NAME_TAKEN);
        let mut peer = Framed::connect(hall.address);
        peer.write(&header.to_be_bytes());
        assert_eq!(peer.closing(), code, "before the login");
    }
    assert!(CloseCode::FRAME_TOO_LARGE.reason().contains("frame_bytes"));
    // As long as may be: read, understood, and refused for its text only.
    let mut peer = Framed::enter(hall.address, "ben");
    let mut empty = Vec::new();
    wire::encode(RequestId(2), &post(EVERYONE, ""), &mut empty).unwrap();
    // The text's length is a varint of two bytes then.
    let overhead = empty.len() - HEADER + 1;
    let refused = peer.ask(&post(EVERYONE, &Long::of(8192 - overhead)));
    assert_eq!(refused.refusal().0, RefusalCode::INVALID_TEXT);
    peer.send(&post(EVERYONE, &Long::of(8192 - overhead + 1)));
    assert_eq!(peer.closing(), CloseCode::FRAME_TOO_LARGE);
}

#[test]
fn a_text_is_taken_whole_or_refused() {
    let hall = Hall::open(&[("text_bytes", 100), ("line_bytes", 200)]);
    let mut ann = Framed::enter(hall.address, "ann");
    let mut ben = Person::enter(hall.address, "ben");
    assert_eq!(ann.say(&Long::of(100)).seq, 1);
    assert!(ben.until("<ann>").ends_with(&format!("<ann> {}", &*Long::of(100))));
    let (code, text) = ann.ask(&post(EVERYONE, &Long::of(101))).refusal();
    assert_eq!(code, RefusalCode::INVALID_TEXT);
    assert_eq!(text, "the text has 101 bytes, the limit is 100");
    ben.sees(&Long::of(101), "refused: the text has 101 bytes, the limit is 100");
    // The line is as long as may be; what is said in it is not counted with the command.
    ben.sees(&format!("/all {}", &*Long::of(195)), "the text has 195 bytes");
    ben.sees(&Long::of(201), "refused: the line is longer than line_bytes, which is 200");
    ben.say("heard");
    ann.event(|event| matches!(event, ServerMessage::Message { text: "heard", .. }));
    assert_eq!(ann.say("the second after it").seq, 3);
}

#[test]
fn a_line_without_an_end_is_held_only_up_to_its_limit() {
    let hall = Hall::open(&[("line_bytes", 64)]);
    let mut ann = Person::connect(hall.address);
    for _ in 0..100 {
        ann.write(&[b'x'; 1000]);
    }
    ann.sees("", "refused: the line is longer than line_bytes, which is 64");
    ann.sees("ann", "welcome, ann");
    for _ in 0..100 {
        ann.write(&[b'x'; 1000]);
    }
    ann.sees("", "refused: the line is longer than line_bytes, which is 64");
    ann.sees("/members", "* online: ann");
}

#[test]
fn a_nickname_has_so_many_bytes_and_so_many_columns() {
    let hall = Hall::open(&[("nickname_bytes", 12), ("nickname_columns", 6)]);
    let mut ann = Framed::connect(hall.address);
    let long = "e\u{301}".repeat(5);
    for (nickname, text) in [
        ("x\u{301}y\u{301}z\u{301}q\u{301}w", "the name has 13 bytes, the limit is 12"),
        ("sevenxx", "the name is 7 columns wide, the limit is 6"),
        ("漢字漢字", "the name is 8 columns wide, the limit is 6"),
    ] {
        let (code, why) = ann.ask(&login(nickname, None)).refusal();
        assert_eq!((code, &*why), (RefusalCode::INVALID_NAME, text), "{nickname}");
    }
    assert!(!ann.log_in("漢字漢", None).0, "six columns and nine bytes");
    for nickname in ["sevenxx", "x\u{301}y\u{301}z\u{301}q\u{301}w"] {
        let rename = ClientMessage::Rename { nickname };
        assert_eq!(ann.ask(&rename).refusal().0, RefusalCode::INVALID_NAME);
    }
    // Composed on the way in or not, it is counted as it is written.
    let rename = ClientMessage::Rename { nickname: &long };
    assert_eq!(ann.ask(&rename).refusal().0, RefusalCode::INVALID_NAME);
    let mut ben = Person::connect(hall.address);
    ben.sees("sevenxx", "refused: the name is 7 columns wide, the limit is 6");
    ben.sees("/nick ben", "welcome, ben");
    ben.sees("/nick sevenxx", "refused: the name is 7 columns wide, the limit is 6");
    ben.sees("/members", "ben");
}

#[test]
fn a_room_name_has_so_many_bytes() {
    let hall = Hall::open(&[("room_name_bytes", 8)]);
    let mut ann = Framed::enter(hall.address, "ann");
    assert_eq!(ann.ask(&create("eight-by")).position().seq, 0);
    let (code, text) = ann.ask(&create("nine-byte")).refusal();
    assert_eq!(code, RefusalCode::INVALID_NAME);
    assert_eq!(text, "the name has 9 bytes, the limit is 8");
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/create nine-byte", "refused: the name has 9 bytes, the limit is 8");
    ben.sees("/rooms", "#eight-by (1)");
}

const MOST_ROOMS: &str = "you own or are in as many rooms as you may (rooms_per_user)";

#[test]
fn a_user_is_in_so_many_rooms_and_there_are_so_many() {
    let hall = Hall::open(&[("rooms_per_user", 2), ("rooms", 3)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for room in ["one", "two"] {
        ann.ask(&create(room)).position();
    }
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/create three", "you are in #three");
    for ask in [create("four"), ClientMessage::Join { room: "three" }] {
        let (code, text) = ann.ask(&ask).refusal();
        assert_eq!(code, RefusalCode::ROOMS_PER_USER);
        assert_eq!(text, format!("{MOST_ROOMS}, the limit is 2"));
    }
    // Where one is already needs no place, and neither does a room of one's own.
    ann.ask(&ClientMessage::Join { room: "two" }).position();
    assert!(ann.ask(&ClientMessage::Leave { room: "two" }).is_done());
    for ask in [create("four"), ClientMessage::Join { room: "three" }] {
        assert_eq!(ann.ask(&ask).refusal().0, RefusalCode::ROOMS_PER_USER);
    }
    ann.ask(&ClientMessage::Join { room: "two" }).position();
    ben.sees("/create four", "refused: the server holds as many rooms as it may, the limit is 3");
    let mut cleo = Framed::enter(hall.address, "cleo");
    let (code, _) = cleo.ask(&create("four")).refusal();
    assert_eq!(code, RefusalCode::TOO_MANY_ROOMS);
    ben.sees("/join one", "you are in #one");
    ben.sees("/join two", &format!("refused: {MOST_ROOMS}, the limit is 2"));
    // A place in a room of somebody else is free once it is left.
    ben.sees("/leave one", "you left #one");
    ben.sees("/join two", "you are in #two");
}
