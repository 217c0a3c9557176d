//! What one connection says in a row in one conversation, and what it is answered: handed out at
//! once, so that each who hears it is given all of it in one piece.

use alloc::vec::Vec;
use core::mem::size_of;

use super::deliver::{ConnId, Deliver, Face, Recipient, Recipients};
use super::outgoing::{Asked, Content, Frames, Outgoing};
use super::piece::{Piece, Pieces, WORTH_SHARING};
use super::public::LogId;
use super::receipt::Receipt;
use super::render::INDENT;
use super::speech::{Caller, Speech};
use crate::limits::{Limit, Limits};
use crate::text::Text;
use crate::time::UnixMillis;
use crate::wire::{Conversation, Position, Series};

/// No run is longer, in bytes.
const MOST: usize = 16 * 1024;

/// The most that either face puts around a text: names, numbers and signs.
const AROUND: usize = 192;

/// Messages that are held.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Who says them, and where.
    of: Option<(Caller, Speech)>,
    /// Who hears them. Whoever comes later does not.
    to: Vec<Recipient>,
    framed: Row,
    /// What the frames have in common.
    series: Series,
    text: Row,
    held: Extent,
    answers: Row,
    pieces: Pieces,
    /// The last of the answers, while it may come to answer more.
    receipt: Option<Receipt>,
    /// How long a row may be before it takes nothing more.
    bytes: usize,
    frames: usize,
}

/// How many messages are held, and the most bytes that they take on either face: counted whoever
/// listens, for an author sees in its receipts how long a run was.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    frames: usize,
    bytes: usize,
}

/// Frames in a row.
#[derive(Debug, Default)]
struct Row {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    /// Whether anybody hears it.
    is_wanted: bool,
}

impl Run {
    /// None is longer than a part of a mailbox.
    pub(super) fn new(limits: &Limits) -> Self {
        let bytes = MOST.min(limits.count(Limit::MailboxBytes) / 16);
        let frames = limits.count(Limit::MailboxFrames) / 16;
        Self { bytes, frames, ..Self::default() }
    }

    /// The most bytes that it takes, without its recipients.
    pub(super) fn most(limits: &Limits) -> usize {
        let Self { bytes, frames, .. } = Self::new(limits);
        let words = AROUND + (1 + INDENT.len()) * limits.count(Limit::TextBytes);
        let last = words.max(limits.count(Limit::FrameBytes));
        // A vector that grows doubles.
        3 * 2 * (bytes + last + (frames + 1) * size_of::<usize>())
            + Pieces::most(bytes + last)
            + Series::MOST
    }

    /// Whether it takes one more answer to what `author` asks.
    pub(super) fn takes_answer(&self, author: Recipient) -> bool {
        self.of.is_some_and(|(by, _)| by.to == author) && self.is_room_beside(self.answers.extent())
    }

    const fn is_room_beside(&self, taken: Extent) -> bool {
        taken.frames < self.frames && taken.bytes < self.bytes
    }

    /// What `author` is saying in a conversation that it calls so, if the run goes on with that.
    pub(super) fn speech(
        &self,
        author: ConnId,
        conversation: Conversation<'_>,
    ) -> Option<&(Caller, Speech)> {
        let of = self.of.as_ref()?;
        let (by, speech) = of;
        let goes_on = by.to.conn == author && speech.called.as_ref()?.is(conversation);
        (goes_on && self.has_room()).then_some(of)
    }

    /// Whether it goes on with what `author` says there.
    pub(super) fn takes(&self, author: Recipient, log: LogId) -> bool {
        self.of.as_ref().is_some_and(|(by, speech)| by.to == author && speech.log == log)
            && self.has_room()
    }

    const fn has_room(&self) -> bool {
        self.is_room_beside(self.held) && self.is_room_beside(self.answers.extent())
    }

    /// Begins anew, after a flush. The listeners are in the order of their connections.
    pub(super) fn begin(&mut self, by: Caller, speech: Speech, listeners: &[Recipient]) {
        let author = by.to;
        let (before, from) =
            listeners.split_at(listeners.partition_point(|to| to.conn < author.conn));
        let after = match from {
            [first, after @ ..] if first.conn == author.conn => after,
            all => all,
        };
        self.to.extend_from_slice(before);
        self.to.extend_from_slice(after);
        self.of = Some((by, speech));
        let to = &self.to;
        let is_spoken = |face| to.iter().any(|to| to.face == face);
        self.framed.is_wanted = is_spoken(Face::Framed);
        self.text.is_wanted = is_spoken(Face::Text);
    }

    /// Counts one message more of who has begun, where there is room for it.
    pub(super) fn hold(&mut self, text: Text<'_>) -> bool {
        let has_room = self.has_room();
        if has_room {
            self.held.frames += 1;
            self.held.bytes += AROUND + text.as_str().len() + INDENT.len() * text.line_feeds();
        }
        has_room
    }

    /// Messages that were counted.
    pub(super) fn say(&mut self, first: u64, time: UnixMillis, said: &[(u64, Text<'_>)]) {
        let Some((_, speech)) = &self.of else {
            return;
        };
        if self.framed.is_wanted {
            if !self.series.is_of(time) {
                let position = Position { epoch: speech.epoch, seq: first };
                self.series.begin(speech.heard(), position, time, speech.name.as_str());
            }
            for (after, (_, text)) in (0..).zip(said) {
                let seq = first + after;
                self.framed.append_with(|out| self.series.append(seq, text.as_str(), out));
            }
        }
        if self.text.is_wanted {
            for (after, (_, text)) in (0..).zip(said) {
                let message = speech.message(first + after, time, text.as_str());
                self.text.append(Face::Text, Content::event(&message));
            }
        }
    }

    pub(super) fn answer(&mut self, to: Recipient, content: Content<'_>) {
        self.write_receipt();
        self.answers.append(to.face, content);
    }

    /// Answers a post, with the posts before it where these came in a row.
    pub(super) fn acknowledge(&mut self, post: Receipt) {
        let both = self.receipt.and_then(|receipt| receipt.and(post));
        if both.is_none() {
            self.write_receipt();
        }
        self.receipt = both.or(Some(post));
    }

    fn write_receipt(&mut self) {
        if let Some(receipt) = self.receipt.take()
            && let Some((by, _)) = &self.of
        {
            let face = by.to.face;
            let (id, message) = (receipt.last(), &receipt.as_message());
            self.answers.append(face, Content::Message { id, message, answers: Asked::Nothing });
        }
    }

    /// Hands everything to `out`.
    pub(super) fn flush(&mut self, out: &mut impl Deliver) {
        self.write_receipt();
        let Some((by, _)) = self.of.take() else {
            return;
        };
        let Self { to, framed, text, answers, pieces, .. } = self;
        if !to.is_empty() {
            let shared = [&*framed, &*text].map(|row| row.share(pieces));
            let [framed_piece, text_piece] = shared.each_ref().map(Option::as_ref);
            let mut said =
                Outgoing::run(framed.frames_of(framed_piece), text.frames_of(text_piece));
            out.deliver(Recipients::new(to, None), &mut said);
        }
        // The text face has no words for most answers.
        if !answers.bytes.is_empty() {
            let mut answered = Outgoing::run(answers.frames(), answers.frames());
            out.deliver(Recipients::new(&[by.to], None), &mut answered);
        }
        to.clear();
        self.series.clear();
        self.held = Extent::default();
        for row in [framed, text, answers] {
            row.bytes.clear();
            row.lengths.clear();
        }
    }
}

impl Row {
    fn append(&mut self, face: Face, content: Content<'_>) {
        self.append_with(|out| content.write(face, out));
    }

    fn append_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() > before {
            self.lengths.push(self.bytes.len() - before);
        }
    }

    const fn extent(&self) -> Extent {
        Extent { frames: self.lengths.len(), bytes: self.bytes.len() }
    }

    /// The bytes, where those who hear them had better share them, however many these are: else
    /// how they are sent would tell that somebody hidden listens.
    fn share(&self, pieces: &mut Pieces) -> Option<Piece> {
        (self.bytes.len() >= WORTH_SHARING).then(|| pieces.of(&self.bytes))
    }

    fn frames_of<'a>(&'a self, piece: Option<&'a Piece>) -> Frames<'a> {
        piece.map_or_else(|| self.frames(), |piece| Frames::shared(piece, &self.lengths))
    }

    fn frames(&self) -> Frames<'_> {
        Frames::row(&self.bytes, &self.lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Nickname, RoomName};
    use crate::server::deliver::ConnId;
    use crate::server::public::{PersonaId, RoomId};
    use crate::server::router::Target;
    use crate::server::session::SessionId;

    #[test]
    fn none_is_longer_than_a_part_of_a_mailbox() {
        let mut limits = Limits::default();
        let run = Run::new(&limits);
        assert_eq!((run.bytes, run.frames), (16 * 1024, 64));
        for (name, value) in [("mailbox_bytes", 32 * 1024), ("mailbox_frames", 32)] {
            limits.set(name, value).unwrap();
        }
        let run = Run::new(&limits);
        assert_eq!((run.bytes, run.frames), (2048, 2));
        // Three rows, each with one frame beyond the bound, and twice that after it has grown.
        let row = 2048 + 16 * 1024;
        let rows = 6 * (row + 3 * size_of::<usize>());
        assert_eq!(Run::most(&limits), rows + Pieces::most(row) + Series::MOST);
        limits.set("frame_bytes", 8192).unwrap();
        let row = 2048 + 192 + 3 * 4096;
        let rows = 6 * (row + 3 * size_of::<usize>());
        assert_eq!(Run::most(&limits), rows + Pieces::most(row) + Series::MOST);
    }

    #[test]
    fn long_rows_are_shared() {
        let mut pieces = Pieces::default();
        for (length, is_shared) in [(0, false), (1023, false), (1024, true)] {
            let row = Row { bytes: alloc::vec![7; length], ..Row::default() };
            let piece = row.share(&mut pieces);
            let frames = row.frames_of(piece.as_ref());
            assert_eq!((frames.piece().is_some(), frames.bytes()), (is_shared, &row.bytes[..]));
        }
    }

    #[test]
    fn no_message_takes_more_than_is_counted() {
        let name = Nickname::new(&"a".repeat(32)).unwrap();
        let room = RoomName::new(&"r".repeat(64)).unwrap();
        let targets = [
            (Target::Everyone, None),
            (Target::Room(RoomId::default()), Some(room)),
            (Target::Private(PersonaId::default()), None),
        ];
        for (target, room) in targets {
            for text in ["x", &"\n".repeat(4095), &"x\n".repeat(2000), &"\u{e9}".repeat(2000)] {
                let text = &[text, "x"].concat();
                let (log, epoch, called) = (LogId::default(), u64::MAX, None);
                let speech = Speech { name, target, room, log, epoch, called };
                let author = Recipient::new(ConnId::from_number(1), Face::Text);
                let to = [Face::Framed, Face::Text]
                    .map(|face| Recipient::new(ConnId::from_number(2), face));
                let mut run = Run::new(&Limits::default());
                let by = Caller { to: author, session: SessionId::default() };
                run.begin(by, speech, &to);
                let text = Text::new(text, Text::MAX_BYTES).unwrap();
                run.hold(text);
                run.say(u64::MAX, UnixMillis(u64::MAX), &[(0, text)]);
                for row in [run.framed, run.text] {
                    let (counted, taken) = (run.held.bytes, row.bytes.len());
                    assert!((1..=counted).contains(&taken), "{taken} of {counted}: {target:?}");
                }
            }
        }
    }
}
