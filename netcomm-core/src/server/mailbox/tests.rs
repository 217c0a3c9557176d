use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::buffer::tests::bytes;
use super::{Buffer, Mailbox, Push, Wrote};
use crate::limits::Limits;
use crate::server::outgoing::Frames;
use crate::server::piece::Piece;

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    /// So many frames of this length, which other mailboxes hold, too.
    Share(usize, usize),
    Take,
    /// So many parts of 256 of what is taken.
    Wrote(usize),
    HandOver,
    Close,
    Cut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1usize..4000).prop_map(Step::Push),
        3 => (1usize..4, 1usize..2000).prop_map(|(count, length)| Step::Share(count, length)),
        4 => Just(Step::Take),
        4 => (0usize..=256).prop_map(Step::Wrote),
        1 => Just(Step::HandOver),
        1 => Just(Step::Close),
        1 => Just(Step::Cut),
    ];
    prop::collection::vec(step, 1..200)
}

fn tight() -> Limits {
    let mut limits = Limits::default();
    limits.set("mailbox_bytes", 32 * 1024).unwrap();
    limits.set("mailbox_frames", 16).unwrap();
    limits
}

const LAST: [u8; 5] = [0xff; 5];

/// A mailbox, whoever holds its claim, and the peer.
#[derive(Default)]
struct Bench {
    mailbox: Mailbox,
    accepted: Vec<Vec<u8>>,
    claims: usize,
    in_hand: Option<Buffer>,
    received: Vec<u8>,
    closing: bool,
    cut: bool,
    finished: bool,
}

impl Bench {
    fn pushed(&mut self, push: Push) -> bool {
        match push {
            Push::Claim => {
                assert_eq!(self.claims, 0, "two hold the claim");
                self.claims += 1;
                true
            }
            Push::Queued => {
                assert_eq!(self.claims, 1, "nobody sends");
                true
            }
            Push::Overflow => {
                assert!(!self.closing);
                false
            }
            Push::Closed => {
                assert!(self.closing);
                false
            }
        }
    }

    fn frame(&self, length: usize) -> Vec<u8> {
        vec![u8::try_from(self.accepted.len() % 200).unwrap(); length]
    }

    fn pushed_all(&mut self, push: Push, frames: &[Vec<u8>]) {
        if push == Push::Overflow {
            self.cut();
        } else if self.pushed(push) {
            self.accepted.extend_from_slice(frames);
        }
    }

    fn cut(&mut self) {
        let push = self.mailbox.cut(&LAST);
        if self.pushed(push) {
            self.closing = true;
            self.cut = true;
        }
    }

    fn step(&mut self, step: &Step, limits: &Limits) {
        match step {
            Step::Push(length) => {
                let frame = self.frame(*length);
                let push = self.mailbox.push(&frame, limits);
                self.pushed_all(push, &[frame]);
            }
            Step::Share(count, length) => {
                let frames = vec![self.frame(*length); *count];
                let (piece, lengths) = (Piece::new(frames.concat()), vec![*length; *count]);
                let push = self.mailbox.push_all(Frames::shared(&piece, &lengths), limits);
                self.pushed_all(push, &frames);
            }
            Step::Take if self.claims == 1 && self.in_hand.is_none() => {
                let mut taken = Buffer::default();
                self.mailbox.take(&mut taken);
                self.in_hand = Some(taken);
            }
            Step::Wrote(part) => {
                if let Some(mut taken) = self.in_hand.take() {
                    let sent = taken.len() * part / 256;
                    self.received.extend_from_slice(&bytes(&taken)[..sent]);
                    match self.mailbox.wrote(&mut taken, sent) {
                        Wrote::Done => {
                            self.claims -= 1;
                            assert!(self.mailbox.is_empty(), "something waits unclaimed");
                        }
                        Wrote::More => assert!(!self.mailbox.is_empty()),
                        Wrote::Finished => {
                            assert!(self.closing && !self.finished);
                            self.finished = true;
                            self.claims = 0;
                        }
                    }
                }
            }
            Step::HandOver => self.mailbox.hand_over(),
            Step::Close => {
                let push = self.mailbox.close(&LAST);
                self.closing |= self.pushed(push);
            }
            Step::Cut => self.cut(),
            Step::Take => {}
        }
        assert!(self.mailbox.len() <= 32 * 1024 + LAST.len());
    }

    /// What the peer got is whole accepted frames from the first on, then possibly the last
    /// words, then nothing; only at the very end may a frame be in parts.
    fn judge(&self) {
        let mut rest = &self.received[..];
        let mut frames = self.accepted.iter();
        let mut whole = 0;
        for frame in &mut frames {
            if !rest.starts_with(frame) {
                break;
            }
            rest = &rest[frame.len()..];
            whole += 1;
        }
        let next = self.accepted.get(whole);
        let in_parts = next.is_some_and(|frame| frame.starts_with(rest));
        let last_words = self.closing && LAST.starts_with(rest);
        assert!(rest.is_empty() || in_parts || last_words, "garbage: {rest:?}");
        if !self.cut && self.finished {
            assert_eq!((whole, rest), (self.accepted.len(), &LAST[..]));
        }
        if rest == LAST && whole < self.accepted.len() {
            assert!(self.cut, "frames were lost");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_peer_gets_whole_frames_in_order_and_the_claim_has_one_holder(steps in steps()) {
        let limits = tight();
        let mut bench = Bench::default();
        for step in &steps {
            bench.step(step, &limits);
            bench.judge();
        }
        // Whoever holds the claim goes on until it is rid of it.
        for _ in 0..3 {
            bench.step(&Step::Take, &limits);
            bench.step(&Step::Wrote(256), &limits);
        }
        bench.judge();
        prop_assert_eq!(bench.claims, 0);
        prop_assert!(bench.mailbox.is_empty());
        prop_assert_eq!(bench.finished, bench.closing);
        if !bench.cut {
            let all: usize = bench.accepted.iter().map(Vec::len).sum();
            let last = if bench.closing { LAST.len() } else { 0 };
            prop_assert_eq!(bench.received.len(), all + last);
        }
    }
}

#[test]
fn a_cut_keeps_the_rest_of_a_half_sent_frame_and_drops_the_others() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.push(b"first", &limits), Push::Claim);
    assert_eq!(mailbox.push(b"second", &limits), Push::Queued);
    let mut taken = Buffer::default();
    mailbox.take(&mut taken);
    assert_eq!(mailbox.push(b"third", &limits), Push::Queued);
    assert_eq!(mailbox.cut(b"bye"), Push::Queued);
    assert_eq!(mailbox.wrote(&mut taken, 2), Wrote::More);
    mailbox.take(&mut taken);
    assert_eq!(bytes(&taken), b"rstbye");
    assert_eq!(mailbox.wrote(&mut taken, 3), Wrote::Finished);
    assert!(mailbox.is_closed());
    assert_eq!(mailbox.push(b"late", &limits), Push::Closed);
}

#[test]
fn a_cut_drops_a_frame_that_was_taken_and_not_begun() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.push(b"first", &limits), Push::Claim);
    let mut taken = Buffer::default();
    mailbox.take(&mut taken);
    assert!(!mailbox.is_cut());
    assert_eq!(mailbox.cut(b"bye"), Push::Queued);
    assert!(mailbox.is_cut() && !mailbox.is_closed());
    assert_eq!(mailbox.wrote(&mut taken, 0), Wrote::More);
    mailbox.take(&mut taken);
    assert_eq!(bytes(&taken), b"bye");
    assert!(!mailbox.is_cut(), "the last try is under way");
    assert_eq!(mailbox.wrote(&mut taken, 3), Wrote::Finished);
}

#[test]
fn a_frame_stays_half_sent_while_nothing_more_of_it_is_sent() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.push(b"first", &limits), Push::Claim);
    let mut taken = Buffer::default();
    for (sent, left) in [(2, &b"rst"[..]), (0, b"rst")] {
        mailbox.take(&mut taken);
        assert_eq!(mailbox.wrote(&mut taken, sent), Wrote::More);
        assert_eq!(bytes(&mailbox.queue), left);
    }
    assert_eq!(mailbox.cut(b"bye"), Push::Queued);
    mailbox.take(&mut taken);
    assert_eq!(bytes(&taken), b"rstbye");
}

#[test]
fn a_claim_that_was_handed_over_stays_where_it_is() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    mailbox.hand_over();
    assert!(!mailbox.is_straggling(), "there was no claim");
    assert_eq!(mailbox.push(b"first", &limits), Push::Claim);
    assert!(!mailbox.is_straggling());
    mailbox.hand_over();
    assert!(mailbox.is_straggling());
    assert_eq!(mailbox.push(b"second", &limits), Push::Queued);
    mailbox.abandon();
    assert!(mailbox.is_straggling() && mailbox.is_closed() && mailbox.is_empty());
    assert_eq!(mailbox.push(b"late", &limits), Push::Closed);
}

#[test]
fn bytes_and_frames_are_bounded_each() {
    let limits = tight();
    for (frame, most) in [(2048, 16), (4096, 8)] {
        let mut mailbox = Mailbox::default();
        let two = vec![0; 2 * frame];
        let lengths = [frame, frame];
        for _ in 0..most / 2 {
            assert_ne!(mailbox.push_all(Frames::row(&two, &lengths), &limits), Push::Overflow);
        }
        assert_eq!(mailbox.push(&[0], &limits), Push::Overflow);
        assert_eq!((mailbox.len(), mailbox.frames()), (most * frame, most), "nothing was changed");
    }
}

#[test]
fn nothing_is_sent_where_there_is_nothing_to_send_but_an_end() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.push(b"", &limits), Push::Queued);
    assert_eq!(mailbox.close(b""), Push::Claim, "sending is to be shut down");
    assert!(!mailbox.is_open() && !mailbox.is_closed());
    let mut taken = Buffer::default();
    mailbox.take(&mut taken);
    assert_eq!(mailbox.wrote(&mut taken, 0), Wrote::Finished);
    assert!(mailbox.is_closed());
}

#[test]
fn one_that_closes_can_still_be_cut_and_then_no_more() {
    let limits = tight();
    let mut mailbox = Mailbox::default();
    assert_eq!(mailbox.push(b"first", &limits), Push::Claim);
    assert_eq!(mailbox.close(b"quit"), Push::Queued);
    assert!(mailbox.can_be_cut());
    assert_eq!(mailbox.cut(b"bye"), Push::Queued);
    assert!(!mailbox.can_be_cut());
    assert_eq!(mailbox.cut(b"again"), Push::Closed);
    let mut taken = Buffer::default();
    mailbox.take(&mut taken);
    assert_eq!(bytes(&taken), b"");
    assert_eq!(mailbox.wrote(&mut taken, 0), Wrote::Finished);
}

#[test]
fn a_mailbox_is_behind_beyond_a_quarter_of_its_bytes_or_frames() {
    let mut limits = Limits::default();
    for (name, value) in [("mailbox_bytes", 32 * 1024), ("mailbox_frames", 16)] {
        limits.set(name, value).expect("a limit");
    }
    for (frame, quarter) in [(1, 4), (4096, 2)] {
        let mut mailbox = Mailbox::default();
        for _ in 0..quarter {
            assert_ne!(mailbox.push(&vec![0; frame], &limits), Push::Overflow);
            assert!(!mailbox.is_behind(&limits));
        }
        assert_ne!(mailbox.push(&vec![0; frame], &limits), Push::Overflow);
        assert!(mailbox.is_behind(&limits));
        assert_ne!(mailbox.close(b"bye"), Push::Overflow);
        assert!(!mailbox.is_behind(&limits));
    }
}

#[test]
fn a_mailbox_keeps_no_buffer_while_nothing_waits() {
    let limits = Limits::default();
    let mut mailbox = Mailbox::default();
    for _ in 0..100 {
        assert_ne!(mailbox.push(&[0; 100], &limits), Push::Overflow);
    }
    let mut taken = Buffer::default();
    mailbox.take(&mut taken);
    assert_eq!(mailbox.len(), 10_000);
    assert_eq!(mailbox.wrote(&mut taken, 10_000), Wrote::Done);
    assert_eq!(mailbox.queue.capacity(), 0);
    assert!(taken.is_empty() && taken.capacity() >= 10_000, "it may be lent again");
}

#[test]
fn a_buffer_is_lent_to_one_that_has_none_and_comes_back_with_what_is_taken() {
    let limits = Limits::default();
    let mut mailbox = Mailbox::default();
    assert!(mailbox.wants_buffer());
    let mut stale = Buffer::default();
    stale.push(Frames::one(b"stale"));
    let lent = stale.capacity();
    mailbox.lend(stale);
    assert!(!mailbox.wants_buffer() && mailbox.is_empty());
    assert_eq!(mailbox.push(b"a", &limits), Push::Claim);
    mailbox.lend(Buffer::from(vec![0; 100]));
    let mut taken = Buffer::from(vec![0; 50]);
    mailbox.take(&mut taken);
    assert_eq!((bytes(&taken), taken.capacity()), (b"a".to_vec(), lent));
    // What comes meanwhile waits in what was given for it.
    assert!(!mailbox.wants_buffer());
    assert_eq!(mailbox.push(b"b", &limits), Push::Queued);
    assert_eq!(mailbox.wrote(&mut taken, 1), Wrote::More);
    mailbox.take(&mut taken);
    assert_eq!(bytes(&taken), b"b");
    assert_eq!(mailbox.wrote(&mut taken, 1), Wrote::Done);
    assert!(mailbox.wants_buffer() && taken.capacity() >= 50, "the larger is given back");
    assert_eq!(mailbox.push(b"c", &limits), Push::Claim);
    let mut larger = Buffer::from(vec![0; 1000]);
    mailbox.take(&mut larger);
    assert_eq!(mailbox.wrote(&mut larger, 1), Wrote::Done);
    assert!(larger.capacity() >= 1000, "and here, too");
}
