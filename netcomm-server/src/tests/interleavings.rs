//! What threads do to each other: the claim on a mailbox, sending, handing over to who reads,
//! cutting, holding a reader back, the timer and the drain, in orders that shuttle
//! chooses. The code is the server's own; only the operating system below it is the test's.
//!
//! A thread that waits for something that never comes is found as a deadlock.

#![expect(clippy::unwrap_used, reason = "a test ends where something panicked")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::limits::Limits;
use netcomm_core::preface::{ClientPreface, LENGTH, ServerPreface, Version};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, Credential, RequestId, ServerMessage,
};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::thread::JoinHandle;

use crate::handler::Newcomer;
use crate::hub::Hub;
use crate::peer::Peer;
use crate::readers;
use crate::system::{self, AtomicBool, Far, Ordering};

/// How many threads read.
const READERS: usize = 2;

const NEVER_MS: u64 = 3_600_000;

/// A socket that is full before a frame is whole.
const NARROW: usize = 61;
/// One that is full before much waits.
const SMALL: usize = 4096;
const WIDE: usize = 1 << 20;

/// Runs `scenario` in many orders.
fn check(scenario: fn()) {
    let effort = std::env::var("NETCOMM_TEST_EFFORT").ok();
    let runs = 150 * effort.and_then(|effort| effort.parse::<usize>().ok()).unwrap_or(1);
    let config = || {
        let mut config = shuttle::Config::default();
        config.stack_size = 1 << 20;
        config.failure_persistence = shuttle::FailurePersistence::None;
        config.max_steps = shuttle::MaxSteps::FailAfter(2_000_000);
        config
    };
    shuttle::Runner::new(RandomScheduler::new(runs), config()).run(scenario);
    shuttle::Runner::new(PctScheduler::new(3, runs), config()).run(scenario);
}

/// A server without a listener.
struct Hall {
    hub: Arc<Hub>,
    own: Vec<JoinHandle<()>>,
    over: Arc<AtomicBool>,
}

impl Hall {
    fn open(limits: &[(&str, u64)]) -> Self {
        let mut all = Limits::default();
        let others = [("ping_ms", NEVER_MS), ("login_ms", NEVER_MS), ("silent_login_ms", NEVER_MS)];
        for (name, value) in others.iter().chain(limits) {
            all.set(name, *value).unwrap();
        }
        let (lines, _) = std::sync::mpsc::sync_channel(1);
        let (hub, desks) = Hub::new(all, false, lines, READERS).unwrap();
        let hub = Arc::new(hub);
        let over = Arc::new(AtomicBool::new(false));
        let timed = Arc::clone(&hub);
        let (clock, is_over) = (Arc::clone(&hub), Arc::clone(&over));
        let mut own = vec![
            shuttle::thread::spawn(move || timed.keep_time()),
            shuttle::thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    system::pass(Duration::from_millis(1));
                    clock.wake_timer();
                    system::yield_now();
                }
            }),
        ];
        for desk in desks {
            let reading = Arc::clone(&hub);
            own.push(shuttle::thread::spawn(move || readers::run(&reading, desk)));
        }
        Self { hub, own, over }
    }

    /// Somebody comes, for whom the kernel holds so many bytes.
    fn admit(&self, nickname: &str, room: usize) -> Guest {
        let (socket, far) = system::connection(room);
        let peer = Arc::new(Peer::new(socket, SocketAddr::from(([127, 0, 0, 1], 1))));
        let id = self.hub.connect(&peer).unwrap().unwrap();
        self.hub.readers.admit(Newcomer { peer, admitted: Ok(id) });
        let mut guest = Guest { far, requests: 0 };
        guest.far.write(&ClientPreface::OURS.to_bytes());
        guest.ask(&ClientMessage::Login {
            nickname,
            hidden: false,
            resume: None,
            features: 0,
            credential: Credential::NONE,
            extensions: Vec::new(),
        });
        guest
    }

    /// All connections have ended by themselves; then the server does.
    fn close(self) {
        self.hub.wait_for_end(Duration::from_millis(NEVER_MS));
        assert_eq!(self.hub.waiting.load(Ordering::SeqCst), 0, "what waits is miscounted");
        self.hub.stopping.store(true, Ordering::SeqCst);
        self.hub.readers.wake_all();
        self.hub.wake_timer();
        self.over.store(true, Ordering::SeqCst);
        for thread in self.own {
            thread.join().unwrap();
        }
    }
}

struct Guest {
    far: Far,
    requests: u32,
}

/// What somebody read to the end.
struct Ending {
    seqs: Vec<u64>,
    /// Its own posts that were accepted, and pages.
    answers: usize,
    code: Option<CloseCode>,
    is_cut_short: bool,
}

impl Guest {
    fn ask(&mut self, message: &ClientMessage<'_>) {
        self.requests += 1;
        let mut bytes = Vec::new();
        wire::encode(RequestId(self.requests), message, &mut bytes).unwrap();
        self.far.write(&bytes);
    }

    fn say(&mut self, text: &str) {
        let conversation = Conversation::EVERYONE;
        self.ask(&ClientMessage::Post { conversation, epoch: None, nonce: 0, text });
    }

    /// Reads to the end, and then sends no more either.
    fn rest(self) -> Ending {
        let mut bytes = Vec::new();
        loop {
            let read = self.far.read();
            if read.is_empty() {
                break;
            }
            bytes.extend(read);
        }
        self.far.end();
        let mut ending = Ending { seqs: Vec::new(), answers: 0, code: None, is_cut_short: false };
        let preface = bytes.first_chunk().map(|preface| ServerPreface::from_bytes(*preface));
        if preface != Some(Ok(ServerPreface::Accepted(Version::V1))) {
            // It ended before the server knew what it speaks, and was told in words.
            assert!(bytes.is_empty() || bytes.is_ascii(), "{bytes:?}");
            return Ending { is_cut_short: true, ..ending };
        }
        let mut rest = &bytes[LENGTH..];
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        let mut whole = rest.len();
        while let Some(payload) = decoder.next_frame(&mut rest).unwrap() {
            assert_eq!(ending.code, None, "something after the last word");
            let (_, message) = wire::decode::<ServerMessage<'_>>(payload).unwrap();
            match message {
                ServerMessage::Message { position, .. } => ending.seqs.push(position.seq),
                ServerMessage::Posted { earlier, .. } => ending.answers += 1 + earlier as usize,
                ServerMessage::History { .. } => ending.answers += 1,
                ServerMessage::Closing { code, .. } => ending.code = Some(code),
                _ => {}
            }
            whole = rest.len();
        }
        ending.is_cut_short = whole > 0;
        assert!(ending.seqs.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", ending.seqs);
        ending
    }
}

fn joined(guests: Vec<JoinHandle<Ending>>) -> Vec<Ending> {
    guests.into_iter().map(|guest| guest.join().unwrap()).collect()
}

/// Every guest hears what the others say from its login on, its answers and why it ends.
fn talk_and_quit() {
    const POSTS: usize = 2;
    let hall = Hall::open(&[("write_stall_ms", NEVER_MS)]);
    let guests = ["ann", "ben", "cid"].into_iter().zip([NARROW, WIDE, NARROW]);
    let guests: Vec<_> = guests.map(|(name, room)| hall.admit(name, room)).collect();
    let talk = |mut guest: Guest| {
        for _ in 0..POSTS {
            guest.say("hello");
        }
        guest.ask(&ClientMessage::Quit);
        guest.rest()
    };
    let threads = guests.into_iter().map(|guest| shuttle::thread::spawn(move || talk(guest)));
    for ending in joined(threads.collect()) {
        assert_eq!((ending.code, ending.is_cut_short), (Some(CloseCode::QUIT), false));
        assert_eq!(ending.answers, POSTS);
        let spread = ending.seqs.windows(2).map(|pair| pair[1] - pair[0]).sum::<u64>();
        assert!(spread < 3 * POSTS as u64);
    }
    hall.close();
}

#[test]
fn everything_that_is_said_arrives_whole_in_every_order() {
    check(talk_and_quit);
}

/// One takes nothing until it is cut: the others do not notice.
fn one_takes_nothing() {
    let hall = Hall::open(&[("write_stall_ms", 100)]);
    let slow = hall.admit("slow", NARROW);
    let mut guest = hall.admit("ann", WIDE);
    let talking = shuttle::thread::spawn(move || {
        guest.say("one");
        guest.say("two");
        guest.ask(&ClientMessage::Quit);
        guest.rest()
    });
    let slow = shuttle::thread::spawn(move || {
        slow.far.wait_for_end();
        slow.rest()
    });
    let ending = talking.join().unwrap();
    assert_eq!((ending.code, ending.answers), (Some(CloseCode::QUIT), 2));
    let slow = slow.join().unwrap();
    assert!(slow.is_cut_short || slow.code == Some(CloseCode::SLOW_CONSUMER));
    hall.close();
}

#[test]
fn who_takes_nothing_is_cut_and_nobody_waits_for_it() {
    check(one_takes_nothing);
}

/// One never reads, and has all the time: what overflows cuts it at once.
fn one_overflows() {
    let hall = Hall::open(&[
        ("write_stall_ms", NEVER_MS),
        ("mailbox_frames", 16),
        ("post_burst", 1_000_000),
    ]);
    let slow = hall.admit("slow", NARROW);
    let mut guest = hall.admit("ann", WIDE);
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&has_ended);
    let slow = shuttle::thread::spawn(move || {
        slow.far.wait_for_end();
        ended.store(true, Ordering::SeqCst);
        slow.rest()
    });
    let mut said = 0;
    while !has_ended.load(Ordering::SeqCst) {
        guest.say("much");
        said += 1;
        system::yield_now();
    }
    slow.join().unwrap();
    guest.ask(&ClientMessage::Quit);
    let ending = guest.rest();
    assert_eq!((ending.code, ending.answers), (Some(CloseCode::QUIT), said));
    hall.close();
}

#[test]
fn who_overflows_is_cut_at_once() {
    check(one_overflows);
}

/// Two vanish while they are written to, one by a reset and one by ending its half.
fn some_vanish() {
    let hall = Hall::open(&[("write_stall_ms", 100)]);
    let mut stays = hall.admit("ann", WIDE);
    let [resets, ends] = ["ben", "cid"].map(|name| hall.admit(name, NARROW));
    let resets = shuttle::thread::spawn(move || {
        system::yield_now();
        resets.far.reset();
    });
    let ends = shuttle::thread::spawn(move || {
        ends.far.end();
        ends.rest()
    });
    for _ in 0..3 {
        stays.say("still here");
    }
    stays.ask(&ClientMessage::Quit);
    let ending = stays.rest();
    assert_eq!((ending.code, ending.answers), (Some(CloseCode::QUIT), 3));
    resets.join().unwrap();
    ends.join().unwrap();
    hall.close();
}

#[test]
fn who_vanishes_during_a_write_is_forgotten_and_others_go_on() {
    check(some_vanish);
}

/// The server ends while some talk: all are told, and one that takes nothing is not waited for.
fn drained() {
    let hall = Hall::open(&[("write_stall_ms", 100), ("drain_ms", NEVER_MS)]);
    let slow = hall.admit("slow", NARROW);
    let guests = [("ann", WIDE), ("ben", NARROW)].map(|(name, room)| hall.admit(name, room));
    let talking = guests.map(|mut guest| {
        shuttle::thread::spawn(move || {
            guest.say("one");
            guest.say("two");
            guest.rest()
        })
    });
    let slow = shuttle::thread::spawn(move || {
        slow.far.wait_for_end();
        slow.rest()
    });
    hall.hub.drain(Duration::from_millis(NEVER_MS));
    let [wide, narrow] = joined(talking.into()).try_into().ok().unwrap();
    assert!(wide.is_cut_short || wide.code == Some(CloseCode::SHUTTING_DOWN), "{:?}", wide.code);
    // It may have been too slow, by the clock of this world.
    let codes = [None, Some(CloseCode::SLOW_CONSUMER), Some(CloseCode::SHUTTING_DOWN)];
    assert!(codes.contains(&narrow.code), "{:?}", narrow.code);
    slow.join().unwrap();
    hall.close();
}

#[test]
fn a_drain_ends_and_everybody_is_told() {
    check(drained);
}

/// Somebody asks for more than it reads, then reads: nothing is missing, nobody sleeps on.
fn held_back() {
    const PAGES: usize = 6;
    let hall = Hall::open(&[
        ("write_stall_ms", NEVER_MS),
        ("mailbox_bytes", 32 * 1024),
        ("mailbox_frames", 16),
    ]);
    let mut guest = hall.admit("ann", SMALL);
    let text = "x".repeat(4000);
    for _ in 0..4 {
        guest.say(&text);
    }
    for _ in 0..PAGES {
        guest.ask(&ClientMessage::History {
            conversation: Conversation::EVERYONE,
            epoch: None,
            first: 1,
            last: u64::MAX,
            latest: false,
            most: 0,
        });
    }
    guest.ask(&ClientMessage::Quit);
    let ending = guest.rest();
    assert_eq!((ending.code, ending.answers), (Some(CloseCode::QUIT), 4 + PAGES));
    hall.close();
}

#[test]
fn who_is_held_back_goes_on_when_there_is_room() {
    check(held_back);
}
