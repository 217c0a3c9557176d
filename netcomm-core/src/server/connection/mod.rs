//! One socket, as far as nobody else is concerned: its face, its frames or lines, its deadlines,
//! its rate limits.

mod bucket;
mod framed;
mod life;
mod lines;
mod opening;
mod text;

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::size_of;
use core::time::Duration;

use self::framed::FramedFace;
use self::life::{Life, Stage};
use self::opening::Preface;
use self::text::TextFace;
use super::deliver::Face;
use super::incoming::{After, Incoming, Next, Posts};
use super::outgoing::farewell;
use crate::limits::{Limit, Limits};
use crate::time::Instant;
use crate::wire::CloseCode;

/// A peer that is refused may stay silent for so long before it is told why.
const REFUSAL_SILENCE: Duration = Duration::from_secs(1);

/// The state of one socket, outside any lock. Small, and without a buffer while nothing is
/// half-read.
#[derive(Debug)]
pub struct Connection {
    speaks: Speaks,
    life: Life,
    /// Why the router does not want it; later, why it was sent away without the router.
    refused: Option<CloseCode>,
    login_ms: u32,
    frame_bytes: u16,
    line_bytes: u16,
}

/// What the peer speaks, as far as it has told.
#[derive(Debug)]
enum Speaks {
    Nothing,
    Preface(Preface),
    Framed(FramedFace),
    Text(Box<TextFace>),
    /// The last words to a peer that the router has not been told of.
    Farewell(Vec<u8>),
}

impl Connection {
    /// The most that one takes, with a frame or a line that is half read.
    pub(super) fn most(limits: &Limits) -> usize {
        let half_read = limits.count(Limit::FrameBytes).max(limits.count(Limit::LineBytes));
        // A vector that grows may be twice as large as what it holds.
        size_of::<Self>() + size_of::<TextFace>().max(FramedFace::MOST) + 2 * half_read
    }

    /// For a socket that the router has accepted.
    #[must_use]
    pub fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            speaks: Speaks::Nothing,
            life: Life::new(limits, now, limits.duration(Limit::SilentLoginMs)),
            refused: None,
            login_ms: u32::try_from(limits[Limit::LoginMs]).unwrap_or(u32::MAX),
            frame_bytes: u16::try_from(limits[Limit::FrameBytes]).unwrap_or(u16::MAX),
            line_bytes: u16::try_from(limits[Limit::LineBytes]).unwrap_or(u16::MAX),
        }
    }

    /// For a socket that the router has not accepted: tells the peer why, in its own words, with
    /// its first byte or after a second of silence.
    #[must_use]
    pub fn refusing(limits: &Limits, now: Instant, code: CloseCode) -> Self {
        let mut refusing = Self::new(limits, now);
        refusing.life.login_by(now + REFUSAL_SILENCE);
        refusing.refused = Some(code);
        refusing
    }

    /// Reads on. `input` is what the socket gave; what is consumed is taken off it.
    ///
    /// After [`Next::PausedUntil`] call again with what is left, even if that is nothing: what
    /// waits may have been read already.
    pub fn next<'a, 'i: 'a>(&'a mut self, now: Instant, input: &mut &'i [u8]) -> Next<'a> {
        match self.life.stage() {
            Stage::Finished => return Next::Finished,
            Stage::Discarding(..) => {
                let bytes = core::mem::take(input).len();
                // What was half-read, or said last, is needed no more.
                self.speaks = Speaks::Nothing;
                return self.life.discarded(now, bytes);
            }
            Stage::Login(_) | Stage::Session => {}
        }
        self.life.take_input(now, !input.is_empty());
        if let Speaks::Nothing = self.speaks {
            match input.first() {
                None => return Next::NeedsBytes,
                Some(&first) if self.refused.is_some() => return self.refuse(now, first, input),
                Some(&opening::FRAMED) => {
                    let login = Duration::from_millis(u64::from(self.login_ms));
                    self.life.login_by(now + login);
                    self.speaks = Speaks::Preface(Preface::default());
                }
                Some(&opening::TLS) => return self.life.finish(),
                Some(_) => {
                    let lines = usize::from(self.line_bytes);
                    self.speaks = Speaks::Text(Box::new(TextFace::new(lines)));
                    return Next::Message(Incoming::Opened(Face::Text));
                }
            }
        }
        if let Speaks::Preface(preface) = &mut self.speaks {
            return match preface.read(input) {
                None => Next::NeedsBytes,
                Some(Ok(())) => {
                    let framed = FramedFace::new(u32::from(self.frame_bytes));
                    self.speaks = Speaks::Framed(framed);
                    Next::Message(Incoming::Opened(Face::Framed))
                }
                Some(Err(code)) => self.say_farewell(now, code, opening::in_preface(code).into()),
            };
        }
        match &mut self.speaks {
            Speaks::Framed(framed) => framed.next(&mut self.life, now, input),
            Speaks::Text(text) => text.next(&mut self.life, now, input),
            Speaks::Nothing | Speaks::Preface(_) | Speaks::Farewell(_) => Next::NeedsBytes,
        }
    }

    /// What is next in `input`, where that is posts in a row: `most` requests or fewer that follow each
    /// other, for the conversation that the last post was for. What is consumed is taken off `input`.
    ///
    /// To be called before [`Self::next`], which gives the same posts one by one; for
    /// [`Router::handle_posts`].
    ///
    /// [`Router::handle_posts`]: super::Router::handle_posts
    pub fn posts<'a, 'i: 'a>(
        &'a mut self,
        now: Instant,
        input: &mut &'i [u8],
        most: usize,
    ) -> Option<Posts<'a>> {
        match &self.speaks {
            Speaks::Framed(framed) => framed.posts(&mut self.life, now, input, most),
            Speaks::Nothing | Speaks::Preface(_) | Speaks::Text(_) | Speaks::Farewell(_) => None,
        }
    }

    /// Tells that the caller does not read for now, because too much waits for the peer: its
    /// silence is not counted before the next call of [`Self::next`].
    pub fn hold(&mut self) {
        self.life.hold();
    }

    /// Tells that so much waits for the peer that it cannot have read a ping: its silence is counted
    /// from now on. To be called before [`Self::handle_timeout`] while [`Mailbox::is_behind`].
    ///
    /// [`Mailbox::is_behind`]: super::Mailbox::is_behind
    pub fn forgive(&mut self, now: Instant) {
        self.life.forgive(now);
    }

    /// The peer sends no more: what is left of what it sent. Call until `Finished`, then close.
    ///
    /// To be called when [`Self::next`] has taken all input. [`Next::PausedUntil`] means the same
    /// here as there.
    pub fn end_of_input(&mut self, now: Instant) -> Next<'_> {
        let life = &mut self.life;
        match (&mut self.speaks, life.stage()) {
            (Speaks::Text(text), Stage::Login(_) | Stage::Session) => {
                life.take_input(now, false);
                text.end(life, now)
            }
            _ => life.finish(),
        }
    }

    /// Why it has just said [`Next::Farewell`].
    #[must_use]
    pub const fn farewell_code(&self) -> Option<CloseCode> {
        self.refused
    }

    /// Takes note of what the router said of the last message.
    pub fn apply(&mut self, now: Instant, after: After) {
        match after {
            After::Nothing | After::Renamed(_) | After::Posted(_) => {}
            After::LoggedIn(_) => self.life.log_in(now),
            After::Joined(room) => {
                if let Speaks::Text(text) = &mut self.speaks {
                    text.entered(room);
                }
            }
            After::Left(room) => {
                if let Speaks::Text(text) = &mut self.speaks {
                    text.left(&room);
                }
            }
            After::Closed => self.life.discard(now),
        }
    }

    /// To be called when [`Self::poll_timeout`] has passed. [`Next::NeedsBytes`] means that
    /// nothing was due.
    pub fn handle_timeout(&mut self, now: Instant) -> Next<'_> {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return Next::NeedsBytes;
        }
        match self.life.stage() {
            Stage::Session => self.life.beat(now),
            Stage::Discarding(..) | Stage::Finished => self.life.finish(),
            Stage::Login(_) => {
                let code = self.refused.unwrap_or(CloseCode::LOGIN_TIMEOUT);
                match self.speaks {
                    Speaks::Framed(_) | Speaks::Text(_) => self.life.close(now, code),
                    Speaks::Preface(_) => {
                        self.say_farewell(now, code, opening::in_preface(code).into())
                    }
                    Speaks::Nothing | Speaks::Farewell(_) => {
                        self.say_farewell(now, code, farewell(Face::Text, code))
                    }
                }
            }
        }
    }

    /// When [`Self::handle_timeout`] wants to be called. While reading pauses, silence is not
    /// counted: what the peer says cannot be heard.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.life.deadline(matches!(self.speaks, Speaks::Framed(_)))
    }

    fn refuse(&mut self, now: Instant, first: u8, input: &mut &[u8]) -> Next<'_> {
        let code = self.refused.unwrap_or(CloseCode::FULL);
        let input = core::mem::take(input);
        let line = input.split(|byte| matches!(byte, b'\r' | b'\n')).next();
        let last = match first {
            opening::FRAMED => opening::in_preface(code).into(),
            opening::TLS => return self.life.finish(),
            _ if line.is_some_and(opening::is_http) => farewell(Face::Text, CloseCode::HTTP),
            _ => farewell(Face::Text, code),
        };
        self.say_farewell(now, code, last)
    }

    fn say_farewell(&mut self, now: Instant, code: CloseCode, last: Vec<u8>) -> Next<'_> {
        self.life.discard(now);
        self.speaks = Speaks::Farewell(last);
        self.refused = Some(code);
        match &self.speaks {
            Speaks::Farewell(last) => Next::Farewell(last),
            Speaks::Nothing | Speaks::Preface(_) | Speaks::Framed(_) | Speaks::Text(_) => {
                Next::NeedsBytes
            }
        }
    }
}
