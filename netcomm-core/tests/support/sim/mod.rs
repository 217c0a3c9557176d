//! Many sessions and a server under faults, in virtual time; one seed reproduces everything.

mod actions;
pub mod checker;
mod link;
mod server;

use std::time::Duration;

use netcomm_core::client::{Output, Session, SessionConfig};
use netcomm_core::server::ConnId;
use netcomm_core::time::Instant;

use self::checker::Checker;
use self::link::Pipe;
use self::server::Server;

/// Small numbers from one seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// An index into something of this length.
    pub fn index(&mut self, length: usize) -> usize {
        let length = u64::try_from(length).expect("a length");
        usize::try_from(self.below(length)).expect("an index")
    }

    pub fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.draw().to_be_bytes());
        bytes[8..].copy_from_slice(&self.draw().to_be_bytes());
        bytes
    }
}

/// A user at a client.
struct User {
    session: Session,
    link: Option<Link>,
    /// When it wants to be woken.
    wait: Option<Instant>,
    said: u64,
}

/// A connection, or the attempt to make one.
struct Link {
    /// When the client learns that it stands.
    stands: Option<Instant>,
    /// When either end learns that it is gone.
    client_ends: Option<Instant>,
    server_ends: Option<Instant>,
    conn: Option<ConnId>,
    up: Pipe,
    down: Pipe,
}

/// A server's end whose client has gone on without it.
struct Orphan {
    conn: ConnId,
    up: Pipe,
    ends: Option<Instant>,
}

pub struct Sim {
    limits: &'static [(&'static str, u64)],
    dice: Dice,
    now: Instant,
    server: Server,
    users: Vec<User>,
    orphans: Vec<Orphan>,
    checker: Checker,
    faults: bool,
}

const LIMITS: &[(&str, u64)] = &[
    ("resume_ms", 20_000),
    ("history_messages", 40),
    ("ping_ms", 5_000),
    ("pong_ms", 3_000),
    ("page_items", 7),
    ("room_idle_ms", 30_000),
    ("unanswered", 8),
];

impl Sim {
    pub fn new(seed: u64, users: u64) -> Self {
        Self::with(seed, users, LIMITS)
    }

    pub fn with(seed: u64, users: u64, limits: &'static [(&'static str, u64)]) -> Self {
        let mut dice = Dice::new(seed);
        let server = Server::new(limits, &mut dice);
        let users = (0..users).map(|number| {
            let mut config = SessionConfig::new(&format!("user{number}"));
            if number % 2 == 0 {
                config.rooms.push("lobby".into());
            }
            User {
                session: Session::new(config, Instant::EPOCH, dice.draw()),
                link: None,
                wait: None,
                said: 0,
            }
        });
        let users: Vec<_> = users.collect();
        Self {
            checker: Checker::new(users.len()),
            now: Instant::EPOCH,
            server,
            users,
            orphans: Vec::new(),
            faults: false,
            limits,
            dice,
        }
    }

    /// The whole story: everybody comes, things break, everything heals.
    pub fn run(&mut self) {
        self.pass(Duration::from_secs(3));
        self.everybody_says("hello");
        self.pass(Duration::from_secs(3));
        self.faults = true;
        for _ in 0..150 {
            self.act();
            let gap = self.dice.below(600);
            self.pass(Duration::from_millis(gap));
        }
        self.faults = false;
        self.pass(Duration::from_mins(4));
        self.everybody_says("goodbye");
        self.pass(Duration::from_mins(1));
        let told = self.checker.events();
        self.pass(Duration::from_mins(1));
        assert_eq!(told, self.checker.events(), "quiet means quiet");
        for (number, user) in self.users.iter().enumerate() {
            assert!(user.session.is_logged_in(), "user {number} is not back");
        }
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
            let number = self.dice.index(self.users.len());
            let stands = self.users[number].link.as_ref().is_some_and(|link| link.conn.is_some());
            if stands && self.dice.below(4) == 0 {
                self.cut(number);
                done += 1;
            }
            if done == cuts {
                break;
            }
        }
        assert_eq!(done, cuts);
        self.pass(Duration::from_mins(4));
        self.everybody_says("goodbye");
        self.pass(Duration::from_mins(1));
        self.checker.finish();
    }

    /// What everybody was told, a line each.
    pub fn trace(&self) -> String {
        self.checker.trace.join("\n")
    }

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
        let mut due: Vec<_> = self.server.due().into_iter().collect();
        for user in &self.users {
            due.extend(user.wait);
            if let Some(link) = &user.link {
                let times = [link.stands, link.client_ends, link.server_ends];
                due.extend(times.into_iter().flatten());
                due.extend(link.up.due().into_iter().chain(link.down.due()));
            }
        }
        let orphans = self.orphans.iter();
        due.extend(orphans.flat_map(|one| [one.up.due(), one.ends]).flatten());
        due.into_iter().min()
    }

    fn step(&mut self) {
        let now = self.now;
        self.server.handle_timeout(now);
        for orphan in &mut self.orphans {
            while let Some(bytes) = orphan.up.arrive(now) {
                self.server.read(now, orphan.conn, &bytes);
            }
            if orphan.ends.is_some_and(|at| at <= now) {
                self.server.lose(now, orphan.conn);
            }
        }
        self.orphans.retain(|one| one.ends.is_none_or(|at| at > now));
        for number in 0..self.users.len() {
            self.step_user(number);
        }
    }

    fn step_user(&mut self, number: usize) {
        let now = self.now;
        let user = &mut self.users[number];
        if let Some(link) = &mut user.link {
            if link.stands.is_some_and(|at| at <= now) {
                link.stands = None;
                link.conn = Some(self.server.accept(now, &mut self.dice));
                user.session.handle_connected(now);
            } else if let Some(bytes) = link.down.arrive(now) {
                user.session.receive(now, &bytes);
            } else if let Some(bytes) = link.up.arrive(now) {
                if let Some(conn) = link.conn {
                    self.server.read(now, conn, &bytes);
                }
            } else if link.server_ends.is_some_and(|at| at <= now) {
                link.server_ends = None;
                if let Some(conn) = link.conn.take() {
                    self.server.lose(now, conn);
                }
            } else if link.client_ends.is_some_and(|at| at <= now) {
                self.abandon(number);
                self.users[number].session.handle_disconnected(now);
            }
        }
        let user = &mut self.users[number];
        if user.wait.is_some_and(|due| due <= now) {
            user.wait = None;
            user.session.handle_timeout(now);
        }
    }

    /// Lets everybody say what there is to say now.
    fn settle(&mut self) {
        for number in 0..self.users.len() {
            self.drain(number);
        }
        for user in &mut self.users {
            let Some(link) = &mut user.link else { continue };
            let Some(conn) = link.conn else { continue };
            let sent = self.server.take(conn);
            link.down.send(self.now, &sent.bytes, &mut self.dice);
            if sent.finished && !link.down.silent {
                let last = link.down.last().unwrap_or(self.now);
                link.client_ends = Some(last + Duration::from_millis(1));
            }
        }
        for orphan in &self.orphans {
            self.server.take(orphan.conn);
        }
    }

    fn drain(&mut self, number: usize) {
        for _ in 0..10_000 {
            let user = &mut self.users[number];
            match user.session.poll_output() {
                Output::Connect => {
                    user.link = Some(Link::new(self.now, self.faults, &mut self.dice));
                }
                Output::Transmit(bytes) => {
                    let link = user.link.as_mut().expect("a link to write to");
                    link.up.send(self.now, &bytes, &mut self.dice);
                }
                Output::Event(event) => self.checker.event(number, event),
                Output::Disconnect => self.abandon(number),
                Output::Wait(until) => {
                    user.wait = until;
                    return;
                }
                other => panic!("an output that nobody knows: {other:?}"),
            }
        }
        panic!("an endless drain");
    }

    /// The client closes its end. What it sent still arrives, then the end, unless nothing does.
    fn abandon(&mut self, number: usize) {
        if let Some(link) = self.users[number].link.take()
            && let Some(conn) = link.conn
        {
            let last = link.up.last().unwrap_or(self.now).max(self.now);
            let ends = (!link.up.silent).then(|| last + Duration::from_millis(5));
            let ends = link.server_ends.or(ends);
            let up = link.up;
            self.orphans.push(Orphan { conn, up, ends });
        }
    }
}

impl Link {
    fn new(now: Instant, faults: bool, dice: &mut Dice) -> Self {
        let then = now + Duration::from_millis(1 + dice.below(200));
        let refused = faults && dice.below(5) == 0;
        Self {
            stands: (!refused).then_some(then),
            client_ends: refused.then_some(then),
            server_ends: None,
            conn: None,
            up: Pipe::default(),
            down: Pipe::default(),
        }
    }
}
