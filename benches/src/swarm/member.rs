//! A client as the swarm sees it: in a room, posting or not, judged or not.

use std::collections::BTreeMap;

use netcomm_core::client::{Answer, Event};
use netcomm_core::time::Instant;
use netcomm_core::wire::{ConversationKind, RequestId};

use crate::client::Client;
use crate::judge::{Judge, Said};
use netcomm_benches::latency::Histogram;

/// What is counted while the swarm runs.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) latency: Histogram,
    pub(crate) replayed: u64,
    pub(crate) unknown: u64,
    pub(crate) arrived: u64,
    /// Posts that were due while their sender had no connection or too much unanswered.
    pub(crate) unsent: u64,
    pub(crate) returns: Histogram,
    pub(crate) losses: BTreeMap<String, u64>,
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Endings of sessions and of conversations, and texts that nobody sent.
    pub(crate) faults: BTreeMap<String, u64>,
}

/// What those that never read or never speak were told, and after how long.
#[derive(Debug, Default)]
pub(crate) struct Farewells {
    pub(crate) said: BTreeMap<String, Histogram>,
}

impl Farewells {
    pub(crate) fn note(&mut self, what: &str, after: std::time::Duration) {
        let said = self.said.entry(what.into()).or_default();
        said.record(after);
    }
}

/// A client and what it is for.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) client: Client,
    pub(crate) room: usize,
    /// Whether it is logged in and in its room.
    pub(crate) inside: bool,
    pub(crate) lost: Option<Instant>,
    pub(crate) was_lost: bool,
    pub(crate) counter: u32,
    pub(crate) posted: Vec<(RequestId, Said)>,
    /// Posts of which nobody knows whether they arrived.
    unknown: Vec<(RequestId, Said)>,
    /// Since when it reads no more.
    pub(crate) frozen: Option<Instant>,
    /// When the swarm looks after it by itself.
    pub(crate) armed: Option<Instant>,
}

impl Member {
    pub(crate) fn new(client: Client, room: usize) -> Self {
        Self {
            client,
            room,
            inside: false,
            lost: None,
            was_lost: false,
            counter: 0,
            posted: Vec::new(),
            unknown: Vec::new(),
            frozen: None,
            armed: None,
        }
    }

    /// Takes what the session told member number `index`.
    pub(crate) fn take(
        &mut self,
        index: usize,
        event: Event,
        now: Instant,
        judge: &mut Judge,
        counts: &mut Counts,
    ) {
        let is_room = |kind| kind == ConversationKind::ROOM;
        match event {
            Event::Message { conversation, position, text, replayed, .. }
                if is_room(conversation.kind) =>
            {
                let Some((said, sent)) = read_text(&text) else {
                    *counts.faults.entry("foreign text".into()).or_default() += 1;
                    return;
                };
                judge.heard(index, self.room, position, said);
                if replayed {
                    counts.replayed += 1;
                } else {
                    counts.latency.record(now.since(sent));
                }
            }
            Event::Answered { id, answer } => self.take_answer(index, id, answer, judge, counts),
            Event::Arrived { id, position } => {
                counts.arrived += 1;
                if let Some((_, said)) = self.unknown.iter().find(|(unknown, _)| *unknown == id) {
                    judge.accepted(index, self.room, position, *said);
                }
            }
            Event::Unknown { id, .. } => {
                counts.unknown += 1;
                let said = self.take_posted(id);
                self.unknown.extend(said.map(|said| (id, said)));
            }
            Event::LoggedIn { resumed: true, .. } => self.come_back(now, counts),
            Event::RoomEntered { position, .. } => {
                judge.entered(index, self.room, position);
                self.come_back(now, counts);
            }
            Event::LoggedIn { .. } => self.inside = false,
            Event::Lost { why, .. } => {
                *counts.losses.entry(why.to_string()).or_default() += 1;
                self.was_lost |= self.inside;
                if self.inside {
                    self.lost = Some(now);
                }
                self.inside = false;
            }
            Event::Gone { conversation, first, last } if is_room(conversation.kind) => {
                judge.gone(index, first, last);
            }
            Event::Restarted { conversation } if is_room(conversation.kind) => {
                judge.restarted(index);
            }
            Event::RoomRefused { text, .. } | Event::LoginRefused { text, .. } => {
                *counts.refusals.entry(text).or_default() += 1;
            }
            Event::ConversationEnded { conversation } => {
                let what = format!("{conversation} ended");
                *counts.faults.entry(what).or_default() += 1;
            }
            Event::Ended { why } => {
                *counts.faults.entry(why.to_string()).or_default() += 1;
                self.inside = false;
            }
            _ => {}
        }
    }

    fn take_answer(
        &mut self,
        index: usize,
        id: RequestId,
        answer: Answer,
        judge: &mut Judge,
        counts: &mut Counts,
    ) {
        let Some(said) = self.take_posted(id) else {
            return;
        };
        match answer {
            Answer::Posted { position, .. } => judge.accepted(index, self.room, position, said),
            Answer::Refused { text, .. } => *counts.refusals.entry(text).or_default() += 1,
            other => *counts.faults.entry(format!("{other:?}")).or_default() += 1,
        }
    }

    fn take_posted(&mut self, id: RequestId) -> Option<Said> {
        let index = self.posted.iter().position(|(posted, _)| *posted == id)?;
        Some(self.posted.remove(index).1)
    }

    fn come_back(&mut self, now: Instant, counts: &mut Counts) {
        self.inside = true;
        if let Some(lost) = self.lost.take() {
            counts.returns.record(now.since(lost));
        }
    }
}

/// The text of a message: who, which, when, padded.
pub(crate) fn write_text(sender: usize, counter: u32, now: Instant, bytes: usize) -> String {
    let nanos = now.since_epoch().as_nanos();
    let text = format!("{sender} {counter} {nanos} ");
    format!("{text:.<bytes$}")
}

fn read_text(text: &str) -> Option<(Said, Instant)> {
    let mut words = text.split(' ');
    let sender = words.next()?.parse().ok()?;
    let counter = words.next()?.parse().ok()?;
    let nanos = words.next()?.parse().ok()?;
    let sent = Instant::from_epoch(std::time::Duration::from_nanos(nanos));
    Some((Said::new(sender, counter, text), sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_tell_who_and_when() {
        let sent = Instant::from_epoch(std::time::Duration::from_nanos(5_000_000_007));
        let text = write_text(12, 3, sent, 64);
        assert_eq!(text.len(), 64);
        assert_eq!(read_text(&text), Some((Said::new(12, 3, &text), sent)));
        assert_eq!(read_text("hello"), None);
    }
}
