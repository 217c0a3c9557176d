//! Many clients and a server under faults, in virtual time; one seed reproduces everything.

mod actions;
mod checker;
mod dice;
mod link;
mod outbox;
mod seat;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::time::Instant;
use netcomm_core::wire::ClientMessage;

use self::checker::Checker;
use self::dice::Dice;
use self::link::Orphan;
use self::seat::Seat;
use self::server::{Server, SocketId};

/// The story of one seed.
pub struct Sim {
    now: Instant,
    dice: Dice,
    limits: Limits,
    server: Server,
    seats: Vec<Seat>,
    orphans: Vec<Orphan>,
    /// Which person each socket was opened by.
    callers: BTreeMap<SocketId, usize>,
    checker: Checker,
    faults: bool,
    /// The server ends then, and another begins.
    drains: Option<Instant>,
    /// Every name that somebody wished for.
    names: Vec<String>,
    names_return: bool,
    people_hide: bool,
}

/// Low enough that every limit is met.
const LIMITS: &[(&str, u64)] = &[
    ("resume_ms", 20_000),
    ("history_messages", 40),
    ("ping_ms", 5_000),
    ("pong_ms", 3_000),
    ("page_items", 7),
    ("room_idle_ms", 30_000),
    ("unanswered", 8),
    ("mailbox_bytes", 32 * 1024),
    ("mailbox_frames", 100),
    ("write_stall_ms", 6_000),
    ("connections", 20),
    ("rooms", 4),
    ("pairs_per_user", 8),
    ("pairs", 20),
    ("history_bytes", 32 * 1024),
    ("histories_bytes", 128 * 1024),
];

/// The same, and hardly anybody is waited for.
const TIGHT: &[(&str, u64)] = &[("detached_sessions", 2), ("notice_audience", 2)];

impl Sim {
    /// So many sessions; every third story has a person who types lines as well.
    pub fn new(seed: u64, clients: u64) -> Self {
        let tight = if seed % 4 == 3 { TIGHT } else { &[] };
        let mut sim = Self::with(seed, &[LIMITS, tight].concat());
        sim.names_return = true;
        sim.people_hide = true;
        sim.seat(clients, u64::from(seed.is_multiple_of(3)));
        sim
    }

    /// How many sessions take part where nothing else is wanted.
    pub fn clients(seed: u64) -> u64 {
        2 + seed % 4
    }

    /// Two patient users, and a server that forgets nothing.
    pub fn patient(seed: u64) -> Self {
        const PATIENT: &[(&str, u64)] = &[
            ("resume_ms", 3_600_000),
            ("history_messages", 100_000),
            ("history_bytes", 1024 * 1024 * 1024),
            ("post_burst", 1_000_000),
            ("query_burst", 1_000_000),
        ];
        let mut sim = Self::with(seed, PATIENT);
        sim.seat(2, 0);
        sim
    }

    fn with(seed: u64, set: &[(&str, u64)]) -> Self {
        let mut limits = Limits::default();
        for (name, value) in set {
            limits.set(name, *value).expect("a limit within its range");
        }
        let mut dice = Dice::new(seed);
        Self {
            server: Server::new(&limits, &mut dice, None),
            now: Instant::EPOCH,
            dice,
            limits,
            seats: Vec::new(),
            orphans: Vec::new(),
            callers: BTreeMap::new(),
            checker: Checker::default(),
            faults: false,
            drains: None,
            names: Vec::new(),
            names_return: false,
            people_hide: false,
        }
    }

    fn seat(&mut self, sessions: u64, lines: u64) {
        for with_lines in (0..sessions).map(|_| false).chain((0..lines).map(|_| true)) {
            let seat = self.person(with_lines);
            self.seats.push(seat);
        }
    }

    /// The whole story: everybody comes, things break, everything heals.
    pub fn run(&mut self) {
        self.pass(Duration::from_secs(3));
        self.everybody_says("hello");
        self.pass(Duration::from_secs(3));
        self.faults = true;
        for _ in 0..200 {
            self.act();
            let gap = self.dice.below(600);
            self.pass(Duration::from_millis(gap));
        }
        self.heal();
        let told = self.checker.trace.len();
        self.pass(Duration::from_mins(1));
        assert_eq!(told, self.checker.trace.len(), "quiet means quiet");
        self.compare();
        self.checker.finish();
    }

    /// Everybody talks while connections that stand are cut at any moment, so many times.
    pub fn run_with_cuts(&mut self, cuts: usize) {
        self.pass(Duration::from_secs(3));
        let mut done = 0;
        for _ in 0..1_000 * cuts {
            self.everybody_says("says");
            let gap = self.dice.below(700);
            self.pass(Duration::from_millis(gap));
            let seat = self.dice.index(self.seats.len());
            let stands = self.seats[seat].link.as_ref().is_some_and(|link| link.socket.is_some());
            if stands && self.dice.once_in(4) {
                self.cut(seat);
                done += 1;
            }
            if done == cuts {
                break;
            }
        }
        assert_eq!(done, cuts);
        self.heal();
        self.compare();
        self.checker.finish();
    }

    /// What everybody was told, a line each.
    pub fn trace(&self) -> String {
        self.checker.trace.join("\n")
    }

    /// How many messages were accepted, and how much virtual time has passed.
    pub fn summary(&self) -> (usize, Duration) {
        (self.checker.messages(), self.now.since_epoch())
    }

    /// Nothing breaks any more; everybody must come back, and hear everything.
    fn heal(&mut self) {
        self.faults = false;
        for seat in 0..self.seats.len() {
            // Nobody pings at the text face: a broken link would never be noticed.
            if self.seats[seat].is_lines() {
                self.cut(seat);
            }
        }
        self.pass(Duration::from_secs(5));
        for seat in 0..self.seats.len() {
            self.replace(seat);
        }
        // Who was never welcomed may wait for its name as long as the default of `resume_ms`.
        self.pass(Duration::from_mins(7));
        for seat in &mut self.seats {
            let number = seat.number;
            let is_back = seat.session().is_some_and(|session| session.is_logged_in());
            // Who types lines may have wished for a name that somebody has.
            assert!(is_back || seat.is_lines(), "user {number} is not back");
        }
        self.everybody_says("goodbye");
        self.pass(Duration::from_mins(2));
    }

    /// Everybody sees the same: everybody who is visible.
    fn compare(&mut self) {
        let now = self.now;
        let members = ClientMessage::Members { room: None, from: "" };
        for seat in &mut self.seats {
            let number = seat.number;
            if let Some(id) = seat.act(|session| session.request(now, &members)) {
                self.checker.compares(number, id.expect("a request"));
            }
        }
        self.pass(Duration::from_secs(5));
        let mut visible = Vec::new();
        for seat in &mut self.seats {
            if seat.session().is_some_and(|session| !session.is_hidden()) {
                visible.push(seat.nickname().to_owned());
            }
        }
        self.checker.compare(&visible);
    }

    /// Lets time pass, and whatever is due happen.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        for _ in 0..2_000_000 {
            let Some(due) = self.due().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.step();
            self.settle();
        }
        panic!("time does not pass");
    }

    fn due(&self) -> Option<Instant> {
        let server = self.server.due().into_iter().chain(self.drains);
        let links = self.seats.iter().filter_map(|seat| seat.link.as_ref()?.due());
        let waits = self.seats.iter().filter_map(|seat| seat.wait);
        let orphans = self.orphans.iter();
        let orphans = orphans.flat_map(|one| [one.up.due(), one.ends, one.breaks]).flatten();
        server.chain(links).chain(waits).chain(orphans).min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.drains.is_some_and(|at| at <= now) {
            self.restart();
        }
        self.server.handle_timeout(now);
        self.overhear();
        let mut orphans = std::mem::take(&mut self.orphans);
        orphans.retain_mut(|orphan| {
            while let Some(bytes) = orphan.up.arrive(now) {
                self.server.read(now, orphan.socket, &bytes);
            }
            let breaks = orphan.breaks.is_some_and(|at| at <= now);
            if breaks {
                self.server.lose(now, orphan.socket);
            } else if orphan.ends.is_some_and(|at| at <= now) {
                orphan.ends = None;
                self.server.end(now, orphan.socket);
            }
            !breaks
        });
        self.orphans = orphans;
        for seat in 0..self.seats.len() {
            self.step_seat(seat);
        }
    }

    fn step_seat(&mut self, seat: usize) {
        let now = self.now;
        if let Some(link) = &mut self.seats[seat].link {
            if link.stands.is_some_and(|at| at <= now) {
                link.stands = None;
                let socket = self.server.accept(now, &mut self.dice);
                link.socket = Some(socket);
                self.callers.insert(socket, self.seats[seat].number);
                self.connected(seat);
            } else if let Some(bytes) = link.down.arrive(now) {
                self.receive(seat, &bytes);
            } else if let Some(bytes) = link.up.arrive(now) {
                if let Some(socket) = link.socket {
                    self.server.read(now, socket, &bytes);
                }
            } else if link.server_ends.is_some_and(|at| at <= now) {
                link.server_ends = None;
                if let Some(socket) = link.socket.take() {
                    self.server.lose(now, socket);
                }
            } else if link.client_ends.is_some_and(|at| at <= now) {
                self.disconnected(seat);
            }
        }
        let seat = &mut self.seats[seat];
        if seat.wait.is_some_and(|due| due <= now) {
            seat.wait = None;
            seat.act(|session| session.handle_timeout(now));
        }
    }

    /// Lets everybody say what there is to say now.
    fn settle(&mut self) {
        let now = self.now;
        for seat in 0..self.seats.len() {
            self.drain(seat);
        }
        for seat in &mut self.seats {
            let Some(link) = &mut seat.link else { continue };
            let Some(socket) = link.socket else { continue };
            let sent = self.server.send(now, socket, link.down.room());
            link.down.send(now, &sent.bytes, &mut self.dice);
            if sent.is_last && !link.down.silent && link.client_ends.is_none() {
                let last = link.down.last().unwrap_or(now);
                link.client_ends = Some(last + Duration::from_millis(1));
            }
        }
        for orphan in &mut self.orphans {
            let sent = self.server.send(now, orphan.socket, orphan.down.room());
            orphan.down.send(now, &sent.bytes, &mut self.dice);
        }
        self.overhear();
    }

    /// Lets the checker see whom the server has told what.
    fn overhear(&mut self) {
        for told in self.server.told() {
            let to = told.to.iter().filter_map(|one| Some((*one, *self.callers.get(one)?)));
            self.checker.told(&to.collect::<Vec<_>>(), &told.frame);
        }
    }

    /// The client closes its end.
    fn abandon(&mut self, seat: usize) {
        let link = self.seats[seat].link.take();
        self.orphans.extend(link.and_then(|link| link.abandon(self.now)));
    }
}
