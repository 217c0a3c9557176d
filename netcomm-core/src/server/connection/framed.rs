//! The framed face: payloads become requests (PROTOCOL.md, "Frame" and "Payload").

use alloc::boxed::Box;
use core::mem::size_of;

use super::bucket::Cost;
use super::life::Life;
use crate::frame::{FrameDecoder, FrameError, Place};
use crate::server::incoming::{Incoming, Next, Posts};
use crate::time::Instant;
use crate::wire::{self, ClientMessage, CloseCode, Destination, RefusalCode, RequestId};

/// No `Pong` is longer: number, variant and nonce, each as long as a varint can be.
const LONGEST_PONG: usize = 5 + 5 + 10;

/// What a payload is, before it is taken.
enum Kind {
    Pong,
    Costs(Cost),
}

/// The framed face of one connection.
#[derive(Debug)]
pub(super) struct FramedFace {
    frames: FrameDecoder,
    /// Where the last post was for. A peer that has said nothing needs no room for it.
    destination: Option<Box<Destination>>,
}

impl FramedFace {
    /// The most memory that it takes elsewhere, besides a frame that is half read.
    pub(super) const MOST: usize = size_of::<Destination>();

    pub(super) fn new(max_payload: u32) -> Self {
        Self { frames: FrameDecoder::new(max_payload), destination: None }
    }

    /// What is next in `input`, where that is posts for the same destination as the last one.
    pub(super) fn posts<'a, 'i: 'a>(
        &'a self,
        life: &mut Life,
        now: Instant,
        input: &mut &'i [u8],
        most: usize,
    ) -> Option<Posts<'a>> {
        let destination = self.destination.as_deref()?;
        if !self.frames.is_between_frames() {
            return None;
        }
        let mut posts: Option<Posts<'a>> = None;
        let mut rest = *input;
        for _ in 0..life.posts_left(now).min(most) {
            let said = self.frames.whole(&mut rest).and_then(|frame| destination.read(frame));
            let is_next = match (said, &mut posts) {
                (None, _) => false,
                (Some(said), Some(posts)) => posts.push(said),
                // Room for many is made when there is one.
                (Some(said), none) => {
                    *none = Posts::new(destination, said);
                    none.is_some()
                }
            };
            if !is_next {
                break;
            }
            *input = rest;
        }
        if let Some(posts) = &posts {
            life.admit_posts(now, posts.len());
        }
        posts
    }

    pub(super) fn next<'a, 'i: 'a>(
        &'a mut self,
        life: &mut Life,
        now: Instant,
        input: &mut &'i [u8],
    ) -> Next<'a> {
        let Self { frames, destination } = self;
        let place = loop {
            let rest = *input;
            let place = match frames.advance(input) {
                Ok(Some(place)) => place,
                Ok(None) => return Next::NeedsBytes,
                Err(FrameError::Empty) => return life.close(now, CloseCode::EMPTY_FRAME),
                Err(FrameError::TooLarge { .. }) => {
                    return life.close(now, CloseCode::FRAME_TOO_LARGE);
                }
            };
            let payload = frames.payload(place);
            let dry = life.is_dry(now);
            if !dry && payload.len() > LONGEST_PONG {
                break place;
            }
            match kind(payload) {
                Kind::Pong => continue,
                Kind::Costs(cost) if dry => {
                    if let Some(until) = life.pause(now, cost) {
                        match place {
                            Place::Chunk(_) => *input = rest,
                            Place::Carry => frames.put_back(),
                        }
                        return Next::PausedUntil(until);
                    }
                }
                Kind::Costs(_) => {}
            }
            break place;
        };
        match wire::decode(frames.payload(place)) {
            Ok((id, message)) => {
                if let ClientMessage::Post { conversation, epoch, .. } = message {
                    match (Destination::of(conversation, epoch), destination) {
                        (Some(new), Some(last)) => **last = new,
                        (new, last) => *last = new.map(Box::new),
                    }
                }
                request(life, now, id, message)
            }
            Err(_) => life.close(now, CloseCode::MALFORMED),
        }
    }
}

fn kind(payload: &[u8]) -> Kind {
    match wire::decode::<ClientMessage<'_>>(payload) {
        Ok((_, ClientMessage::Pong { .. })) => Kind::Pong,
        Ok((RequestId::NONE, _)) => Kind::Costs(Cost::Refusal),
        Ok((_, message)) => Kind::Costs(Cost::of(&message)),
        // It closes the connection, however much has been asked before.
        Err(_) => Kind::Costs(Cost::Free),
    }
}

fn request<'a>(
    life: &mut Life,
    now: Instant,
    id: RequestId,
    message: ClientMessage<'a>,
) -> Next<'a> {
    let logged_in = life.is_logged_in();
    if !logged_in && !life.may_try() {
        return life.close(now, CloseCode::LOGIN_TIMEOUT);
    }
    let refusal = match (&message, logged_in) {
        _ if id == RequestId::NONE => {
            Some((RefusalCode::INVALID_REQUEST, "a request's number begins at 1"))
        }
        (ClientMessage::Unknown, _) => {
            Some((RefusalCode::UNSUPPORTED, "this server does not know such a request"))
        }
        (ClientMessage::Login { .. }, true) => {
            Some((RefusalCode::ALREADY_LOGGED_IN, "this connection has logged in already"))
        }
        (ClientMessage::Quit, false) => return life.close(now, CloseCode::QUIT),
        (ClientMessage::Login { .. }, false) | (_, true) => None,
        (_, false) => Some((RefusalCode::NOT_LOGGED_IN, "log in first")),
    };
    let (cost, incoming) = match refusal {
        None => (Cost::of(&message), Incoming::Request { id, message }),
        Some((code, text)) => {
            let retry_after = None;
            let refuse = Incoming::Refuse { id, code, retry_after, text };
            (Cost::Refusal, refuse)
        }
    };
    life.admit(now, id, cost, incoming)
}
