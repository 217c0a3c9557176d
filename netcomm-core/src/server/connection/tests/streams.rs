//! Streams in pieces: where a chunk ends must not matter.

use alloc::string::ToString;

use proptest::prelude::*;

use super::*;

/// Everything that `stream` makes, given in pieces that end at `cuts`.
fn made_of(stream: &[u8], cuts: &[usize], in_rows: bool) -> Vec<String> {
    let mut driven = Driven::new(&unlimited());
    driven.in_rows = in_rows;
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    let mut from = 0;
    for to in cuts {
        driven.give(&stream[from..to]);
        from = to;
    }
    driven.end();
    driven.said
}

fn text_stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(
            [
                &b"ann\r\n"[..],
                b"/nick bob\n",
                b"taken\n",
                b"hello there\r\0",
                b"/join lobby\n",
                b"/hide\n",
                b"\r\n",
                b"\r",
                b"\xff\xfb\x0a",
                b"\xff\xfa\x1f\n\xff\xff\xff\xf0",
                b"\xff\xff\n",
                b"\xff\xf1",
                b"/quit\n",
                b"\xc3\xa4 \n",
            ]
            .to_vec()
        )
        .prop_map(<[u8]>::to_vec),
        (1_usize..6000).prop_map(|length| vec_of(b'x', length)),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Posts whose numbers follow each other.
fn row(first: u32, texts: &[&str]) -> Vec<u8> {
    let ids = (0..).map(|after| first.wrapping_add(after));
    ids.zip(texts).flat_map(|(id, text)| frame(id, &post(text))).collect()
}

fn framed_stream() -> impl Strategy<Value = Vec<u8>> {
    let long = "long ".repeat(500);
    let messages = prop::sample::select(
        [
            frame(1, &login("ann")),
            frame(2, &post("hello")),
            frame(3, &post(&long)),
            row(4, &["one", "two"]),
            row(u32::MAX - 1, &["one", "two", "three"]),
            row(0, &["none"]),
            row(6, &["one"; 40]),
            frame(4, &ClientMessage::Rooms { from: "" }),
            frame(0, &ClientMessage::Pong { nonce: u64::MAX }),
            frame(0, &ClientMessage::Hide),
            frame(5, &ClientMessage::Quit),
            Vec::from([0, 0, 0, 2, 9, 99]),
        ]
        .to_vec(),
    );
    (prop::collection::vec(messages, 0..30), prop::collection::vec(any::<u8>(), 0..8)).prop_map(
        |(frames, tail)| {
            let mut stream = framed(&[login("ann")]);
            stream.extend(frames.concat());
            stream.extend(tail);
            stream
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_split_changes_what_a_stream_says(
        stream in prop_oneof![text_stream(), framed_stream()],
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let bytewise: Vec<_> = (0..stream.len()).collect();
        let whole = made_of(&stream, &[], false);
        for in_rows in [false, true] {
            for cuts in [&[][..], &cuts, &bytewise] {
                prop_assert_eq!(&made_of(&stream, cuts, in_rows), &whole);
            }
        }
    }

    #[test]
    fn posts_wait_and_keep_their_order(
        count in 1_usize..40,
        cuts in prop::collection::vec(any::<usize>(), 0..8),
    ) {
        let limits = limits(&[("post_burst", 3), ("posts_per_minute", 60)]);
        let texts: Vec<_> = (0..count).map(|n| n.to_string()).collect();
        let posts: Vec<_> = texts.iter().map(|text| post(text)).collect();
        let mut frames = Vec::new();
        let mut lines = Vec::new();
        for (id, post) in (2..).zip(&posts) {
            frames.extend(frame(id, post));
        }
        for text in &texts {
            lines.extend(format!("{text}\r\n").into_bytes());
        }
        let mut text = Driven::new(&limits);
        text.give(b"ann\n");
        let mut in_rows = logged_in(&limits);
        in_rows.in_rows = true;
        for (mut driven, stream) in
            [(logged_in(&limits), frames.clone()), (in_rows, frames), (text, lines)]
        {
            let before = driven.said.len();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % stream.len()).collect();
            cuts.push(stream.len());
            cuts.sort_unstable();
            let (mut from, mut pauses) = (0, 0);
            for to in cuts {
                pauses += driven.give(&stream[from..to]);
                from = to;
            }
            prop_assert_eq!(pauses, count.saturating_sub(3));
            prop_assert_eq!(driven.now, at(1000 * u64::try_from(pauses).unwrap()));
            prop_assert_eq!(driven.said.len() - before, count);
            for (said, text) in driven.said[before..].iter().zip(&texts) {
                prop_assert!(said.contains(&format!("text: {text:?}")), "{}", said);
            }
        }
    }
}
