//! A link between a client and the server: split, slow, cut, half-open or stalled.

use std::collections::VecDeque;
use std::time::Duration;

use netcomm_core::time::Instant;

use super::Dice;

/// One direction: pieces of the stream, and when each arrives.
#[derive(Debug, Default)]
pub struct Pipe {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// Nothing arrives before.
    stalled: Instant,
    /// What is sent vanishes.
    pub silent: bool,
}

impl Pipe {
    pub fn send(&mut self, now: Instant, bytes: &[u8], dice: &mut Dice) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.silent {
            let at = 1 + dice.index(rest.len().min(200));
            let whole = dice.below(2) == 0;
            let (piece, after) = rest.split_at(if whole { rest.len() } else { at });
            rest = after;
            let sent = now + Duration::from_millis(1 + dice.below(40));
            let before = self.pieces.back().map_or(Instant::EPOCH, |(at, _)| *at);
            self.pieces.push_back((sent.max(before).max(self.stalled), piece.to_vec()));
        }
    }

    pub fn stall(&mut self, until: Instant) {
        self.stalled = until;
        for (at, _) in &mut self.pieces {
            *at = (*at).max(until);
        }
    }

    pub fn due(&self) -> Option<Instant> {
        self.pieces.front().map(|(at, _)| *at)
    }

    pub fn last(&self) -> Option<Instant> {
        self.pieces.back().map(|(at, _)| *at)
    }

    pub fn arrive(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.due().filter(|due| *due <= now)?;
        self.pieces.pop_front().map(|(_, bytes)| bytes)
    }

    pub fn lose_all(&mut self) {
        self.pieces.clear();
    }
}
