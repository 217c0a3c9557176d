//! Somebody at a client: a real session, or a person who types lines.

use std::time::Duration;

use netcomm_core::client::{Event, Output, Session, SessionConfig};
use netcomm_core::limits::Limit;
use netcomm_core::time::Instant;

use super::Sim;
use super::link::Link;
use super::outbox::counted;

/// What a session holds at most (see the documentation of `client`), but for what is not answered.
const SESSION: i64 = 8 * 1024 * 1024;

/// A place where one person sits after another.
pub struct Seat {
    /// The person's number for the checker.
    pub number: usize,
    pub who: Who,
    pub link: Option<Link>,
    /// When it wants to be woken.
    pub wait: Option<Instant>,
    /// Whether the person has gone for good.
    pub over: bool,
    pub said: u64,
    held: i64,
}

pub enum Who {
    Session(Box<Session>),
    Lines(Lines),
}

/// A person at the text face.
pub struct Lines {
    pub nickname: String,
    half_read: Vec<u8>,
}

impl Seat {
    /// The session, while its user has not gone.
    pub fn session(&mut self) -> Option<&mut Session> {
        match &mut self.who {
            Who::Session(session) if !self.over => Some(session),
            _ => None,
        }
    }

    pub fn is_lines(&self) -> bool {
        matches!(self.who, Who::Lines(_))
    }

    pub fn nickname(&self) -> &str {
        match &self.who {
            Who::Session(session) => session.nickname(),
            Who::Lines(lines) => &lines.nickname,
        }
    }

    /// Lets the session do something, and counts the memory that it holds then.
    pub fn act<T>(&mut self, act: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let Who::Session(session) = &mut self.who else { return None };
        let result = counted(&mut self.held, || act(session));
        assert!(self.held <= SESSION, "a session holds {} bytes", self.held);
        Some(result)
    }

    fn poll(&mut self) -> Option<Output> {
        let Who::Session(session) = &mut self.who else { return None };
        let output = counted(&mut self.held, || session.poll_output());
        let copy = output.clone();
        counted(&mut self.held, || drop(output));
        Some(copy)
    }
}

impl Sim {
    /// A new person comes to a seat.
    pub(super) fn person(&mut self, with_lines: bool) -> Seat {
        let number = self.checker.person(with_lines);
        let nickname = self.wish(number);
        let hidden = self.people_hide && self.dice.once_in(6);
        let mut config = SessionConfig::new(&nickname);
        config.hidden = hidden;
        if self.dice.once_in(2) {
            config.rooms.push("lobby".into());
        }
        let (seed, mut held) = (self.dice.draw(), 0);
        let now = self.now;
        let who = if with_lines {
            Who::Lines(Lines { nickname, half_read: Vec::new() })
        } else {
            let session = counted(&mut held, || {
                let mut session = Box::new(Session::new(config, now, seed));
                session.set_nickname(now, &nickname).expect("a nickname");
                session
            });
            Who::Session(session)
        };
        let link = with_lines.then(|| Link::new(now, false, &mut self.dice));
        Seat { number, who, link, wait: None, over: false, said: 0, held }
    }

    /// A name that this person wants: one of its own, or one that somebody else had.
    pub(super) fn wish(&mut self, number: usize) -> String {
        let reused = self.names_return && !self.names.is_empty() && self.dice.once_in(3);
        let nickname = if reused {
            self.names[self.dice.index(self.names.len())].clone()
        } else {
            format!("user{number}.{}", self.names.len())
        };
        self.names.push(nickname.clone());
        self.checker.wishes(number, &nickname);
        nickname
    }

    /// Lets a session say everything that it has to say now.
    pub(super) fn drain(&mut self, seat: usize) {
        for _ in 0..10_000 {
            let Some(output) = self.seats[seat].poll() else { return };
            let number = self.seats[seat].number;
            match output {
                Output::Connect => {
                    let link = Link::new(self.now, self.faults, &mut self.dice);
                    self.seats[seat].link = Some(link);
                }
                Output::Transmit(frame) => {
                    self.checker.asks(number, &frame);
                    let link = self.seats[seat].link.as_mut().expect("a link to write to");
                    link.up.send(self.now, &frame, &mut self.dice);
                }
                Output::Event(event) => self.event(seat, event),
                Output::Disconnect => self.abandon(seat),
                Output::Wait(until) => {
                    self.seats[seat].wait = until;
                    return;
                }
                other => panic!("an output that nobody knows: {other:?}"),
            }
        }
        panic!("an endless drain");
    }

    fn event(&mut self, seat: usize, event: Event) {
        let (number, now) = (self.seats[seat].number, self.now);
        match event {
            Event::LoginRefused { .. } => {
                let nickname = self.wish(number);
                self.seats[seat].act(|session| session.set_nickname(now, &nickname).is_ok());
            }
            Event::LoggedIn { .. } => {
                let link = self.seats[seat].link.as_ref();
                let socket = link.and_then(|link| link.socket).expect("a socket");
                self.checker.welcomed(number, socket);
            }
            Event::Ended { .. } => self.seats[seat].over = true,
            _ => {}
        }
        self.checker.event(now, number, event);
    }

    /// The connection stands, for the client.
    pub(super) fn connected(&mut self, seat: usize) {
        let now = self.now;
        let Seat { who, link, .. } = &mut self.seats[seat];
        if let (Who::Lines(lines), Some(link)) = (who, link) {
            let hello = format!("{}\r\n", lines.nickname);
            link.up.send(now, hello.as_bytes(), &mut self.dice);
        }
        self.seats[seat].act(|session| session.handle_connected(now));
    }

    pub(super) fn receive(&mut self, seat: usize, bytes: &[u8]) {
        let now = self.now;
        self.seats[seat].act(|session| session.receive(now, bytes));
        let Seat { who, number, .. } = &mut self.seats[seat];
        if let Who::Lines(lines) = who {
            lines.half_read.extend_from_slice(bytes);
            while let Some(end) = lines.half_read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = lines.half_read.drain(..=end).collect();
                let line = String::from_utf8(line).expect("UTF-8");
                self.checker.line(now, *number, line.trim_end());
            }
        }
    }

    /// The connection is gone, for the client.
    pub(super) fn disconnected(&mut self, seat: usize) {
        let now = self.now;
        self.abandon(seat);
        self.seats[seat].act(|session| session.handle_disconnected(now));
        if self.seats[seat].is_lines() {
            self.seats[seat].over = true;
            self.checker.goes(now, self.seats[seat].number);
        }
    }

    /// A person types a line; it is sent as soon as there is somebody to send it to.
    pub(super) fn types(&mut self, seat: usize, typed: &str) -> bool {
        let at = &mut self.seats[seat];
        let is_here = at.is_lines() && !at.over;
        let link = at.link.as_mut().filter(|link| is_here && link.socket.is_some());
        let Some(link) = link else { return false };
        link.up.send(self.now, format!("{typed}\n").as_bytes(), &mut self.dice);
        true
    }

    /// How long a reservation lasts, and a little.
    pub(super) fn longer_than_any_session(&self) -> Duration {
        self.limits.duration(Limit::ResumeMs) + Duration::from_secs(5)
    }
}
