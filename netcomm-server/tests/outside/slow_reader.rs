//! A peer that does not read, closed in every way and in every state of its mailbox. When it reads
//! at last, it sees whole frames and then why; or, where it was cut, perhaps half a frame and the
//! end. Never anything else.

use std::net::Shutdown;
use std::time::Duration;

use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, NoticeCode, RequestId, ServerMessage,
};

use crate::peers::{Ending, Framed, Hall, NEVER_MS, Person, post};

const MUCH: u64 = 1 << 30;

/// A server that does not wait for its peers is done within this.
const MOMENT: Duration = Duration::from_secs(2);

/// More than the kernel keeps for a narrow peer, and no multiple of any buffer.
const BACKLOG: u64 = 300;
const LENGTH: usize = 1999;

fn hall(mailbox_bytes: u64, write_stall_ms: u64) -> Hall {
    Hall::open(&[
        ("mailbox_bytes", mailbox_bytes),
        ("mailbox_frames", 10_000_000),
        ("mailboxes_bytes", MUCH),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", write_stall_ms),
        ("resume_ms", 1000),
    ])
}

/// What was said as number `seq`.
fn text(seq: u64) -> String {
    let number = seq.to_string();
    number.repeat(LENGTH / number.len() + 1)[..LENGTH].to_owned()
}

fn say_all(speaker: &mut Framed, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        assert_eq!(speaker.say(&text(seq)).seq, seq);
    }
}

/// Every message is what was said, without a gap from `first` on; answers how many there are.
fn check(ending: &Ending, first: u64) -> u64 {
    let mut expected = first;
    for heard in &ending.heard {
        if let ServerMessage::Message { position, text: it, .. } = heard.message() {
            assert_eq!((position.seq, it), (expected, &*text(expected)));
            expected += 1;
        }
    }
    expected - first
}

/// Everything came, and then why.
fn check_whole(ending: &Ending, (first, last): (u64, u64), code: CloseCode) {
    assert_eq!(check(ending, first), last + 1 - first);
    assert_eq!((ending.code(), ending.is_cut_short), (Some(code), false));
}

/// Some came, and then why, or half a frame; but not all.
fn check_cut(ending: &Ending, said: u64) {
    assert!(check(ending, 1) < said);
    if let Some(code) = ending.code() {
        assert_eq!((code, ending.is_cut_short), (CloseCode::SLOW_CONSUMER, false));
    }
}

/// The ways to end that lose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Quit,
    Superseded,
    Drain,
    Malformed,
}

const WAYS: [(How, CloseCode); 4] = [
    (How::Quit, CloseCode::QUIT),
    (How::Superseded, CloseCode::SUPERSEDED),
    (How::Drain, CloseCode::SHUTTING_DOWN),
    (How::Malformed, CloseCode::EMPTY_FRAME),
];

/// Closes `slow` without reading from it. What is answered is to be kept until it has read.
fn close(how: How, hall: Hall, slow: &mut Framed) -> (Option<Framed>, Option<Hall>) {
    match how {
        How::Quit => {
            slow.send(&ClientMessage::Quit);
        }
        How::Malformed => slow.write(&[0; 4]),
        How::Superseded => {
            let mut other = Framed::connect(hall.address);
            assert!(other.log_in("slow", Some(slow.token)).0);
            return (Some(other), Some(hall));
        }
        How::Drain => {
            hall.shut_down();
            return (None, None);
        }
    }
    (None, Some(hall))
}

#[test]
fn with_nothing_waiting() {
    for (how, code) in WAYS {
        let hall = hall(MUCH, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=1);
        slow.event(|event| matches!(event, ServerMessage::Message { .. }));
        let _kept = close(how, hall, &mut slow);
        check_whole(&slow.rest(), (2, 1), code);
    }
}

#[test]
fn in_the_middle_of_a_frame_with_much_waiting() {
    for (how, code) in WAYS {
        let hall = hall(MUCH, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        let _kept = close(how, hall, &mut slow);
        check_whole(&slow.rest(), (1, BACKLOG), code);
    }
}

/// Says much at once, and reads until all of it is answered or the server ends.
fn chatter(mut speaker: Framed) {
    const POSTS: u32 = 50;
    let mut bytes = Vec::new();
    for id in 100..100 + POSTS {
        let message = post(Conversation::EVERYONE, "chatter");
        wire::encode(RequestId(id), &message, &mut bytes).unwrap();
    }
    speaker.write(&bytes);
    while let Some(heard) = speaker.next() {
        if heard.id() == 100 + POSTS - 1 {
            return;
        }
    }
}

#[test]
fn while_others_are_sending_to_it() {
    for (round, (how, code)) in (0..24).zip(WAYS.iter().copied().cycle()) {
        let hall = hall(MUCH, NEVER_MS);
        let speakers = [1, 2, 3].map(|number| {
            let speaker = Framed::enter(hall.address, &format!("speaker-{number}"));
            (speaker, number)
        });
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        let threads = speakers.map(|(speaker, _)| std::thread::spawn(move || chatter(speaker)));
        // Each round closes a little later than the one before.
        let mut heard: Vec<_> = (0..round * 5).map(|_| slow.next().unwrap()).collect();
        let kept = close(how, hall, &mut slow);
        let mut ending = slow.rest();
        heard.append(&mut ending.heard);
        ending.heard = heard;
        assert_eq!((ending.code(), ending.is_cut_short), (Some(code), false));
        let seqs = ending.heard.iter().filter_map(|heard| match heard.message() {
            ServerMessage::Message { position, text, .. } => {
                assert_eq!(text, "chatter");
                Some(position.seq)
            }
            _ => None,
        });
        let count = seqs.clone().count() as u64;
        assert!(seqs.eq(1..=count), "{ending:?}");
        for thread in threads {
            thread.join().unwrap();
        }
        drop(kept);
    }
}

#[test]
fn where_it_overflows() {
    for mailbox_bytes in [32 * 1024, 33 * 1024 + 7, 100_003] {
        let hall = hall(mailbox_bytes, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        check_cut(&slow.rest(), BACKLOG);
    }
}

#[test]
fn where_it_reads_and_perhaps_too_slowly() {
    const SAID: u64 = 100;
    for round in 0..10 {
        let hall = hall(32 * 1024 + 101 * round, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let slow = Framed::enter_narrow(hall.address, "slow");
        let reader = std::thread::spawn(move || slow.rest());
        say_all(&mut speaker, 1..=SAID);
        hall.shut_down().recv().unwrap();
        let ending = reader.join().unwrap();
        if ending.code() == Some(CloseCode::SHUTTING_DOWN) {
            check_whole(&ending, (1, SAID), CloseCode::SHUTTING_DOWN);
        } else {
            check_cut(&ending, SAID);
        }
    }
}

#[test]
fn where_it_takes_nothing_for_too_long() {
    let hall = hall(MUCH, 100);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let slow = Framed::enter_narrow(hall.address, "slow");
    say_all(&mut speaker, 1..=BACKLOG);
    wait_a_second(&mut speaker);
    check_cut(&slow.rest(), BACKLOG);
}

/// Somebody hidden is told when its name is free, after `resume_ms`.
fn wait_a_second(peer: &mut Framed) {
    assert!(peer.ask(&ClientMessage::Hide).is_done());
    peer.event(|event| {
        let released = NoticeCode::NAME_RELEASED;
        matches!(event, ServerMessage::Notice { code, .. } if *code == released)
    });
}

#[test]
fn where_it_is_closing_already() {
    for (how, code) in WAYS.into_iter().filter(|(how, _)| *how != How::Drain) {
        let hall = hall(MUCH, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        let (other, hall) = close(how, hall, &mut slow);
        if other.is_none() {
            speaker.event(|event| matches!(event, ServerMessage::Offline { nickname: "slow" }));
        }
        // More is said, and the server ends, before it reads on.
        say_all(&mut speaker, BACKLOG + 1..=BACKLOG + 3);
        let done = hall.unwrap().shut_down();
        assert_eq!(speaker.closing(), CloseCode::SHUTTING_DOWN);
        check_whole(&slow.rest(), (1, BACKLOG), code);
        if let Some(other) = other {
            assert_eq!(other.closing(), CloseCode::SHUTTING_DOWN);
        }
        done.recv().unwrap();
    }
}

#[test]
fn where_it_is_closing_and_a_shutdown_waits_for_it() {
    for (how, code) in WAYS.into_iter().filter(|(how, _)| *how != How::Drain) {
        let hall = hall(MUCH, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        let (other, hall) = close(how, hall, &mut slow);
        if other.is_none() {
            speaker.event(|event| matches!(event, ServerMessage::Offline { nickname: "slow" }));
        }
        let done = hall.unwrap().shut_down();
        // All others are gone; within `drain_ms` it may still read.
        drop(other);
        assert_eq!(speaker.closing(), CloseCode::SHUTTING_DOWN);
        assert!(done.recv_timeout(MOMENT).is_err(), "{how:?}: it was not waited for");
        check_whole(&slow.rest(), (1, BACKLOG), code);
        done.recv().unwrap();
    }
}

#[test]
fn where_it_is_closing_and_takes_nothing_for_too_long() {
    for (how, code) in WAYS {
        let hall = hall(MUCH, 100);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Framed::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        if how == How::Drain {
            hall.shut_down().recv().unwrap();
        } else {
            let kept = close(how, hall, &mut slow);
            wait_a_second(&mut speaker);
            drop(kept);
        }
        let ending = slow.rest();
        let whole = check(&ending, 1) == BACKLOG && ending.code() == Some(code);
        if !whole {
            check_cut(&ending, BACKLOG);
        }
    }
}

#[test]
fn where_it_says_that_it_sends_no_more() {
    // On this face that is a lost connection: what was missed is asked for after a resume.
    let hall = hall(MUCH, NEVER_MS);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let slow = Framed::enter_narrow(hall.address, "slow");
    say_all(&mut speaker, 1..=BACKLOG);
    slow.socket.shutdown(Shutdown::Write).unwrap();
    speaker.event(|event| matches!(event, ServerMessage::Offline { nickname: "slow" }));
    let ending = slow.rest();
    assert!(check(&ending, 1) <= BACKLOG && ending.code().is_none());
}

#[test]
fn where_it_reads_lines() {
    for (mailbox_bytes, is_cut) in [(32 * 1024, true), (MUCH, false)] {
        let hall = hall(mailbox_bytes, NEVER_MS);
        let mut speaker = Framed::enter(hall.address, "speaker");
        let mut slow = Person::enter_narrow(hall.address, "slow");
        say_all(&mut speaker, 1..=BACKLOG);
        if !is_cut {
            slow.say("/quit");
        }
        let heard = slow.rest();
        let mut lines: Vec<_> = heard.split('\n').collect();
        let unfinished = lines.pop().unwrap();
        let farewell = [CloseCode::QUIT, CloseCode::SLOW_CONSUMER]
            .map(|code| format!("* closing: {}", code.reason()));
        let last = lines.pop_if(|line| line.starts_with("* closing: "));
        for (line, seq) in lines.iter().zip(1..) {
            assert!(line.ends_with(&format!(" <speaker> {}", text(seq))), "{line}");
        }
        if is_cut {
            assert!((lines.len() as u64) < BACKLOG);
            let next = text(lines.len() as u64 + 1);
            let begun = unfinished.split_once("<speaker> ").map_or("", |(_, begun)| begun);
            assert!(next.starts_with(begun), "{unfinished}");
            assert!(last.is_none_or(|last| last == farewell[1] && unfinished.is_empty()));
        } else {
            assert_eq!((lines.len() as u64, unfinished), (BACKLOG, ""));
            assert_eq!(last, Some(&*farewell[0]));
        }
    }
}
