//! What the session asks for by itself, one request at a time: rooms to be in, the list of its
//! conversations, messages that are missing.

use core::time::Duration;

use super::pending::{Enter, Purpose};
use super::session::Output;
use super::track::{Said, Track};
use super::tracks::{Gap, TRACKS};
use super::{Event, Session};
use crate::wire::{
    ClientMessage, CodeClass, Conversation, ConversationKind, HistoryItem, Position, RefusalCode,
    ServerMessage,
};

/// The longest wait before the list of conversations is asked for again.
const LONGEST: Duration = Duration::from_mins(1);

/// How far the list of one's conversations is read.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Where the next page begins; `None`: the list is read.
    from: Option<super::ConversationName>,
    pages: usize,
    refusals: u32,
}

impl Session {
    /// Reads the list of one's conversations from its beginning.
    pub(super) fn begin_listing(&mut self) {
        self.tracks.begin_listing();
        self.listing = Listing { from: Some(Conversation::EVERYONE.into()), ..Listing::default() };
    }

    /// Sends the session's next own request, where none is on its way.
    pub(super) fn go_on(&mut self) {
        while self.is_logged_in() && self.patience.is_none() && !self.is_busy() && self.has_room() {
            let sent = if let Some(enter) = self.entering.pop_front() {
                let room = &enter.room.clone();
                let message = if enter.create {
                    ClientMessage::CreateRoom { room }
                } else {
                    ClientMessage::Join { room }
                };
                self.send_own(&message, Purpose::Enter(enter))
            } else if let Some(from) = self.listing.from.clone() {
                let from = from.as_ref();
                let sent = self.send_own(&ClientMessage::Conversations { from }, Purpose::List);
                if !sent {
                    self.listing.from = None;
                }
                sent
            } else if let Some(gap) = self.tracks.gap() {
                self.ask_history(&gap)
            } else {
                return;
            };
            if sent {
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.pending.iter().any(|one| {
            matches!(one.purpose, Purpose::Enter(_) | Purpose::List | Purpose::Repair(_))
        })
    }

    fn ask_history(&mut self, gap: &Gap) -> bool {
        let name = gap.name.clone();
        let message = ClientMessage::History {
            conversation: name.as_ref(),
            epoch: Some(gap.epoch),
            first: gap.first,
            last: gap.last,
            latest: false,
            most: 0,
        };
        let sent = self.send_own(&message, Purpose::Repair(gap.clone()));
        if !sent {
            self.give_up(gap, gap.last);
        }
        sent
    }

    pub(super) fn be_patient(&mut self, retry_after: Option<Duration>) {
        let wait = retry_after.unwrap_or(Duration::from_secs(1));
        self.patience = Some(self.now + wait.max(Duration::from_millis(10)));
    }

    pub(super) fn take_list(&mut self, answer: &ServerMessage<'_>) {
        if let ServerMessage::Conversations { conversations, next } = answer {
            self.tracks.begin_page();
            for item in conversations {
                self.take_place(item.conversation, item.last);
                self.begin_track(item.conversation, item.last);
            }
            self.listing.refusals = 0;
            self.listing.pages += 1;
            // There are no more pages than conversations.
            let next = next.filter(|_| self.listing.pages <= TRACKS);
            self.listing.from = next.map(Into::into);
            if self.listing.from.is_none() {
                if self.tracks.is_moved() {
                    self.begin_listing();
                } else {
                    self.end_unlisted();
                }
            }
            return;
        }
        // Without the list nobody knows what was missed: it is asked for until it comes.
        let asked = if let ServerMessage::Refused { retry_after, .. } = *answer {
            retry_after
        } else {
            None
        };
        let wait = Duration::from_secs(1 << self.listing.refusals.min(6)).min(LONGEST);
        self.listing.refusals += 1;
        self.be_patient(Some(asked.map_or(wait, Duration::from_millis)));
    }

    fn end_unlisted(&mut self) {
        let output = &mut self.output;
        let mut tell = |event| output.push_back(Output::Event(event));
        for ended in self.tracks.end_listing(&mut tell) {
            // A room that ended while one was away is not made again; one that a new session
            // could not enter stays wanted.
            if self.is_resumed && ended.kind == ConversationKind::ROOM {
                self.forget_room(&ended.name);
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else answers this")]
    pub(super) fn take_history(&mut self, gap: &Gap, answer: ServerMessage<'_>) {
        match answer {
            ServerMessage::History { epoch, first_kept, items, .. } => {
                let Some(track) = self.tracks.of_gap(gap) else {
                    return;
                };
                // One that was left meanwhile, and goes on, may not know of all that is missing.
                track.last = track.last.max(gap.last);
                let before = track.next;
                if epoch != gap.epoch {
                    return self.restart(gap);
                }
                self.give_up(gap, gap.last.min(first_kept.saturating_sub(1)));
                for item in items {
                    self.take_item(gap, &item);
                }
                // A page without progress would be asked for again and again.
                if self.tracks.of_gap(gap).is_some_and(|one| one.next == before) {
                    self.give_up(gap, gap.last);
                }
            }
            ServerMessage::Refused { code: RefusalCode::WRONG_EPOCH, .. } => self.restart(gap),
            ServerMessage::Refused { code, retry_after, .. }
                if code.class() == CodeClass::Retry =>
            {
                self.be_patient(retry_after.map(Duration::from_millis));
            }
            _ => self.give_up(gap, gap.last),
        }
    }

    fn take_item(&mut self, gap: &Gap, item: &HistoryItem<'_>) {
        let mut unknown = self.unknown.iter();
        let arrived = unknown.position(|(_, post)| post.nonce == item.nonce);
        let waits = self
            .pending
            .iter()
            .any(|one| matches!(&one.purpose, Purpose::Post(post) if post.nonce == item.nonce));
        let next = self.tracks.of_gap(gap).map(|track| track.next);
        if item.seq > gap.last || next.is_none_or(|next| item.seq < next) {
            return;
        }
        let position = Position { epoch: gap.epoch, seq: item.seq };
        self.give_up(gap, item.seq - 1);
        if let Some((id, _)) = arrived.and_then(|index| self.unknown.remove(index)) {
            self.tell(Event::Arrived { id, position });
        }
        let said = (arrived.is_none() && !waits).then(|| Said {
            time: item.time,
            author: item.author.into(),
            text: item.text.into(),
        });
        self.with_track(gap, |track, mut tell| {
            track.take(item.seq, said, true, 0, &mut tell);
        });
    }

    /// The conversation has begun anew; the list says where it stands now.
    fn restart(&mut self, gap: &Gap) {
        // A list that says as before would have the same asked for again and again.
        if self.tracks.of_gap(gap).is_some_and(|track| track.is_restarted) {
            return self.give_up(gap, gap.last);
        }
        if self.with_track(gap, |track, mut tell| track.restart(&mut tell)) {
            self.begin_listing();
        }
    }

    fn give_up(&mut self, gap: &Gap, last: u64) {
        self.with_track(gap, |track, mut tell| track.give_up(last, &mut tell));
    }

    /// Whether the gap's conversation is still there to be changed.
    fn with_track(
        &mut self,
        gap: &Gap,
        change: impl FnOnce(&mut Track, &mut dyn FnMut(Event)),
    ) -> bool {
        let output = &mut self.output;
        let track = self.tracks.of_gap(gap);
        track
            .map(|track| change(track, &mut |event| output.push_back(Output::Event(event))))
            .is_some()
    }
}

impl Enter {
    pub(super) fn new(room: &str) -> Self {
        Self { room: room.into(), create: false, tries: 0 }
    }
}
