//! The framed face: what is a pong, what waits, and what has no number.

use super::*;

#[test]
fn a_pong_is_taken_in_silence_however_long_its_numbers_are_written() {
    let pong = frame(0, &ClientMessage::Pong { nonce: u64::MAX });
    let (header, payload) = pong.split_at(4);
    assert_eq!((header, payload[0], payload.len()), (&[0, 0, 0, 12][..], 0, 12));
    let (variant, nonce) = (payload[1], &payload[2..]);
    // Five bytes for each number of 32 bits: nobody forbids it.
    let number = |low| [low | 0x80, 0x80, 0x80, 0x80, 0];
    let longest = [&[0, 0, 0, 20][..], &number(0), &number(variant), nonce].concat();
    let mut driven = logged_in(&unlimited());
    for pong in [frame(0, &ClientMessage::Pong { nonce: 0 }), pong, longest] {
        let before = driven.said.len();
        assert_eq!(driven.give(&pong), 0);
        assert_eq!(driven.said.len(), before, "{}", driven.last());
    }
}

#[test]
fn a_long_post_waits_as_a_short_one_does() {
    for text in ["x", &"x".repeat(100)] {
        let mut driven = logged_in(&limits(&[("post_burst", 1)]));
        let before = driven.said.len();
        assert_eq!(driven.give(&frame(2, &post(text)).repeat(3)), 2);
        let posted = |said: &String| said.contains("Post");
        assert!(driven.said[before..].iter().all(posted), "{:?}", driven.said);
    }
}

#[test]
fn a_request_without_a_number_is_refused() {
    let mut driven = logged_in(&unlimited());
    driven.give(&frame(0, &post("hi")));
    assert!(driven.last().contains("invalid_request"), "{}", driven.last());
}

#[test]
fn what_nobody_may_ask_is_refused_before_the_router_hears_of_it() {
    let mut driven = logged_in(&unlimited());
    driven.give(&[0, 0, 0, 2, 2, 120]);
    assert!(driven.last().contains("Refuse {") && driven.last().contains("unsupported"));
    driven.give(&frame(3, &login("ann")));
    assert!(driven.last().contains("Refuse {") && driven.last().contains("already_logged_in"));
}

#[test]
fn who_quits_before_the_login_is_let_go() {
    let mut driven = Driven::new(&unlimited());
    driven.give(&framed(&[ClientMessage::Quit]));
    assert!(
        driven.last().contains("Close(") && driven.last().contains("quit"),
        "{:?}",
        driven.said
    );
}

#[test]
fn posts_in_a_row_are_no_more_than_are_asked_for_and_a_sign_of_life() {
    let mut driven = logged_in(&unlimited());
    let row: Vec<_> = (2..100).flat_map(|id| frame(id, &post("hi"))).collect();
    let mut input = &row[..];
    assert!(driven.connection.posts(driven.now, &mut input, 8).is_none(), "no post came before");
    let first = driven.connection.next(driven.now, &mut input);
    assert!(matches!(first, Next::Message(_)), "{first:?}");
    let mut posts = |most| {
        driven.now = driven.now + Duration::from_secs(1);
        let before = driven.connection.poll_timeout();
        let count = driven.connection.posts(driven.now, &mut input, most).map(|posts| posts.len());
        (count, driven.connection.poll_timeout() > before)
    };
    let counts = [0, 1, 8, usize::MAX, usize::MAX, usize::MAX].map(&mut posts);
    let expected = [None, Some(1), Some(8), Some(64), Some(24), None];
    assert_eq!(counts, expected.map(|count| (count, count.is_some())));
}
