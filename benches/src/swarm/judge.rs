//! Whether everybody heard everything, once, and in the same order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use netcomm_core::wire::Position;

/// Positions above are taken for nonsense.
const MOST: u64 = 100_000_000;

/// A message as it is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    hash: u64,
    sender: u32,
    counter: u32,
}

impl Said {
    pub(crate) fn new(sender: u32, counter: u32, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        Self { hash, sender, counter }
    }
}

/// Collects what each member was told, and what it should have been.
#[derive(Debug)]
pub(crate) struct Judge {
    rooms: Vec<Vec<Incarnation>>,
    members: Vec<Vec<Stay>>,
    verdict: Verdict,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) accepted: u64,
    pub(crate) deliveries: u64,
    /// Deliveries that should have been, of which the member knows nothing.
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Later messages came first, senders overtook themselves, or two members heard different
    /// messages at one place.
    pub(crate) disordered: u64,
    /// Deliveries that the member was told cannot be had.
    pub(crate) gone: u64,
    /// Deliveries that ended with the room's incarnation, as the member was told.
    pub(crate) cut: u64,
    /// Members that are not in the newest incarnation of their room.
    pub(crate) stale: u64,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.disordered + self.stale == 0
    }
}

#[derive(Debug)]
struct Incarnation {
    epoch: u64,
    /// By position.
    said: Vec<Option<Said>>,
}

/// A member's stay in one incarnation of its room.
#[derive(Debug)]
struct Stay {
    epoch: u64,
    /// What was said up to here was said before.
    after: u64,
    /// Heard, in the order of hearing.
    heard: Vec<(u64, u64)>,
    own: Vec<u64>,
    gone: Vec<(u64, u64)>,
    /// Whether the member was told that the incarnation ended.
    ended: bool,
}

impl Judge {
    pub(crate) fn new(rooms: usize, members: usize) -> Self {
        Self {
            rooms: (0..rooms).map(|_| Vec::new()).collect(),
            members: (0..members).map(|_| Vec::new()).collect(),
            verdict: Verdict::default(),
        }
    }

    /// The member is in the room, after `place`.
    pub(crate) fn entered(&mut self, member: usize, room: usize, place: Position) {
        let stays = &mut self.members[member];
        if stays.last().is_none_or(|stay| stay.epoch != place.epoch) {
            stays.push(Stay {
                epoch: place.epoch,
                after: place.seq,
                heard: Vec::new(),
                own: Vec::new(),
                gone: Vec::new(),
                ended: false,
            });
            incarnation(&mut self.rooms[room], place.epoch);
        }
    }

    /// The member heard a message.
    pub(crate) fn heard(&mut self, member: usize, room: usize, at: Position, said: Said) {
        self.verdict.deliveries += 1;
        self.note(room, at, said);
        let stay = self.members[member].last_mut();
        let Some(stay) = stay.filter(|stay| stay.epoch == at.epoch) else {
            self.verdict.disordered += 1;
            return;
        };
        let seq = at.seq;
        match stay.heard.last_mut() {
            Some((_, last)) if *last + 1 == seq => *last = seq,
            Some((_, last)) if *last >= seq => {
                let known = |(first, last): &(u64, u64)| (*first..=*last).contains(&seq);
                if stay.heard.iter().any(known) {
                    self.verdict.doubled += 1;
                } else {
                    self.verdict.disordered += 1;
                    stay.heard.push((seq, seq));
                    stay.heard.sort_unstable();
                }
            }
            _ => stay.heard.push((seq, seq)),
        }
    }

    /// The member's own message was accepted.
    pub(crate) fn accepted(&mut self, member: usize, room: usize, at: Position, said: Said) {
        self.verdict.accepted += 1;
        self.note(room, at, said);
        let stays = self.members[member].iter_mut();
        if let Some(stay) = stays.rev().find(|stay| stay.epoch == at.epoch) {
            stay.own.push(at.seq);
        }
    }

    /// The member was told that these messages are gone.
    pub(crate) fn gone(&mut self, member: usize, first: u64, last: u64) {
        if let Some(stay) = self.members[member].last_mut() {
            stay.gone.push((first, last));
        }
    }

    /// The member was told that its room began anew.
    pub(crate) fn restarted(&mut self, member: usize) {
        if let Some(stay) = self.members[member].last_mut() {
            stay.ended = true;
        }
    }

    /// What is found so far.
    pub(crate) fn verdict(&self, room_of: impl Fn(usize) -> usize) -> Verdict {
        let mut verdict = self.verdict;
        for incarnation in self.rooms.iter().flatten() {
            verdict.disordered += overtakings(&incarnation.said);
        }
        for (member, stays) in self.members.iter().enumerate() {
            let room = &self.rooms[room_of(member)];
            let newest = room.last().map(|incarnation| incarnation.epoch);
            if stays.last().map(|stay| stay.epoch) != newest {
                verdict.stale += 1;
            }
            for (index, stay) in stays.iter().enumerate() {
                let mut incarnations = room.iter();
                let said = incarnations.find(|incarnation| incarnation.epoch == stay.epoch);
                let last = said.map_or(0, |incarnation| incarnation.said.len() as u64);
                stay.judge(last, index + 1 < stays.len(), &mut verdict);
            }
        }
        verdict
    }

    fn note(&mut self, room: usize, at: Position, said: Said) {
        let Ok(index) = usize::try_from(at.seq.wrapping_sub(1).min(MOST)) else {
            return;
        };
        if at.seq == 0 || at.seq > MOST {
            self.verdict.disordered += 1;
            return;
        }
        let all = &mut incarnation(&mut self.rooms[room], at.epoch).said;
        if all.len() <= index {
            all.resize(index + 1, None);
        }
        if *all[index].get_or_insert(said) != said {
            self.verdict.disordered += 1;
        }
    }
}

impl Stay {
    fn judge(&self, last: u64, is_over: bool, verdict: &mut Verdict) {
        let mut known: Vec<(u64, u64, bool)> = Vec::new();
        known.extend(self.heard.iter().map(|&(first, last)| (first, last, false)));
        known.extend(self.own.iter().map(|&seq| (seq, seq, false)));
        known.extend(self.gone.iter().map(|&(first, last)| (first, last, true)));
        known.sort_unstable();
        let mut next = self.after + 1;
        for (first, last, is_gone) in known {
            verdict.lost += first.saturating_sub(next);
            if is_gone {
                verdict.gone += (last + 1).saturating_sub(first.max(next));
            }
            next = next.max(last + 1);
        }
        let rest = (last + 1).saturating_sub(next);
        if is_over && self.ended {
            verdict.cut += rest;
        } else {
            verdict.lost += rest;
        }
    }
}

fn incarnation(room: &mut Vec<Incarnation>, epoch: u64) -> &mut Incarnation {
    let known = room.iter().position(|one| one.epoch == epoch);
    let index = known.unwrap_or_else(|| {
        room.push(Incarnation { epoch, said: Vec::new() });
        room.len() - 1
    });
    &mut room[index]
}

/// How often a sender's message stands before an earlier one of the same sender.
fn overtakings(said: &[Option<Said>]) -> u64 {
    let mut newest = BTreeMap::new();
    let mut count = 0;
    for said in said.iter().flatten() {
        let newest = newest.entry(said.sender).or_insert(0);
        count += u64::from(*newest > said.counter);
        *newest = said.counter.max(*newest);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, seq: u64) -> Position {
        Position { epoch, seq }
    }

    fn said(counter: u32) -> Said {
        Said::new(0, counter, &format!("0 {counter}"))
    }

    /// Member 0 posts four messages, member 1 is told those of `heard`.
    fn judged(heard: &[(u64, u32)]) -> (Judge, Verdict) {
        let mut judge = Judge::new(1, 2);
        judge.entered(0, 0, at(7, 0));
        judge.entered(1, 0, at(7, 0));
        for (seq, counter) in (1..=4).zip(0..) {
            judge.accepted(0, 0, at(7, seq), said(counter));
        }
        for &(seq, counter) in heard {
            judge.heard(1, 0, at(7, seq), said(counter));
        }
        let verdict = judge.verdict(|_| 0);
        (judge, verdict)
    }

    #[test]
    fn all_in_order_is_clean() {
        let (_, verdict) = judged(&[(1, 0), (2, 1), (3, 2), (4, 3)]);
        assert!(verdict.is_clean());
        assert_eq!((verdict.accepted, verdict.deliveries), (4, 4));
    }

    #[test]
    fn each_fault_is_counted_as_what_it_is() {
        let lost = judged(&[(1, 0), (4, 3)]).1;
        assert_eq!((lost.lost, lost.doubled, lost.disordered), (2, 0, 0));
        let doubled = judged(&[(1, 0), (2, 1), (2, 1), (3, 2), (4, 3)]).1;
        assert_eq!((doubled.lost, doubled.doubled), (0, 1));
        let swapped = judged(&[(1, 0), (3, 2), (2, 1), (4, 3)]).1;
        assert_eq!((swapped.lost, swapped.disordered), (0, 1));
        let other = judged(&[(1, 0), (2, 2), (3, 2), (4, 3)]).1;
        assert_eq!((other.lost, other.disordered), (0, 1));
    }

    #[test]
    fn what_is_told_to_be_gone_is_not_lost() {
        let (mut judge, _) = judged(&[(1, 0), (4, 3)]);
        judge.gone(1, 2, 3);
        let verdict = judge.verdict(|_| 0);
        assert!(verdict.is_clean());
        assert_eq!(verdict.gone, 2);
    }

    #[test]
    fn a_new_incarnation_ends_the_old_one_where_it_was_told() {
        for told in [false, true] {
            let (mut judge, _) = judged(&[(1, 0), (2, 1)]);
            if told {
                judge.restarted(1);
            }
            judge.entered(1, 0, at(8, 0));
            assert_eq!(judge.verdict(|_| 0).stale, 1);
            judge.entered(0, 0, at(8, 0));
            let verdict = judge.verdict(|_| 0);
            assert_eq!(verdict.is_clean(), told);
            let expected = if told { (0, 2) } else { (2, 0) };
            assert_eq!((verdict.lost, verdict.cut), expected);
        }
    }

    #[test]
    fn senders_do_not_overtake_themselves() {
        let mut judge = Judge::new(1, 1);
        judge.entered(0, 0, at(7, 0));
        judge.accepted(0, 0, at(7, 1), said(1));
        judge.accepted(0, 0, at(7, 2), said(0));
        assert_eq!(judge.verdict(|_| 0).disordered, 1);
    }
}
