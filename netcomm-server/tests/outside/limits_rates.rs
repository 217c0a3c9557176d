//! Limits of how fast and how much is asked, and of silence.

use netcomm_core::wire::{ClientMessage, CloseCode, Conversation, RefusalCode, ServerMessage};

use crate::peers::{Framed, Hall, Heard, NEVER_MS, Person, create, history, post};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;

#[test]
fn posts_beyond_the_burst_wait_and_none_is_lost_or_overtaken() {
    // 100 a second: with 3 at once, the last of 43 is read 400 ms after the first or later.
    let hall = Hall::open(&[("post_burst", 3), ("posts_per_minute", 6000)]);
    let mut ann = Framed::enter(hall.address, "ann");
    let mut ben = Person::enter(hall.address, "ben");
    let ids: Vec<_> =
        (1..=43).map(|number| ann.send(&post(EVERYONE, &format!("number {number}")))).collect();
    let (mut accepted, mut times) = (0, Vec::new());
    while accepted < ids.len() {
        let heard = ann.next().unwrap();
        let ServerMessage::Posted { position, time, earlier } = heard.message() else {
            assert_eq!(heard.id(), 0, "{heard:?}");
            continue;
        };
        accepted += earlier as usize + 1;
        assert_eq!((heard.id(), position.seq), (ids[accepted - 1], accepted as u64));
        times.push(time.0);
    }
    // The server's own clock, which a slow machine only makes later.
    assert!(times[times.len() - 1] - times[0] >= 399, "{times:?}");
    for number in 1..=ids.len() {
        assert!(ben.until("number").ends_with(&format!("<ann> number {number}")));
    }
}

#[test]
fn typed_lines_beyond_the_burst_wait_as_well() {
    let hall = Hall::open(&[("post_burst", 3), ("posts_per_minute", 6000)]);
    let mut ann = Framed::enter(hall.address, "ann");
    let mut ben = Person::enter(hall.address, "ben");
    let lines: Vec<_> = (1..=40).map(|number| format!("number {number}")).collect();
    ben.say(&lines.join(
        "
",
    ));
    for number in 1..=40 {
        let heard = ann.event(|event| matches!(event, ServerMessage::Message { .. }));
        let ServerMessage::Message { text, position, .. } = heard.message() else { unreachable!() };
        assert_eq!((text, position.seq), (&*format!("number {number}"), number));
    }
}

fn rate_limit(heard: &Heard) -> (u64, String) {
    match heard.message() {
        ServerMessage::Refused {
            code: RefusalCode::RATE_LIMITED,
            retry_after: Some(after),
            text,
        } => (after, text.to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_requests_beyond_the_burst_are_refused_with_a_time() {
    let hall = Hall::open(&[("post_burst", 2), ("posts_per_minute", 1)]);
    let mut ann = Framed::enter(hall.address, "ann");
    ann.ask(&create("one")).position();
    ann.say("the other half of the burst");
    let (after, text) = rate_limit(&ann.ask(&create("two")));
    assert!((1..=60_000).contains(&after), "{after}");
    assert!(text.contains("post_burst") && text.contains("posts_per_minute"), "{text}");
    let rooms = ann.ask(&ClientMessage::Rooms { from: "" });
    let ServerMessage::Rooms { rooms, .. } = rooms.message() else {
        panic!("pages have a bucket of their own: {rooms:?}")
    };
    assert_eq!(rooms.len(), 1, "nothing was changed");
    let mut ben = Person::enter(hall.address, "ben");
    ben.say("/create two");
    ben.say("/create three");
    let line = ben.sees("/create four", "refused: too many requests");
    assert!(line.contains("post_burst") && line.contains("; try again in "), "{line}");
}

#[test]
fn pages_beyond_the_burst_are_refused_with_a_time() {
    let hall = Hall::open(&[("query_burst", 2), ("queries_per_minute", 1)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for _ in 0..2 {
        let heard = ann.ask(&ClientMessage::Rooms { from: "" });
        assert!(matches!(heard.message(), ServerMessage::Rooms { .. }));
    }
    let members = ClientMessage::Members { room: None, from: "" };
    let conversations = ClientMessage::Conversations { from: EVERYONE };
    for ask in [history(EVERYONE, 1), members, conversations] {
        let (after, text) = rate_limit(&ann.ask(&ask));
        assert!((1..=60_000).contains(&after), "{after}");
        assert!(text.contains("query_burst") && text.contains("queries_per_minute"), "{text}");
    }
    ann.ask(&create("requests-have-their-own")).position();
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/rooms", "#requests-have-their-own");
    ben.sees("/history", "history of everyone");
    let line = ben.sees("/members", "refused: too many pages");
    assert!(line.contains("query_burst") && line.contains("; try again in "), "{line}");
}

#[test]
fn the_last_answers_are_repeated_and_older_requests_are_stale() {
    for (unanswered, posts) in [(4, 10), (64, 70)] {
        let hall = Hall::open(&[("unanswered", unanswered)]);
        let mut ann = Framed::enter(hall.address, "ann");
        let mut ben = Person::enter(hall.address, "ben");
        let first = 2_u32;
        let answers: Vec<_> =
            (0..posts).map(|number| ann.say(&format!("number {number}"))).collect();
        for (id, position) in (first..first + posts).zip(&answers).rev() {
            ann.send_as(id, &post(EVERYONE, "said again"));
            let heard = ann.answer(id);
            if u64::from(first + posts - id) <= unanswered {
                assert_eq!(heard.position(), *position, "{id}");
            } else {
                let (code, text) = heard.refusal();
                assert_eq!(code, RefusalCode::STALE_REQUEST, "{id}");
                assert!(text.ends_with(&format!("the limit is {unanswered}")), "{text}");
            }
        }
        assert_eq!(ann.say("the end").seq, u64::from(posts) + 1);
        for number in 0..posts {
            ben.until(&format!("<ann> number {number}"));
        }
        assert!(ben.line().unwrap().ends_with("<ann> the end"), "nothing was said twice");
    }
}

#[test]
fn a_framed_peer_is_pinged_and_cut_and_a_typing_one_is_neither() {
    let hall = Hall::open(&[("ping_ms", 100), ("pong_ms", 100)]);
    let mut ben = Person::enter(hall.address, "ben");
    let ending = Framed::enter(hall.address, "ann").rest();
    assert_eq!(ending.code(), Some(CloseCode::HEARTBEAT_TIMEOUT));
    let reason = CloseCode::HEARTBEAT_TIMEOUT.reason();
    assert!(reason.contains("ping_ms") && reason.contains("pong_ms"));
    let pings =
        ending.heard.iter().filter(|heard| matches!(heard.message(), ServerMessage::Ping { .. }));
    assert_eq!(pings.count(), 1);
    ben.until("ann is offline");
    ben.sees("/members", "* online: ben");
}

#[test]
fn who_answers_pings_stays_and_is_pinged_again() {
    let hall = Hall::open(&[("ping_ms", 100), ("pong_ms", NEVER_MS)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for _ in 0..3 {
        let ping = ann.event(|event| matches!(event, ServerMessage::Ping { .. }));
        let ServerMessage::Ping { nonce } = ping.message() else { unreachable!() };
        ann.send_as(0, &ClientMessage::Pong { nonce });
    }
    ann.say("still here");
}
