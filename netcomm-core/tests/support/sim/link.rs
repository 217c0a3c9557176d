//! A link between a client and the server: split, slow, cut, half-open or stalled.

use std::collections::VecDeque;
use std::time::Duration;

use netcomm_core::time::Instant;

use super::dice::Dice;
use super::server::SocketId;

/// So many bytes may be on their way; then a sender has to wait.
const WINDOW: usize = 4096;

/// A connection, or the attempt to make one.
pub struct Link {
    /// When the client learns that it stands.
    pub stands: Option<Instant>,
    /// When either end learns that it is gone.
    pub client_ends: Option<Instant>,
    pub server_ends: Option<Instant>,
    pub socket: Option<SocketId>,
    pub up: Pipe,
    pub down: Pipe,
}

/// A server's end whose client has gone on without it.
pub struct Orphan {
    pub socket: SocketId,
    pub up: Pipe,
    pub down: Pipe,
    /// When the server hears that the client sends no more.
    pub ends: Option<Instant>,
    /// When the server learns that the link is broken.
    pub breaks: Option<Instant>,
}

/// One direction: pieces of the stream, and when each arrives.
#[derive(Debug, Default)]
pub struct Pipe {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// Nothing arrives before.
    stalled: Instant,
    /// What is sent vanishes.
    pub silent: bool,
    /// How much has vanished: nobody will ever say that it arrived.
    vanished: usize,
}

impl Link {
    pub fn new(now: Instant, faults: bool, dice: &mut Dice) -> Self {
        let then = now + Duration::from_millis(1 + dice.below(200));
        let refused = faults && dice.once_in(5);
        Self {
            stands: (!refused).then_some(then),
            client_ends: refused.then_some(then),
            server_ends: None,
            socket: None,
            up: Pipe::default(),
            down: Pipe::default(),
        }
    }

    pub fn due(&self) -> Option<Instant> {
        let times = [self.stands, self.client_ends, self.server_ends];
        times.into_iter().chain([self.up.due(), self.down.due()]).flatten().min()
    }

    /// What is on its way is lost, and either end learns of it later.
    pub fn cut(&mut self, now: Instant, dice: &mut Dice) {
        for pipe in [&mut self.up, &mut self.down] {
            pipe.lose_all();
            pipe.silent = true;
        }
        self.client_ends = Some(now + Duration::from_millis(dice.below(3_000)));
        self.server_ends = Some(now + Duration::from_millis(dice.below(3_000)));
        if self.stands.take().is_some() {
            self.server_ends = None;
        }
    }

    /// The client closes its end. What it sent still arrives, then the end, unless nothing does.
    pub fn abandon(self, now: Instant) -> Option<Orphan> {
        let last = self.up.last().unwrap_or(now).max(now);
        let ends = (!self.up.silent).then(|| last + Duration::from_millis(5));
        let Self { server_ends, up, mut down, socket, .. } = self;
        down.lose_all();
        down.silent = true;
        Some(Orphan { socket: socket?, up, down, ends, breaks: server_ends })
    }
}

impl Pipe {
    pub fn send(&mut self, now: Instant, bytes: &[u8], dice: &mut Dice) {
        let mut rest = bytes;
        if self.silent {
            self.vanished += rest.len();
            return;
        }
        while !rest.is_empty() {
            let at = 1 + dice.index(rest.len().min(200));
            let whole = dice.once_in(2);
            let (piece, after) = rest.split_at(if whole { rest.len() } else { at });
            rest = after;
            let sent = now + Duration::from_millis(1 + dice.below(40));
            let before = self.pieces.back().map_or(Instant::EPOCH, |(at, _)| *at);
            self.pieces.push_back((sent.max(before).max(self.stalled), piece.to_vec()));
        }
    }

    /// How much more may be sent now.
    pub fn room(&self) -> usize {
        let on_its_way: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        WINDOW.saturating_sub(on_its_way + self.vanished)
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
        self.vanished += self.pieces.drain(..).map(|(_, piece)| piece.len()).sum::<usize>();
    }
}
