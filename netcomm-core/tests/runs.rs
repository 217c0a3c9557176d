//! What is said in a row is handed out in one piece, and everybody hears the same as if it were
//! not.

mod driven;

use std::collections::BTreeMap;
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::limits::Limits;
use netcomm_core::server::{ConnId, Incoming};
use netcomm_core::wire::{self, ClientMessage, Conversation, RequestId, ServerMessage};
use proptest::prelude::*;

use crate::support::chat::post;
use crate::support::random;
use driven::{Act, Driven, SEATS, Way};

/// Limits of which some are as they are here.
const LIMITED: [(&str, u64); 8] = [
    ("detached_sessions", 1),
    ("room_idle_ms", 1000),
    ("pairs_per_user", 1),
    ("unanswered", 1),
    ("unanswered", 3),
    ("history_messages", 3),
    ("history_bytes", 8192),
    ("histories_bytes", 65_536),
];

fn history(room: &str) -> ClientMessage<'_> {
    let conversation = Conversation::room(room);
    let (first, last) = (1, u64::MAX);
    ClientMessage::History { conversation, epoch: None, first, last, latest: true, most: 0 }
}

/// A text, or what is none.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[a-z]{1,90}",
        2 => Just("two\nlines".to_owned()),
        1 => Just("\x1b[2J".to_owned()),
        1 => Just("\u{e9}".repeat(2000)),
        1 => Just("x".repeat(4097)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let names = || prop::sample::select(vec!["ann", "bob", "cy", "dee", "eve", "fay"]);
    let rooms = || prop::sample::select(vec!["hall", "yard"]);
    prop_oneof![
        20 => (rooms(), any::<u8>()).prop_map(|(room, text)| Act::Post(room, text)),
        4 => (names(), any::<u8>()).prop_map(|(name, text)| Act::Private(name, text)),
        6 => (rooms(), prop::collection::vec(text(), 1..100), 0_u8..8).prop_map(|(room, texts, how)| {
            Act::Row { room, texts, late: how == 0, again: how == 1 }
        }),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::Join { room })),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::CreateRoom { room })),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::Leave { room })),
        1 => names().prop_map(|nickname| Act::Ask(ClientMessage::Rename { nickname })),
        1 => Just(Act::Ask(ClientMessage::Quit)),
        1 => Just(Act::Ask(ClientMessage::Hide)),
        1 => Just(Act::Ask(ClientMessage::Reveal)),
        1 => Just(Act::Ask(ClientMessage::Rooms { from: "" })),
        4 => rooms().prop_map(|room| Act::Ask(history(room))),
        1 => Just(Act::Ask(ClientMessage::Ping { nonce: 7 })),
        2 => any::<u8>().prop_map(Act::Everyone),
        1 => any::<bool>().prop_map(Act::Lose),
        1 => rooms().prop_map(Act::Late),
        1 => Just(Act::Skip),
        1 => Just(Act::Resume),
        1 => Just(Act::Close),
        1 => (rooms(), any::<u8>()).prop_map(|(room, text)| Act::Repeat(room, text)),
        1 => prop::sample::select(vec![0, 1, 40, 400]).prop_map(Act::Pass),
        1 => Just(Act::Flush),
    ]
}

proptest! {
    #![proptest_config(random(150))]

    #[test]
    fn everybody_hears_the_same(
        frames in prop::sample::select(vec![64_u64, 4096]),
        limited in prop::sample::subsequence(LIMITED.to_vec(), 0..4),
        // Whoever is read says several things in a row.
        acts in prop::collection::vec((0..SEATS.len(), prop::collection::vec(act(), 1..8)), 1..30),
    ) {
        let mut limits = Limits::default();
        limits.set("mailbox_frames", frames).expect("a limit");
        for (name, least) in limited {
            limits.set(name, least).expect("a limit");
        }
        let [mut at_once, mut late, mut in_rows] =
            [Way::AtOnce, Way::Late, Way::InRows].map(|way| Driven::new(&limits, way));
        for (seat, acts) in &acts {
            for act in acts {
                for driven in [&mut at_once, &mut late, &mut in_rows] {
                    driven.act(*seat, act);
                }
            }
        }
        for driven in [&mut late, &mut in_rows] {
            driven.router.flush(&mut driven.ears);
            prop_assert_eq!(driven.heard(), at_once.heard());
            prop_assert_eq!(&driven.answers, &at_once.answers);
            prop_assert!(driven.ears.pieces <= at_once.ears.pieces);
        }
        prop_assert_eq!(&in_rows.ears.heard, &late.ears.heard);
        prop_assert_eq!(in_rows.ears.pieces, late.ears.pieces);
    }
}

/// What everybody hears of what is done from some seats, at once and in runs.
fn heard_of(acts: &[(usize, Act)]) -> [BTreeMap<ConnId, Vec<u8>>; 2] {
    [Way::AtOnce, Way::Late].map(|way| {
        let mut driven = Driven::new(&Limits::default(), way);
        for (seat, act) in acts {
            driven.act(*seat, act);
        }
        driven.router.flush(&mut driven.ears);
        driven.heard()
    })
}

#[test]
fn what_ends_untold_ends_what_is_said_to_it() {
    let [at_once, in_runs] = heard_of(&[
        (1, Act::Lose(false)),
        (0, Act::Private("bob", 1)),
        (0, Act::Pass(100_000)),
        (0, Act::Private("bob", 2)),
    ]);
    assert_eq!(in_runs, at_once);
}

#[test]
fn a_room_and_a_user_of_one_name_are_told_apart() {
    let [at_once, in_runs] = heard_of(&[
        (0, Act::Ask(ClientMessage::CreateRoom { room: "bob" })),
        (2, Act::Ask(ClientMessage::Join { room: "bob" })),
        (0, Act::Post("bob", 1)),
        (0, Act::Private("bob", 2)),
        (0, Act::Post("bob", 3)),
    ]);
    assert_eq!(in_runs, at_once);
}

#[test]
fn what_is_said_in_a_row_is_one_piece_and_its_answers_are_another() {
    let mut limits = Limits::default();
    limits.set("mailbox_frames", 1024).expect("a limit");
    let mut driven = Driven::new(&limits, Way::Late);
    let said = |driven: &mut Driven, seat: usize, times: usize| {
        driven.router.flush(&mut driven.ears);
        let before = driven.ears.pieces;
        for _ in 0..times {
            driven.act(seat, &Act::Post("hall", 1));
        }
        driven.router.flush(&mut driven.ears);
        driven.ears.pieces - before
    };
    assert_eq!(said(&mut driven, 0, 1), 2);
    assert_eq!(said(&mut driven, 0, 64), 2);
    assert_eq!(said(&mut driven, 0, 0), 0);
    // The text face has no words for the answer.
    assert_eq!(said(&mut driven, 1, 64), 1);
    // No run is a large part of a mailbox.
    assert_eq!(said(&mut driven, 0, 1024 / 16 + 1), 4);
}

/// The number, place, extent and time of each receipt.
fn receipts_in(mut frames: &[u8]) -> impl Iterator<Item = (u32, u64, u32, u64)> {
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    let mut receipts = Vec::new();
    while let Some(payload) = decoder.next_frame(&mut frames).expect("frames") {
        if let (id, ServerMessage::Posted { position, time, earlier }) =
            wire::decode(payload).expect("a message")
        {
            receipts.push((id.0, position.seq, earlier, time.0));
        }
    }
    receipts.into_iter()
}

#[test]
fn posts_in_a_row_have_one_receipt() {
    let mut driven = Driven::new(&Limits::default(), Way::Late);
    let ann = driven.seats[0];
    // The number of each request of ann's, and what she asks.
    let posts = |ids: &[u32]| ids.iter().map(|id| (*id, true)).collect::<Vec<_>>();
    let receipts = |driven: &mut Driven, asked: &[(u32, bool)]| {
        driven.router.flush(&mut driven.ears);
        driven.ears.heard.clear();
        for (id, is_post) in asked {
            let room = Conversation::room("hall");
            let message =
                if *is_post { post(room, "hi") } else { ClientMessage::Ping { nonce: 7 } };
            driven.take(ann, &Incoming::Request { id: RequestId(*id), message });
        }
        driven.router.flush(&mut driven.ears);
        let receipts = receipts_in(&driven.ears.heard[&ann]);
        receipts.map(|(id, seq, earlier, _)| (id, seq, earlier)).collect::<Vec<_>>()
    };
    assert_eq!(receipts(&mut driven, &posts(&[101])), [(101, 1, 0)]);
    assert_eq!(receipts(&mut driven, &posts(&[102, 103, 104])), [(104, 4, 2)]);
    // A number is missing.
    assert_eq!(receipts(&mut driven, &posts(&[105, 107])), [(105, 5, 0), (107, 6, 0)]);
    // One that was answered before is answered as it was, for itself.
    assert_eq!(
        receipts(&mut driven, &posts(&[108, 104, 109])),
        [(108, 7, 0), (104, 4, 0), (109, 8, 0)]
    );
    // Another answer comes between.
    let asked = [(110, true), (111, false), (112, true)];
    assert_eq!(receipts(&mut driven, &asked), [(110, 9, 0), (112, 10, 0)]);
}

#[test]
fn a_receipt_tells_one_time() {
    let mut driven = Driven::new(&Limits::default(), Way::Late);
    driven.router.flush(&mut driven.ears);
    driven.ears.heard.clear();
    driven.act(0, &Act::Post("hall", 1));
    driven.now = driven.now + Duration::from_secs(1);
    driven.act(0, &Act::Post("hall", 2));
    driven.router.flush(&mut driven.ears);
    let receipts = receipts_in(&driven.ears.heard[&driven.seats[0]]);
    let times: Vec<_> = receipts.map(|(_, _, _, time)| time).collect();
    assert_eq!(times, [0, 1000]);
}

#[test]
fn a_run_ends_by_the_bytes_that_either_face_may_take() {
    // With what is around them, both take 512 bytes of 16 KiB: a line feed takes two more.
    for text in ["x".repeat(320), ["x\n".repeat(32), "x".repeat(192)].concat()] {
        let mut driven = Driven::new(&Limits::default(), Way::Late);
        driven.router.flush(&mut driven.ears);
        driven.ears.heard.clear();
        for _ in 0..64 {
            driven.ask(0, post(Conversation::room("hall"), &text));
        }
        driven.router.flush(&mut driven.ears);
        let receipts = receipts_in(&driven.ears.heard[&driven.seats[0]]);
        let lengths: Vec<_> = receipts.map(|(_, _, earlier, _)| earlier + 1).collect();
        assert_eq!(lengths, [32, 32]);
    }
}

#[test]
fn a_run_ends_by_its_answers_too() {
    let mut driven = Driven::new(&Limits::default(), Way::Late);
    driven.act(0, &Act::Post("hall", 1));
    for _ in 0..100 {
        driven.act(0, &Act::Ask(ClientMessage::Ping { nonce: 7 }));
    }
    driven.router.flush(&mut driven.ears);
    assert!((60..=1024 / 16 + 1).contains(&driven.ears.longest), "{}", driven.ears.longest);
}

/// A receipt that is held until another one comes takes room before what comes after that.
#[test]
fn a_row_ends_by_its_answers_where_single_posts_do() {
    let mut limits = Limits::default();
    // Runs of four.
    limits.set("mailbox_frames", 64).expect("a limit");
    let row = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Act::Row { room: "hall", texts, late: false, again: false }
    };
    let acts =
        [row(&["a"]), row(&["\x1b"]), row(&["\x1b"]), row(&["b"]), Act::Skip, row(&["c", "d"])];
    let [late, in_rows] = [Way::Late, Way::InRows].map(|way| {
        let mut driven = Driven::new(&limits, way);
        for act in &acts {
            driven.act(0, act);
        }
        driven.router.flush(&mut driven.ears);
        (driven.ears.pieces, driven.ears.heard)
    });
    assert_eq!(in_rows, late);
}
