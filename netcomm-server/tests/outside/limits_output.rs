//! Limits of what waits for a peer that does not read, and of how long it may take nothing.

use std::sync::mpsc::RecvTimeoutError;

use netcomm_core::wire::{self, ClientMessage, CloseCode, Conversation, RequestId, ServerMessage};

use crate::peers::{Framed, Hall, Heard, Long, NEVER_MS, PATIENCE, Person, post};

const MUCH: u64 = 1 << 30;

/// More than any mailbox here and the kernel's buffers hold, in posts of [`LENGTH`].
pub(crate) const MANY: u64 = 1000;
pub(crate) const LENGTH: usize = 4000;

fn say_often(speaker: &mut Framed, times: u64) {
    for _ in 0..times {
        speaker.say(&Long::of(LENGTH));
    }
}

fn is_message(event: &ServerMessage<'_>) -> bool {
    matches!(event, ServerMessage::Message { .. })
}

/// Says so much that `slow` is cut, and waits until that is known.
pub(crate) fn say_until_offline(speaker: &mut Framed, times: u64, slow: &str) {
    let gone = |heard: &Heard| heard.message() == ServerMessage::Offline { nickname: slow };
    let mut is_gone = false;
    for _ in 0..times {
        let id = speaker.send(&post(Conversation::EVERYONE, &Long::of(LENGTH)));
        loop {
            let heard = speaker.next().unwrap();
            is_gone |= gone(&heard);
            if heard.id() == id {
                break;
            }
        }
    }
    while !is_gone {
        is_gone = gone(&speaker.next().unwrap());
    }
}

/// What a peer that was cut reads at last: whole messages, then why, or half a frame and the end.
fn check_cut(slow: Framed) {
    let ending = slow.rest();
    match ending.code() {
        Some(code) => assert_eq!((code, ending.is_cut_short), (CloseCode::SLOW_CONSUMER, false)),
        None => assert!(!ending.heard.is_empty()),
    }
}

/// So often something may be said without anybody being cut; more often somebody is.
fn check_mailbox(limits: &[(&str, u64)], often: u64) {
    let others = [("send_buffer_bytes", 4096), ("write_stall_ms", NEVER_MS)];
    let limits = [limits, &others].concat();
    let hall = Hall::open(&limits);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let mut slow = Framed::enter_narrow(hall.address, "slow");
    say_often(&mut speaker, often);
    for _ in 0..often {
        slow.event(is_message);
    }
    say_until_offline(&mut speaker, MANY, "slow");
    check_cut(slow);
}

#[test]
fn a_mailbox_holds_so_many_bytes() {
    assert!(CloseCode::SLOW_CONSUMER.reason().contains("mailbox_bytes"));
    for (bytes, often) in [(32 * 1024, 8), (1024 * 1024, 256)] {
        let limits = [("mailbox_bytes", bytes), ("mailbox_frames", 10_000_000)];
        check_mailbox(&limits, often);
    }
}

#[test]
fn a_mailbox_holds_so_many_frames() {
    assert!(CloseCode::SLOW_CONSUMER.reason().contains("mailbox_frames"));
    for frames in [16, 100] {
        let limits =
            [("mailbox_bytes", MUCH), ("mailbox_frames", frames), ("mailboxes_bytes", MUCH)];
        check_mailbox(&limits, frames);
    }
}

/// However much is said at once, it is sent before a mailbox is full whose peer takes it.
#[test]
fn a_burst_cuts_nobody_who_reads() {
    // Mailboxes copy the short text, and share the long one.
    for text in ["much", &"much".repeat(300)] {
        check_burst(text);
    }
}

fn check_burst(text: &str) {
    const SPEAKERS: u64 = 8;
    const POSTS: u64 = 50;
    let hall = Hall::open(&[("mailbox_frames", 16), ("post_burst", 1_000_000)]);
    let mut reads = Framed::enter(hall.address, "reads");
    let named = |number| Framed::enter(hall.address, &format!("speaker{number}"));
    let mut speakers: Vec<_> = (0..SPEAKERS).map(named).collect();
    // What others are told does not slow them.
    let said = post(Conversation::private("reads"), text);
    for speaker in &mut speakers {
        let mut burst = Vec::new();
        for id in 100..100 + POSTS {
            wire::encode(RequestId(u32::try_from(id).unwrap()), &said, &mut burst).unwrap();
        }
        speaker.write(&burst);
    }
    for _ in 0..SPEAKERS * POSTS {
        reads.event(is_message);
    }
}

#[test]
fn of_all_mailboxes_the_largest_is_cut_first() {
    assert!(CloseCode::SLOW_CONSUMER.reason().contains("mailboxes_bytes"));
    let hall = Hall::open(&[
        ("mailbox_bytes", MUCH),
        ("mailbox_frames", 10_000_000),
        ("mailboxes_bytes", 1024 * 1024),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", NEVER_MS),
    ]);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let large = Framed::enter_narrow(hall.address, "large");
    say_often(&mut speaker, 100);
    let mut small = Framed::enter_narrow(hall.address, "small");
    // Too much for both of them together, and not for one.
    say_until_offline(&mut speaker, 230, "large");
    check_cut(large);
    for _ in 0..230 {
        small.event(is_message);
    }
    assert!(small.ask(&ClientMessage::Quit).is_done());
}

#[test]
fn one_that_leaves_without_reading_is_cut_before_smaller_ones_that_stay() {
    let hall = Hall::open(&[
        ("mailbox_bytes", MUCH),
        ("mailbox_frames", 10_000_000),
        ("mailboxes_bytes", 1024 * 1024),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", NEVER_MS),
    ]);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let mut leaving = Framed::enter_narrow(hall.address, "leaving");
    say_often(&mut speaker, 200);
    leaving.send(&ClientMessage::Quit);
    speaker.event(|event| *event == ServerMessage::Offline { nickname: "leaving" });
    let mut staying = Framed::enter_narrow(hall.address, "staying");
    say_often(&mut speaker, 150);
    check_cut(leaving);
    for _ in 0..150 {
        staying.event(is_message);
    }
    assert!(staying.ask(&ClientMessage::Quit).is_done());
}

#[test]
fn who_takes_nothing_for_too_long_is_cut() {
    assert!(CloseCode::SLOW_CONSUMER.reason().contains("write_stall_ms"));
    let hall = Hall::open(&[
        ("mailbox_bytes", MUCH),
        ("mailbox_frames", 10_000_000),
        ("mailboxes_bytes", MUCH),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", 100),
    ]);
    let mut speaker = Person::enter(hall.address, "speaker");
    let slow = Framed::enter_narrow(hall.address, "slow");
    let typing = Person::enter(hall.address, "typing");
    for _ in 0..MANY {
        speaker.say(&Long::of(LENGTH));
    }
    // Nobody says anything any more, and nothing overflows: it is time alone.
    let first = speaker.until(" is offline");
    let second = speaker.until(" is offline");
    assert_ne!(first, second);
    check_cut(slow);
    drop(typing);
    speaker.sees("/members", "* online: speaker");
}

#[test]
fn a_shutdown_waits_only_so_long_for_who_does_not_read() {
    let hall = Hall::open(&[
        ("mailbox_bytes", MUCH),
        ("mailbox_frames", 10_000_000),
        ("mailboxes_bytes", MUCH),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", NEVER_MS),
        ("drain_ms", 100),
    ]);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let slow = Framed::enter_narrow(hall.address, "slow");
    say_often(&mut speaker, MANY);
    let done = hall.shut_down();
    assert_eq!(speaker.closing(), CloseCode::SHUTTING_DOWN);
    // Nothing else would end it: no time-out is near, and nobody reads.
    assert_ne!(done.recv_timeout(PATIENCE), Err(RecvTimeoutError::Timeout));
    let ending = slow.rest();
    assert!(ending.heard.len() < 1000 && ending.code().is_none());
}
