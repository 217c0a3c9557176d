//! How output leaves the router: one message and everybody who gets it, at once.

use alloc::vec::Vec;
use core::fmt;

use crate::preface::ServerPreface;
use crate::wire::{self, CloseCode, RequestId, ServerMessage};
use crate::words;

pub(super) use crate::time::millis;

/// Names a connection for as long as the router knows it. Never on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

impl ConnId {
    pub(super) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(super) const fn to_number(self) -> u64 {
        self.0
    }

    /// A small number that no other live connection has: good as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }
}

impl fmt::Debug for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnId({}.{})", self.index(), self.0 >> 32)
    }
}

/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Face {
    /// Frames of version 1.
    Framed,
    /// Lines, for people.
    Text,
}

/// A connection and what it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Recipient {
    /// The connection.
    pub conn: ConnId,
    /// What it speaks.
    pub face: Face,
}

impl Recipient {
    pub(super) const fn new(conn: ConnId, face: Face) -> Self {
        Self { conn, face }
    }
}

/// Everybody who gets one message, in the order of their connections.
#[derive(Clone, Copy, Debug)]
pub struct Recipients<'a> {
    all: &'a [Recipient],
    except: Option<ConnId>,
}

impl<'a> Recipients<'a> {
    pub(super) const fn new(all: &'a [Recipient], except: Option<ConnId>) -> Self {
        Self { all, except }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Recipient> + use<'a> {
        let except = self.except;
        self.all.iter().copied().filter(move |to| Some(to.conn) != except)
    }
}

/// Takes what the router says. It must not block, and must not call the router.
pub trait Deliver {
    /// Queues `message` for each of `to`.
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>);

    /// Queues `last` for `to`, and nothing after it; once it is sent, sending is shut down.
    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>);
}

/// One message on its way out, encoded when a recipient's face first needs it, and once for each
/// face.
#[derive(Debug)]
pub struct Outgoing<'a> {
    content: Content<'a>,
    encoder: &'a mut Encoder,
}

/// The bytes of the message on its way, kept from message to message for their capacity.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    framed: Vec<u8>,
    text: Vec<u8>,
}

/// The last words to a peer that the driver itself closes, as one that takes nothing is
/// ([`CloseCode::SLOW_CONSUMER`]).
#[must_use]
pub fn farewell(face: Face, code: CloseCode) -> Vec<u8> {
    let message = ServerMessage::Closing { code, retry_after: None, text: code.reason() };
    let mut encoder = Encoder::default();
    Outgoing::new(Content::event(&message), &mut encoder).bytes(face);
    match face {
        Face::Framed => encoder.framed,
        Face::Text => encoder.text,
    }
}

/// What is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// The server's preface. No peer of the text face gets one.
    Preface(ServerPreface),
    /// An answer (with the request it answers) or an event.
    Message { id: RequestId, message: &'a ServerMessage<'a>, answers: Asked<'a> },
    /// What only people read: help.
    Help(Option<&'a str>),
}

/// What an answer answers, as far as its wording in the text face depends on it.
pub(super) type Asked<'a> = words::Asked<&'a str>;

impl<'a> Outgoing<'a> {
    pub(super) fn new(content: Content<'a>, encoder: &'a mut Encoder) -> Self {
        encoder.framed.clear();
        encoder.text.clear();
        Self { content, encoder }
    }

    /// The message in the words of `face`; empty where it has none.
    pub fn bytes(&mut self, face: Face) -> &[u8] {
        let Self { content, encoder } = self;
        match face {
            Face::Framed => {
                if encoder.framed.is_empty() {
                    content.write_frame(&mut encoder.framed);
                }
                &encoder.framed
            }
            Face::Text => {
                if encoder.text.is_empty() {
                    super::render::render(content, &mut encoder.text);
                }
                &encoder.text
            }
        }
    }
}

impl<'a> Content<'a> {
    pub(super) const fn event(message: &'a ServerMessage<'a>) -> Self {
        Self::Message { id: RequestId::NONE, message, answers: Asked::Nothing }
    }

    fn write_frame(&self, out: &mut Vec<u8>) {
        match self {
            Self::Preface(preface) => out.extend_from_slice(&preface.to_bytes()),
            Self::Message { id, message, .. } => {
                // Names and texts are bounded and pages are cut to fit: every message fits a frame.
                let written = wire::encode(*id, *message, out);
                debug_assert!(written.is_ok(), "{written:?}: {message:?}");
            }
            Self::Help(_) => {}
        }
    }
}
