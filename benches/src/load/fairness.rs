//! Whether a flood, and those who cannot take it, delay a room that has nothing to do with it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Hear};
use crate::dialects::{Place, User};
use crate::figures::{Figures, float};
use crate::scenarios::{Rhythm, Talk};
use crate::servers::Target;
use crate::texts;
use crate::traffic::Traffic;

/// Those who read slowly.
const SLOW: usize = 100;
/// What each of them reads at a time, and how often.
const SIP: usize = 16 * 1024;
const PAUSE: Duration = Duration::from_millis(20);
/// How many posts of the flood are unanswered at most, or unsent where posts are not answered.
const FLOOD: u64 = 32;
/// By how much the flood's thread gives way to the other.
const NICE: i32 = 10;
/// Numbers of users and rooms that the quiet room does not use.
const OTHERS: usize = 1000;

/// The quiet room: ten, who say a hundred things a second.
const QUIET: Talk = Talk {
    rooms: 1,
    posters: 1,
    readers: 9,
    is_private: false,
    rhythm: Rhythm::PerSecond(100),
    bystanders: 0,
};

/// The quiet room by itself for `time`, then beside the flood for as long.
pub(crate) fn measure(target: Target, time: Duration) -> std::io::Result<Figures> {
    let mut quiet = Traffic::new(target, QUIET)?;
    quiet.latency(time / 4)?;
    let alone = quiet.latency(time)?;
    let (stop, posts, cuts) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let begin = Instant::now();
    let beside = std::thread::scope(|scope| {
        let flood = scope.spawn(|| flood(target, &stop, &posts, &cuts));
        // Until the flood is there.
        while posts.load(Ordering::Relaxed) == 0
            && !flood.is_finished()
            && begin.elapsed() < Duration::from_secs(20)
        {
            quiet.latency(PAUSE)?;
        }
        let beside = quiet.latency(time);
        stop.store(true, Ordering::Relaxed);
        flood.join().map_err(|_| std::io::Error::other("the flood ended in a panic"))??;
        beside
    })?;
    let checked = quiet.settle()?;
    let rate = float(posts.into_inner()) / begin.elapsed().as_secs_f64();
    Ok(Figures {
        disturbance: (alone.p99 > 0.0).then(|| beside.p99 / alone.p99),
        // Of the flood: how many posts were taken, and how many readers cut.
        deliveries: cuts.into_inner(),
        deliveries_per_second: rate,
        checked,
        ..beside
    })
}

/// What the flooder hears: answers.
struct Answers(u64);

impl Hear for Answers {
    fn text(&mut self, _: usize, _: &[u8], _: Instant) -> std::io::Result<()> {
        Ok(())
    }

    fn accepted(&mut self, who: usize, posts: u64) {
        if who == 0 {
            self.0 += posts;
        }
    }
}

fn flood(
    target: Target,
    stop: &AtomicBool,
    posts: &AtomicU64,
    cuts: &AtomicU64,
) -> std::io::Result<()> {
    // The generator's own work for the flood is not to delay the room that is timed.
    rustix::process::nice(NICE)?;
    let user = |number: usize, is_first| {
        let place = Place::Room { room: OTHERS, is_first, posts: is_first };
        User { number: OTHERS + number, place }
    };
    let mut crowd = Crowd::new(Target { awake: Duration::ZERO, ..target })?;
    let answers = crowd.dialect.answers();
    crowd.enter((0..=SLOW).map(|number| user(number, number == 0)))?;
    for who in 1..=SLOW {
        crowd.freeze(who)?;
    }
    crowd.forgives = true;
    let mut frozen = [true; SLOW + 1];
    let (mut heard, mut sent, mut number) = (Answers(0), 0, SLOW);
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        if Instant::now() >= due {
            due += PAUSE;
            for who in std::mem::take(&mut crowd.lost) {
                // The server has cut it: somebody else comes.
                number += 1;
                cuts.fetch_add(1, Ordering::Relaxed);
                crowd.replace(who, user(number, false))?;
                frozen[who] = false;
            }
            for (who, frozen) in frozen.iter_mut().enumerate().skip(1) {
                if !*frozen && crowd.is_inside(who) {
                    crowd.freeze(who)?;
                    *frozen = true;
                }
                if *frozen && !crowd.sip(who, SIP) {
                    crowd.lost.push(who);
                }
            }
        }
        let room = if answers { heard.0 + FLOOD > sent } else { crowd.has_sent(0) };
        let burst = if room { FLOOD / 2 } else { 0 };
        for _ in 0..burst {
            crowd.post(0, &texts::write(0, sent));
            sent += 1;
        }
        posts.store(sent, Ordering::Relaxed);
        crowd.flush(0)?;
        let wait = if room { Duration::ZERO } else { Duration::from_millis(1) };
        crowd.poll(wait, &mut heard)?;
    }
    Ok(())
}
