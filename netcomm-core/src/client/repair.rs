//! What the session asks for by itself, one request at a time: rooms to be in, the list of its
//! conversations, messages that are missing.

use core::time::Duration;

use super::conversation::ConversationKey;
use super::pending::{Enter, Purpose};
use super::session::Output;
use super::track::Said;
use super::{Event, Session};
use crate::name::NameKey;
use crate::wire::{ClientMessage, CodeClass, HistoryItem, ServerMessage};

impl Session {
    /// Sends the session's next own request, where none is on its way.
    pub(super) fn go_on(&mut self) {
        while self.is_logged_in() && self.patience.is_none() && !self.is_busy() {
            let sent = if let Some(enter) = self.entering.pop_front() {
                let room = &enter.room.clone();
                let message = if enter.create {
                    ClientMessage::CreateRoom { room }
                } else {
                    ClientMessage::Join { room }
                };
                self.send_own(&message, Purpose::Enter(enter))
            } else if let Some(from) = self.list_from.clone() {
                let from = from.as_ref();
                let sent = self.send_own(&ClientMessage::Conversations { from }, Purpose::List);
                if !sent {
                    self.list_from = None;
                }
                sent
            } else if let Some((key, first, last)) = self.first_gap() {
                self.ask_history(&key, first, last)
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
            matches!(
                one.purpose,
                Purpose::Enter(_) | Purpose::List | Purpose::Repair { .. }
            )
        })
    }

    fn first_gap(&self) -> Option<(ConversationKey, u64, u64)> {
        self.tracks.iter().find_map(|(key, track)| {
            let (first, last) = track.gap()?;
            Some((key.clone(), first, last))
        })
    }

    fn ask_history(&mut self, key: &ConversationKey, first: u64, last: u64) -> bool {
        let Some(track) = self.tracks.get(key) else {
            return false;
        };
        let name = track.name.clone();
        let message = ClientMessage::History {
            conversation: name.as_ref(),
            epoch: Some(track.epoch),
            first,
            last,
            latest: false,
            most: 0,
        };
        let sent = self.send_own(
            &message,
            Purpose::Repair {
                key: key.clone(),
                last,
            },
        );
        if !sent {
            self.give_up(key, last);
        }
        sent
    }

    pub(super) fn be_patient(&mut self, retry_after: Option<Duration>) {
        let wait = retry_after.unwrap_or(Duration::from_secs(1));
        self.patience = Some(self.now + wait.max(Duration::from_millis(10)));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else answers this")]
    pub(super) fn take_list(&mut self, answer: ServerMessage<'_>) {
        match answer {
            ServerMessage::Conversations {
                conversations,
                next,
            } => {
                for item in conversations {
                    self.take_place(item.conversation, item.last);
                }
                self.list_from = next.map(Into::into);
                if self.list_from.is_none() {
                    self.end_unlisted();
                }
            }
            ServerMessage::Refused {
                code, retry_after, ..
            } if code.class() == CodeClass::Retry => {
                self.be_patient(retry_after.map(Duration::from_millis));
            }
            _ => self.list_from = None,
        }
    }

    fn end_unlisted(&mut self) {
        let (listing, output) = (self.listing, &mut self.output);
        self.tracks.retain(|_, track| {
            let listed = track.listing == listing;
            if !listed {
                let conversation = track.name.clone();
                output.push_back(Output::Event(Event::ConversationEnded { conversation }));
            }
            listed
        });
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else answers this")]
    pub(super) fn take_history(
        &mut self,
        key: &ConversationKey,
        asked: u64,
        answer: ServerMessage<'_>,
    ) {
        match answer {
            ServerMessage::History {
                epoch,
                first_kept,
                items,
                ..
            } => {
                let Some(track) = self.tracks.get(key) else {
                    return;
                };
                if track.epoch != epoch {
                    return self.give_up(key, asked);
                }
                let before = track.next;
                self.give_up(key, asked.min(first_kept.saturating_sub(1)));
                for item in items {
                    self.take_item(key, asked, &item);
                }
                // A page without progress would be asked for again and again.
                let stands = self.tracks.get(key).is_some_and(|one| one.next == before);
                if stands {
                    self.give_up(key, asked);
                }
            }
            ServerMessage::Refused {
                code, retry_after, ..
            } if code.class() == CodeClass::Retry => {
                self.be_patient(retry_after.map(Duration::from_millis));
            }
            _ => self.give_up(key, asked),
        }
    }

    fn take_item(&mut self, key: &ConversationKey, asked: u64, item: &HistoryItem<'_>) {
        let is_own_name = NameKey::of(item.author) == NameKey::of(&self.config.nickname);
        let unknown = self.unknown.iter();
        let mut unknown = unknown.map(|(_, post)| post.nonce);
        let arrived = unknown.position(|nonce| is_own_name && nonce == item.nonce);
        let waits = self.pending.iter().any(|one| {
            matches!(&one.purpose, Purpose::Post(post) if is_own_name && post.nonce == item.nonce)
        });
        let Some(track) = self.tracks.get(key) else {
            return;
        };
        if item.seq < track.next || item.seq > asked {
            return;
        }
        let position = crate::wire::Position {
            epoch: track.epoch,
            seq: item.seq,
        };
        self.give_up(key, item.seq - 1);
        if let Some((id, _)) = arrived.and_then(|index| self.unknown.remove(index)) {
            self.tell(Event::Arrived { id, position });
        }
        let said = (arrived.is_none() && !waits).then(|| Said {
            time: item.time,
            author: item.author.into(),
            text: item.text.into(),
        });
        let output = &mut self.output;
        if let Some(track) = self.tracks.get_mut(key) {
            track.take(item.seq, said, true, &mut |event| {
                output.push_back(Output::Event(event));
            });
        }
    }

    fn give_up(&mut self, key: &ConversationKey, last: u64) {
        let output = &mut self.output;
        if let Some(track) = self.tracks.get_mut(key) {
            track.give_up(last, &mut |event| output.push_back(Output::Event(event)));
        }
    }
}

impl Enter {
    pub(super) fn new(room: &str) -> Self {
        Self {
            room: room.into(),
            create: false,
            tries: 0,
        }
    }
}
