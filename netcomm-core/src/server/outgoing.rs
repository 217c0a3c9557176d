//! What is on its way out, in the words of each face.

use alloc::vec::Vec;

use super::deliver::{ConnId, Deliver, Face, Recipient, Recipients};
use super::piece::Piece;
use super::receipt::Receipt;
use super::run::Run;
use super::session::Answer;
use super::speech::{Caller, Speech};
use crate::limits::Limits;
use crate::preface::ServerPreface;
use crate::text::Text;
use crate::time::UnixMillis;
use crate::wire::{self, CloseCode, Conversation, RequestId, ServerMessage};
use crate::words;

/// One message on its way out, or several in a row. One is encoded when a recipient's face first
/// needs it, and once for each face.
#[derive(Debug)]
pub struct Outgoing<'a>(What<'a>);

#[derive(Debug)]
enum What<'a> {
    One { content: Content<'a>, framed: &'a mut Vec<u8>, text: &'a mut Vec<u8> },
    Run { framed: Frames<'a>, text: Frames<'a> },
}

/// Frames in a row, or messages of the text face: what a mailbox sends whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    /// The length of each; none where there is but one.
    lengths: &'a [usize],
    /// The same bytes, where mailboxes may share them.
    shared: Option<&'a Piece>,
}

/// The bytes on their way, kept from message to message for their capacity.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    framed: Vec<u8>,
    text: Vec<u8>,
    run: Run,
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

/// The last words to a peer that the driver itself closes, as one that takes nothing is
/// ([`CloseCode::SLOW_CONSUMER`]).
#[must_use]
pub fn farewell(face: Face, code: CloseCode) -> Vec<u8> {
    let message = ServerMessage::Closing { code, retry_after: None, text: code.reason() };
    let mut last = Vec::new();
    Content::event(&message).write(face, &mut last);
    last
}

impl Outgoing<'_> {
    pub(super) const fn run<'a>(framed: Frames<'a>, text: Frames<'a>) -> Outgoing<'a> {
        Outgoing(What::Run { framed, text })
    }

    /// All bytes in the words of `face`; none where it has no words for it.
    pub fn bytes(&mut self, face: Face) -> &[u8] {
        self.frames(face).bytes
    }

    /// The same, frame by frame.
    pub fn frames(&mut self, face: Face) -> Frames<'_> {
        match (&mut self.0, face) {
            (What::Run { framed, .. }, Face::Framed) => *framed,
            (What::Run { text, .. }, Face::Text) => *text,
            (What::One { content, framed, text }, face) => {
                let bytes = match face {
                    Face::Framed => framed,
                    Face::Text => text,
                };
                if bytes.is_empty() {
                    content.write(face, bytes);
                }
                Frames::one(bytes)
            }
        }
    }
}

impl<'a> Frames<'a> {
    /// One frame, or none where there are no bytes.
    #[must_use]
    pub const fn one(bytes: &'a [u8]) -> Self {
        Self { bytes, lengths: &[], shared: None }
    }

    pub(super) const fn row(bytes: &'a [u8], lengths: &'a [usize]) -> Self {
        Self { bytes, lengths, shared: None }
    }

    pub(super) fn shared(piece: &'a Piece, lengths: &'a [usize]) -> Self {
        Self { bytes: piece, lengths, shared: Some(piece) }
    }

    /// The bytes of all of them.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        match self.lengths.len() {
            0 => !self.bytes.is_empty() as usize,
            several => several,
        }
    }

    /// The length of each, in bytes.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + use<'a> {
        let one = (self.lengths.is_empty() && !self.bytes.is_empty()).then_some(self.bytes.len());
        one.into_iter().chain(self.lengths.iter().copied())
    }

    /// The bytes, where it is better to share them than to copy them.
    pub(super) const fn piece(&self) -> Option<&'a Piece> {
        self.shared
    }

    /// The same as a slice, where there are several.
    pub(super) const fn in_a_row(&self) -> &'a [usize] {
        self.lengths
    }
}

impl Encoder {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { run: Run::new(limits), ..Self::default() }
    }

    /// Hands one message and all who get it to `out`, after what was held.
    pub(super) fn tell(
        &mut self,
        out: &mut impl Deliver,
        to: &[Recipient],
        except: Option<ConnId>,
        content: Content<'_>,
    ) {
        self.flush(out);
        if to.iter().any(|to| Some(to.conn) != except) {
            out.deliver(Recipients::new(to, except), &mut self.outgoing(content));
        }
    }

    /// Hands the last message to `out`, after what was held.
    pub(super) fn close(&mut self, out: &mut impl Deliver, to: Recipient, content: Content<'_>) {
        self.flush(out);
        out.close(to, &mut self.outgoing(content));
    }

    /// What `author` is saying in a conversation that it calls so, if more of it can be held.
    pub(super) fn speech(
        &self,
        author: ConnId,
        conversation: Conversation<'_>,
    ) -> Option<&(Caller, Speech)> {
        self.run.speech(author, conversation)
    }

    /// Holds what a caller says from now on, for the others of those who listen; with what it said
    /// before, if that was there and more can be held.
    pub(super) fn begin(
        &mut self,
        out: &mut impl Deliver,
        by: Caller,
        speech: Speech,
        listeners: &[Recipient],
    ) {
        if !self.run.takes(by.to, speech.log) {
            self.flush(out);
            self.run.begin(by, speech, listeners);
        }
    }

    /// Counts one message more of who has begun, where there is room for it.
    pub(super) fn hold(&mut self, text: Text<'_>) -> bool {
        self.run.hold(text)
    }

    /// Holds messages that were counted.
    pub(super) fn say(&mut self, first: u64, time: UnixMillis, said: &[(u64, Text<'_>)]) {
        self.run.say(first, time, said);
    }

    /// Holds the answer to what was said last, by who has begun.
    pub(super) fn acknowledge(&mut self, post: Receipt) {
        self.run.acknowledge(post);
    }

    /// Answers a request that was granted; see [`Self::answer`].
    pub(super) fn grant(
        &mut self,
        out: &mut impl Deliver,
        to: Recipient,
        id: RequestId,
        answer: &Answer,
        answers: Asked<'_>,
    ) {
        match answer {
            Answer::Posted { position, time } if self.run.takes_answer(to) => {
                self.run.acknowledge(Receipt::new(id, *position, *time));
            }
            Answer::Posted { .. } | Answer::Done | Answer::Joined { .. } => {
                let message = &answer.as_message();
                self.answer(out, to, Content::Message { id, message, answers });
            }
        }
    }

    /// Answers a connection; what it said, and the answers to that, come first.
    pub(super) fn answer(&mut self, out: &mut impl Deliver, to: Recipient, content: Content<'_>) {
        if self.run.takes_answer(to) {
            self.run.answer(to, content);
        } else {
            self.tell(out, &[to], None, content);
        }
    }

    /// Hands out what was held.
    pub(super) fn flush(&mut self, out: &mut impl Deliver) {
        self.run.flush(out);
    }

    fn outgoing<'a>(&'a mut self, content: Content<'a>) -> Outgoing<'a> {
        self.framed.clear();
        self.text.clear();
        Outgoing(What::One { content, framed: &mut self.framed, text: &mut self.text })
    }
}

impl<'a> Content<'a> {
    pub(super) const fn event(message: &'a ServerMessage<'a>) -> Self {
        Self::Message { id: RequestId::NONE, message, answers: Asked::Nothing }
    }

    /// Appends it in the words of `face`; nothing where that has none.
    pub(super) fn write(&self, face: Face, out: &mut Vec<u8>) {
        match face {
            Face::Framed => self.write_frame(out),
            Face::Text => super::render::render(self, out),
        }
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
