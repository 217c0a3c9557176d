//! All conversations that are kept track of.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::conversation::{ConversationKey, ConversationName};
use super::track::{Said, Track};
use super::{Event, conversation};
use crate::name::RoomName;
use crate::wire::{Conversation, ConversationKind, Position};

/// The most conversations that are kept track of. What is said in others is told as it comes, and
/// what was missed in them is declared gone.
pub(super) const TRACKS: usize = 4096;

/// The most bytes that messages which came too early may take, in all conversations together.
/// What does not fit is read from history when its turn comes.
pub(super) const HELD_BYTES: usize = 1024 * 1024;

/// Whether a name may be one: what is longer than any is not kept, so that names take no more
/// memory than is planned for.
const fn is_plausible(name: &str) -> bool {
    name.len() <= RoomName::MAX_BYTES
}

/// So many private conversations are remembered after they were left.
const LEFT: usize = 64;

/// Every conversation's place.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    all: BTreeMap<ConversationKey, Track>,
    /// Private conversations whose name another has now. They are said to be over, but while the
    /// list is read they may turn up under another name, and go on.
    adrift: Vec<Track>,
    /// Epochs of private conversations that were left, and what came next in each, the latest last.
    /// Under a name that nobody has heard of yet one may go on.
    left: VecDeque<(u64, u64)>,
    /// Counts the lists that were begun.
    listing: u64,
    is_listing: bool,
    /// Whether nothing of the list has come yet.
    is_awaited: bool,
    /// Whether one that was not in the list yet has another name since.
    is_moved: bool,
}

/// Messages that are missing.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub(super) key: ConversationKey,
    pub(super) name: ConversationName,
    pub(super) epoch: u64,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Tracks {
    /// A message, or (`None`) an own post, at its place.
    pub(super) fn take(
        &mut self,
        conversation: Conversation<'_>,
        position: Position,
        said: Option<Said>,
        tell: &mut impl FnMut(Event),
    ) {
        let Position { epoch, seq } = position;
        if seq == u64::MAX {
            return;
        }
        let listing = self.listing;
        let own = said.is_none();
        let key = match own.then(|| self.with_epoch(conversation.kind, epoch)).flatten() {
            // An own post names the conversation as it was called then.
            Some(key) => key,
            None if self.at(conversation, epoch, seq.max(1), tell).is_some() => {
                ConversationKey::of(conversation)
            }
            None => {
                if let Some(said) = said {
                    tell(said.into_event(conversation.into(), position, false));
                }
                return;
            }
        };
        let is_early = self.all.get(&key).is_some_and(|track| track.is_early(seq));
        let held = is_early.then(|| self.all.values().map(Track::held_bytes).sum());
        if let Some(track) = self.all.get_mut(&key) {
            let room = HELD_BYTES.saturating_sub(held.unwrap_or(0));
            // What was said before the list was read is in it, unless the conversation has ended: the
            // answer may be one that came again.
            if !(own && self.is_awaited) {
                track.listing = listing;
            }
            track.take(seq, said, false, room, tell);
        }
    }

    /// Takes note of where a conversation stands.
    pub(super) fn place(
        &mut self,
        conversation: Conversation<'_>,
        last: Position,
        tell: &mut impl FnMut(Event),
    ) {
        if last.seq == u64::MAX {
            return;
        }
        let listing = self.listing;
        if let Some(track) = self.at(conversation, last.epoch, last.seq + 1, tell) {
            track.last = track.last.max(last.seq);
            track.listing = listing;
        } else if last.seq > 0 {
            tell(Event::Gone { conversation: conversation.into(), first: 1, last: last.seq });
        }
    }

    /// The user knows that it is in this conversation, which stood at `last` or later then.
    pub(super) fn begin(
        &mut self,
        conversation: Conversation<'_>,
        last: Position,
        tell: &mut impl FnMut(Event),
    ) {
        let key = ConversationKey::of(conversation);
        if let Some(track) = self.all.get_mut(&key) {
            track.begin(last.seq.saturating_add(1), tell);
        }
    }

    /// Somebody has another name now.
    pub(super) fn rename(&mut self, from: &str, to: &str, tell: &mut impl FnMut(Event)) {
        if !is_plausible(to) {
            return;
        }
        let from = ConversationKey::of(Conversation::private(from));
        if let Some(mut track) = self.all.remove(&from) {
            let to = Conversation::private(to);
            track.name = to.into();
            // The list may have got past the new name. Or the name was that of somebody else, and
            // this conversation is over.
            self.is_moved |= self.is_listing && track.listing != self.listing;
            if let Some(before) = self.all.insert(ConversationKey::of(to), track) {
                tell(Event::ConversationEnded { conversation: before.name.clone() });
                self.displace(before);
            }
        }
    }

    /// A conversation is no longer one's own. Whether it was.
    pub(super) fn end(&mut self, conversation: Conversation<'_>) -> bool {
        let key = ConversationKey::of(conversation);
        self.all.remove(&key).is_some()
    }

    /// The list of one's conversations is read from its beginning.
    pub(super) fn begin_listing(&mut self) {
        self.listing += 1;
        self.is_listing = true;
        self.is_awaited = true;
        self.is_moved = false;
    }

    /// A page of the list has come.
    pub(super) const fn begin_page(&mut self) {
        self.is_awaited = false;
    }

    /// Whether the list has to be read once more, because something in it has moved.
    pub(super) const fn is_moved(&self) -> bool {
        self.is_moved
    }

    /// The list is complete: what was not in it has ended. Answers which.
    pub(super) fn end_listing(&mut self, tell: &mut impl FnMut(Event)) -> Vec<ConversationName> {
        self.is_listing = false;
        for track in core::mem::take(&mut self.adrift) {
            leave(&mut self.left, &track);
        }
        let (listing, mut ended) = (self.listing, Vec::new());
        let left = &mut self.left;
        self.all.retain(|_, track| {
            let listed = track.listing == listing;
            if !listed {
                leave(left, track);
                let conversation = track.name.clone();
                ended.push(conversation.clone());
                tell(Event::ConversationEnded { conversation });
            }
            listed
        });
        ended
    }

    /// The first range that is missing anywhere.
    pub(super) fn gap(&self) -> Option<Gap> {
        self.all.iter().find_map(|(key, track)| {
            let (first, last) = track.gap()?;
            Some(Gap {
                key: key.clone(),
                name: track.name.clone(),
                epoch: track.epoch,
                first,
                last,
            })
        })
    }

    /// The conversation where a gap was, if it is still the same.
    pub(super) fn of_gap(&mut self, gap: &Gap) -> Option<&mut Track> {
        let track = self.all.get_mut(&gap.key)?;
        (track.epoch == gap.epoch && track.is_begun()).then_some(track)
    }

    /// The track of this conversation and epoch: one that is known, perhaps under another name;
    /// else a new one that begins at `next`, or at 1 where what came before was missed.
    fn at(
        &mut self,
        conversation: Conversation<'_>,
        epoch: u64,
        next: u64,
        tell: &mut impl FnMut(Event),
    ) -> Option<&mut Track> {
        if !is_plausible(conversation.name) {
            return None;
        }
        let key = ConversationKey::of(conversation);
        let is_private = conversation.kind == ConversationKind::PRIVATE;
        if self.all.get(&key).is_none_or(|track| track.epoch != epoch) {
            let moved = is_private.then(|| self.take_out(epoch)).flatten();
            let before = self.all.remove(&key);
            let name: ConversationName = conversation.into();
            let track = match (moved, before) {
                (Some(mut track), before) => {
                    // Said first: after it the name stands for another.
                    if let Some(before) = before {
                        tell(Event::ConversationEnded { conversation: before.name.clone() });
                        self.displace(before);
                    }
                    tell(Event::Renamed {
                        from: core::mem::take(&mut track.name.name),
                        to: conversation.name.into(),
                    });
                    track.name = name;
                    track
                }
                (None, Some(before)) => {
                    if !before.is_restarted {
                        tell(Event::Restarted { conversation: before.name.clone() });
                    }
                    self.displace(before);
                    self.private(name, epoch)
                }
                (None, None) if self.all.len() + self.adrift.len() >= TRACKS => return None,
                (None, None) if is_private => self.private(name, epoch),
                // After a resume the answer to a join may still be on its way.
                (None, None) if self.is_listing => Track::new(name, epoch, next).not_begun(),
                (None, None) => Track::new(name, epoch, next),
            };
            self.all.insert(key.clone(), track);
        }
        let track = self.all.get_mut(&key)?;
        conversation::rewrite(&mut track.name, conversation);
        Some(track)
    }

    fn with_epoch(&self, kind: ConversationKind, epoch: u64) -> Option<ConversationKey> {
        let mut all = self.all.iter();
        all.find(|(_, track)| track.name.kind == kind && track.epoch == epoch)
            .map(|(key, _)| key.clone())
    }

    /// Takes the private conversation of this epoch out, whatever its name was.
    fn take_out(&mut self, epoch: u64) -> Option<Track> {
        let key = self.with_epoch(ConversationKind::PRIVATE, epoch)?;
        self.all.remove(&key)
    }

    /// A conversation that begins, or a private one that goes on after it was left.
    fn private(&mut self, name: ConversationName, epoch: u64) -> Track {
        if let Some(index) = self.adrift.iter().position(|track| track.epoch == epoch) {
            let mut track = self.adrift.swap_remove(index);
            track.name = name;
            return track;
        }
        let next = self.left.iter().rfind(|(left, _)| *left == epoch);
        Track::new(name, epoch, next.map_or(1, |(_, next)| *next))
    }

    /// Another conversation has this one's name. It may go on under another.
    fn displace(&mut self, track: Track) {
        let is_private = track.name.kind == ConversationKind::PRIVATE;
        if is_private && self.is_listing && self.all.len() + self.adrift.len() < TRACKS {
            self.adrift.push(track);
        } else {
            leave(&mut self.left, &track);
        }
    }
}

/// A conversation is no longer kept track of.
fn leave(left: &mut VecDeque<(u64, u64)>, track: &Track) {
    if track.name.kind == ConversationKind::PRIVATE {
        if left.len() == LEFT {
            left.pop_front();
        }
        left.push_back((track.epoch, track.next));
    }
}
