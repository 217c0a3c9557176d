//! What was posted, what was heard, and whether each heard everything once and in order.

use std::io::Error;
use std::time::Instant;

use netcomm_benches::latency::Histogram;

use crate::crowd::Hear;
use crate::texts;

/// Who posts, and how far its posts have got.
#[derive(Debug)]
struct Poster {
    connection: usize,
    /// How many hear each post.
    audience: u32,
    sent: u64,
    /// So many were heard by everybody.
    complete: u64,
    accepted: u64,
    /// How many have yet to hear a post, and when it was sent, by its count.
    left: Vec<u32>,
    sent_at: Vec<Instant>,
    credit: u64,
}

/// What a connection has heard.
#[derive(Debug)]
struct Member {
    /// The first of those whom it hears.
    first: usize,
    /// The count of the next post, of each of them.
    next: Vec<u64>,
    /// What it posts as.
    poster: Option<usize>,
    /// Whether the time that posts take to it is recorded.
    is_timed: bool,
}

/// The whole of it.
#[derive(Debug)]
pub(crate) struct Ledger {
    posters: Vec<Poster>,
    members: Vec<Member>,
    /// Those who may post.
    ready: Vec<usize>,
    /// What gives a poster leave to post again.
    leave: Leave,
    pub(crate) deliveries: u64,
    pub(crate) latency: Histogram,
    answers: bool,
    /// Outside of it, hearing gives no leave.
    is_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// A post was heard by everybody.
    Heard,
    /// It has heard somebody else's; what is timed is the round trip.
    Hearing,
    /// Only the clock.
    Time,
}

impl Ledger {
    /// `answers`: whether the server answers posts.
    pub(crate) fn new(leave: Leave, answers: bool) -> Self {
        Self {
            posters: Vec::new(),
            members: Vec::new(),
            ready: Vec::new(),
            leave,
            deliveries: 0,
            latency: Histogram::default(),
            answers,
            is_open: true,
        }
    }

    /// The next connection hears the `count` posters from `first` on.
    pub(crate) fn add_member(&mut self, first: usize, count: usize, is_timed: bool) {
        self.members.push(Member { first, next: vec![0; count], poster: None, is_timed });
    }

    /// The connection added last posts to `audience` others; `ahead` bounds what is under way.
    pub(crate) fn add_poster(&mut self, audience: u32, ahead: usize) {
        let connection = self.members.len() - 1;
        self.members[connection].poster = Some(self.posters.len());
        self.posters.push(Poster {
            connection,
            audience,
            sent: 0,
            complete: 0,
            accepted: 0,
            left: vec![0; ahead],
            sent_at: vec![Instant::now(); ahead],
            credit: 0,
        });
    }

    pub(crate) fn posters(&self) -> usize {
        self.posters.len()
    }

    /// Lets a poster post so many more.
    pub(crate) fn allow(&mut self, poster: usize, posts: u64) {
        let one = &mut self.posters[poster];
        if one.credit == 0 {
            self.ready.push(poster);
        }
        one.credit += posts;
    }

    /// From now on nobody gets leave.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
        self.ready.clear();
    }

    /// Someone who may post.
    pub(crate) fn next_ready(&mut self) -> Option<usize> {
        self.ready.pop()
    }

    /// The next post of a poster that may, and its connection.
    pub(crate) fn post(&mut self, poster: usize, now: Instant) -> Result<(usize, String), Error> {
        let one = &mut self.posters[poster];
        if one.sent - one.complete >= one.left.len() as u64 {
            return Err(Error::other(format!("{} posts are under way", one.left.len())));
        }
        let slot = slot(one.sent, one.left.len());
        one.left[slot] = one.audience;
        one.sent_at[slot] = now;
        let text = texts::write(poster, one.sent);
        one.sent += 1;
        one.credit -= 1;
        Ok((one.connection, text))
    }

    /// Its connection, and how much a poster may still post.
    pub(crate) fn credit(&self, poster: usize) -> (usize, u64) {
        (self.posters[poster].connection, self.posters[poster].credit)
    }

    /// Whether everything that was posted has been heard, and answered.
    pub(crate) fn is_settled(&self) -> bool {
        self.posters
            .iter()
            .all(|one| one.complete == one.sent && (!self.answers || one.accepted == one.sent))
    }

    /// Fails unless all was heard: says what is missing.
    pub(crate) fn settle(&self) -> Result<(), Error> {
        let sent: u64 = self.posters.iter().map(|one| one.sent * u64::from(one.audience)).sum();
        if self.is_settled() && sent == self.deliveries {
            return Ok(());
        }
        let posts: u64 = self.posters.iter().map(|one| one.sent).sum();
        let accepted: u64 = self.posters.iter().map(|one| one.accepted).sum();
        Err(Error::other(format!(
            "{} of {sent} deliveries came, and {accepted} answers to {posts} posts",
            self.deliveries
        )))
    }

    fn heard(&mut self, who: usize, text: &[u8], now: Instant) -> Option<()> {
        let (poster, count) = texts::read(text)?;
        let member = self.members.get_mut(who)?;
        if member.poster == Some(poster) {
            return None;
        }
        let next = member.next.get_mut(poster.checked_sub(member.first)?)?;
        if *next != count {
            return None;
        }
        *next += 1;
        self.deliveries += 1;
        let one = self.posters.get_mut(poster)?;
        let slot = slot(count, one.left.len());
        one.left[slot] = one.left[slot].checked_sub(1)?;
        let is_timed = member.is_timed;
        if one.left[slot] == 0 {
            one.complete += 1;
            if self.leave == Leave::Heard && self.is_open {
                if one.credit == 0 {
                    self.ready.push(poster);
                }
                one.credit += 1;
            }
        }
        if self.leave != Leave::Hearing {
            if is_timed {
                self.latency.record(now - one.sent_at[slot]);
            }
            return Some(());
        }
        let me = member.poster?;
        let mine = &self.posters[me];
        if mine.sent > 0 {
            self.latency.record(now - mine.sent_at[slot_of_last(mine)]);
        }
        if self.is_open {
            self.allow(me, 1);
        }
        Some(())
    }
}

impl Hear for Ledger {
    fn text(&mut self, who: usize, text: &[u8], now: Instant) -> std::io::Result<()> {
        self.heard(who, text, now).ok_or_else(|| {
            let next = self.members.get(who).map(|member| &member.next);
            let read = texts::read(text);
            Error::other(format!(
                "connection {who} heard (poster, count) {read:?}, and should hear {next:?} next"
            ))
        })
    }

    fn accepted(&mut self, who: usize, posts: u64) {
        if let Some(poster) = self.members.get(who).and_then(|member| member.poster) {
            self.posters[poster].accepted += posts;
        }
    }
}

fn slot(count: u64, ahead: usize) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX) % ahead
}

fn slot_of_last(poster: &Poster) -> usize {
    slot(poster.sent - 1, poster.left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two listeners and one who posts.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::new(Leave::Heard, true);
        ledger.add_member(0, 1, false);
        ledger.add_poster(2, 4);
        ledger.add_member(0, 1, true);
        ledger.add_member(0, 1, true);
        ledger.allow(0, 2);
        ledger
    }

    fn hear(ledger: &mut Ledger, who: usize, count: u64) -> bool {
        let text = texts::write(0, count);
        ledger.text(who, text.as_bytes(), Instant::now()).is_ok()
    }

    #[test]
    fn everything_is_heard_once_by_each() {
        let mut ledger = ledger();
        assert_eq!(ledger.next_ready(), Some(0));
        for _ in 0..2 {
            assert_eq!(ledger.post(0, Instant::now()).map(|(who, _)| who).ok(), Some(0));
            ledger.accepted(0, 1);
        }
        for (who, count) in [(1, 0), (1, 1), (2, 0)] {
            assert!(hear(&mut ledger, who, count));
        }
        assert!(ledger.settle().is_err(), "one is missing");
        assert_eq!(ledger.credit(0), (0, 1), "the first was heard by both");
        assert!(hear(&mut ledger, 2, 1));
        assert!(ledger.settle().is_ok());
        assert_eq!((ledger.deliveries, ledger.latency.count()), (4, 4));
    }

    #[test]
    fn what_is_missing_doubled_or_misdirected_is_found() {
        for (who, count) in [(1, 1), (2, 0), (0, 0)] {
            let mut ledger = ledger();
            ledger.post(0, Instant::now()).expect("leave");
            ledger.post(0, Instant::now()).expect("leave");
            assert!(hear(&mut ledger, 2, 0));
            assert!(!hear(&mut ledger, who, count), "{who} {count}");
        }
        let mut ledger = ledger();
        ledger.post(0, Instant::now()).expect("leave");
        assert!(hear(&mut ledger, 1, 0) && hear(&mut ledger, 2, 0));
        assert!(ledger.settle().is_err(), "the answer is missing");
    }
}
