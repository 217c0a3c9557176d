//! People who talk, for a while.

use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::dialects::Place;
use crate::figures::{Figures, Meter};
use crate::ledger::{Leave, Ledger};
use crate::scenarios::{Rhythm, Talk};
use crate::servers::Target;

/// How long the last posts may be under way.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long something too much is waited for at the end.
const LINGER: Duration = Duration::from_millis(20);
/// How far the clock may run ahead of a server, in posts of one poster.
const CLOCK_AHEAD: usize = 4096;
/// One of so many is timed where posts come as fast as they can.
const TIMED: usize = 7;
/// The longest sleep.
const NAP: Duration = Duration::from_millis(50);

/// A crowd that talks.
pub(crate) struct Traffic {
    crowd: Crowd,
    ledger: Ledger,
    interval: Option<Duration>,
    due: Instant,
    turn: usize,
}

impl Traffic {
    /// Lets everybody in.
    pub(crate) fn new(target: Target, talk: Talk) -> std::io::Result<Self> {
        let mut crowd = Crowd::new(target)?;
        let (leave, ahead) = match talk.rhythm {
            Rhythm::Ahead(ahead) => (Leave::Heard, usize::try_from(ahead).unwrap_or(usize::MAX)),
            Rhythm::InTurn => (Leave::Hearing, 2),
            Rhythm::PerSecond(_) => (Leave::Time, CLOCK_AHEAD),
        };
        let hears_posters = crowd.dialect.hears_posters() || talk.is_private;
        let others = if hears_posters { talk.posters - 1 } else { 0 };
        let audience = u32::try_from(talk.readers + others).unwrap_or(u32::MAX);
        let mut ledger = Ledger::new(leave, crowd.dialect.answers());
        for user in talk.users() {
            let is_timed = leave == Leave::Time || user.number % TIMED == 0;
            let (room, seat) = (user.number / talk.size(), user.number % talk.size());
            if matches!(user.place, Place::Nowhere) {
                ledger.add_member(0, 0, false);
                continue;
            }
            ledger.add_member(room * talk.posters, talk.posters, is_timed);
            if seat < talk.posters {
                ledger.add_poster(audience, ahead);
            }
        }
        let interval = match talk.rhythm {
            Rhythm::PerSecond(posts) => {
                Some(Duration::from_secs(1) / posts / u32::try_from(talk.rooms).unwrap_or(1))
            }
            Rhythm::Ahead(_) | Rhythm::InTurn => None,
        };
        crowd.enter(talk.users())?;
        match talk.rhythm {
            Rhythm::Ahead(ahead) => {
                for poster in 0..ledger.posters() {
                    ledger.allow(poster, u64::from(ahead));
                }
            }
            Rhythm::InTurn => {
                for pair in 0..talk.rooms {
                    ledger.allow(pair * 2, 1);
                }
            }
            Rhythm::PerSecond(_) => {}
        }
        Ok(Self { crowd, ledger, interval, due: Instant::now(), turn: 0 })
    }

    /// Talks for a while to warm up, then for `time`, and sees that nothing is missing or too much.
    pub(crate) fn measure(mut self, time: Duration, pid: Option<u32>) -> std::io::Result<Figures> {
        self.run(time / 4)?;
        let meter = Meter::start(pid);
        let before = self.ledger.deliveries;
        self.ledger.latency = netcomm_benches::latency::Histogram::default();
        self.run(time)?;
        let mut figures = meter.stop(self.ledger.deliveries - before);
        figures.set_latency(&self.ledger.latency);
        figures.checked = self.settle()?;
        Ok(figures)
    }

    /// Only the next so many seconds' latency.
    pub(crate) fn latency(&mut self, time: Duration) -> std::io::Result<Figures> {
        self.ledger.latency = netcomm_benches::latency::Histogram::default();
        self.run(time)?;
        let mut figures = Figures::default();
        figures.set_latency(&self.ledger.latency);
        Ok(figures)
    }

    /// Ends, and sees that nothing is missing or too much; answers how much was delivered in all.
    pub(crate) fn settle(mut self) -> std::io::Result<u64> {
        self.ledger.close();
        let deadline = Instant::now() + PATIENCE;
        while !self.ledger.is_settled() && Instant::now() < deadline {
            self.crowd.poll(NAP, &mut self.ledger)?;
        }
        let deadline = Instant::now() + LINGER;
        while Instant::now() < deadline {
            self.crowd.poll(LINGER / 2, &mut self.ledger)?;
        }
        self.ledger.settle()?;
        Ok(self.ledger.deliveries)
    }

    fn run(&mut self, time: Duration) -> std::io::Result<()> {
        let mut now = Instant::now();
        let deadline = now + time;
        self.due = now;
        while now < deadline {
            let mut wait = (deadline - now).min(NAP);
            if let Some(interval) = self.interval {
                while self.due <= now {
                    self.due += interval;
                    self.ledger.allow(self.turn, 1);
                    self.turn = (self.turn + 1) % self.ledger.posters();
                }
                wait = wait.min(self.due - now);
            }
            while let Some(poster) = self.ledger.next_ready() {
                let (who, posts) = self.ledger.credit(poster);
                for _ in 0..posts {
                    let (who, text) = self.ledger.post(poster, now)?;
                    self.crowd.post(who, &text);
                }
                self.crowd.flush(who)?;
            }
            self.crowd.poll(wait, &mut self.ledger)?;
            now = Instant::now();
        }
        Ok(())
    }
}
