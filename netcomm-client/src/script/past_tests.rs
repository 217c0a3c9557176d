use netcomm_core::time::UnixMillis;
use netcomm_core::wire::Conversation;
use proptest::prelude::*;

use super::*;

/// Messages `first..=last` of a server that keeps them from `first_kept` on, at most `page` of them.
fn answer(
    request: &ClientMessage<'_>,
    first_kept: u64,
    end: u64,
    page: u64,
) -> Vec<HistoryMessage> {
    let ClientMessage::History { first, last, latest, most, .. } = *request else {
        panic!("no history: {request:?}");
    };
    let item = |seq| HistoryMessage {
        seq,
        time: UnixMillis(seq),
        author: "ann".into(),
        text: seq.to_string(),
    };
    let page = if most == 0 { page } else { page.min(most.into()) };
    let page = usize::try_from(page).expect("a small number");
    let mut items: Vec<_> = (first.max(first_kept)..=last.min(end)).map(item).collect();
    if latest {
        items.drain(..items.len().saturating_sub(page));
    }
    items.truncate(page);
    items
}

/// What is told: each message, and (as its own) each that is gone.
fn told(events: Vec<Event>) -> Vec<(u64, bool)> {
    let flat = events.into_iter().flat_map(|event| match event {
        Event::Message { position, text, .. } => {
            assert_eq!(position.seq.to_string(), text);
            vec![(position.seq, true)]
        }
        Event::Gone { first, last, .. } => (first..=last).map(|seq| (seq, false)).collect(),
        other => panic!("{other:?}"),
    });
    flat.collect()
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![
        (1..40_u64).prop_map(Start::At),
        Just(Start::FirstKept),
        (1..40_u64).prop_map(Start::Last)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_message_is_told_once_in_order_or_as_gone(
        start in start(),
        kept in 1..30_u64,
        held in 0..30_u64,
        page in 1..5_u64,
        // Said while a page was on its way; the third, that so many were dropped.
        said in proptest::collection::vec((0..3_u64, 0..3_u64), 0..8),
    ) {
        let mut past = Past::new(Conversation::EVERYONE.into(), start);
        let (mut first_kept, mut end) = (kept, kept + held - 1);
        let begin = match start {
            Start::At(seq) => seq,
            Start::FirstKept => kept,
            Start::Last(count) => kept.max((end + 1).saturating_sub(count)),
        };
        let mut said = said.into_iter();
        let mut all = Vec::new();
        for _ in 0..200 {
            let items = answer(&past.request(), first_kept, end, page);
            let answered = Page { epoch: 7, first_kept, last: end, items: &items };
            // What is said after the answer was made, and is heard before it.
            let (more, dropped) = said.next().unwrap_or_default();
            let (answered_last, answered_kept) = (end, first_kept);
            for _ in 0..more {
                end += 1;
                past.said(Position { epoch: 7, seq: end });
            }
            first_kept = (first_kept + dropped).min(end + 1);
            let answered = Page { last: answered_last, first_kept: answered_kept, ..answered };
            all.extend(told(past.take(&answered)));
            if past.is_done() {
                break;
            }
        }
        prop_assert!(past.is_done());
        let seqs: Vec<u64> = all.iter().map(|(seq, _)| *seq).collect();
        let expected: Vec<u64> = (begin..=end).collect();
        prop_assert_eq!(seqs, expected);
    }
}

#[test]
fn another_epoch_begins_at_its_first_message() {
    let mut past = Past::new(Conversation::EVERYONE.into(), Start::At(9));
    let page = |epoch, items| Page { epoch, first_kept: 1, last: 20, items };
    let request = past.request();
    let items = answer(&request, 1, 20, 2);
    assert_eq!(told(past.take(&page(1, &items))), [(9, true), (10, true)]);
    let events = past.take(&page(2, &items));
    assert!(matches!(&events[..], [Event::Restarted { .. }]), "{events:?}");
    assert!(matches!(past.request(), ClientMessage::History { first: 1, epoch: None, .. }));
}
