//! A login and its resumes, and what its user does in secret (PROTOCOL.md, "Sessions").

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::deliver::ConnId;
use super::origin::Address;
use super::public::{PersonaId, Public, RoomId};
use super::receipt::Receipt;
use super::secret::{Secret, TokenHash};
use crate::name::{NameKey, Nickname, RoomName};
use crate::time::{Instant, UnixMillis};
use crate::wire::{Position, RequestId, ServerMessage};

slotmap::new_key_type! {
    pub(super) struct SessionId;
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    /// The connection that it has now.
    pub(super) conn: Option<ConnId>,
    /// Its public face. A hidden user may have none.
    pub(super) persona: Option<PersonaId>,
    /// What it does in secret; `None`: it is visible, or was when it lost its connection.
    pub(super) hidden: Option<Hidden>,
    /// Hidden and without a connection: until when it can be resumed.
    pub(super) lost_until: Option<Instant>,
    /// The name that was released while it was hidden, which its client may not have heard.
    pub(super) released: Option<Nickname>,
    /// From the entropy of its last connection.
    pub(super) secret: Secret,
    pub(super) origin: Address,
    pub(super) tokens: Tokens,
    pub(super) answers: Answers,
}

/// A hidden user's own view of itself.
#[derive(Debug)]
pub(super) struct Hidden {
    /// The name that it wishes to have.
    pub(super) wish: Nickname,
    /// The rooms that it really is in.
    pub(super) rooms: BTreeMap<NameKey, RoomId>,
}

/// The tokens that resume a session: the newest, and the one before until the newest is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens {
    pub(super) newest: TokenHash,
    pub(super) retiring: Option<TokenHash>,
}

/// The answers to the last executed requests.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: VecDeque<Kept>,
    /// How many requests these answer.
    count: usize,
}

/// An answer that is kept. Posts in a row share one; the others answer anything but a post.
#[derive(Debug)]
pub(super) enum Kept {
    Posted(Receipt),
    Other(RequestId, Answer),
}

/// An answer to a request that changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Posted { position: Position, time: UnixMillis },
    Joined { room: Box<RoomName>, position: Position },
}

impl Session {
    /// The rooms that it really is in.
    pub(super) fn rooms<'a>(&'a self, public: &'a Public) -> Option<&'a BTreeMap<NameKey, RoomId>> {
        match &self.hidden {
            Some(hidden) => Some(&hidden.rooms),
            None => Some(public.persona(self.persona?)?.rooms()),
        }
    }

    /// The rooms that it owns, whether it is in them or not.
    pub(super) fn owned<'a>(&self, public: &'a Public) -> Option<&'a BTreeSet<RoomId>> {
        Some(public.persona(self.persona?)?.owned())
    }
}

impl Answers {
    pub(super) fn find(&self, id: RequestId) -> Option<Answer> {
        if self.is_new(id) {
            return None;
        }
        let index = self.kept.partition_point(|kept| kept.last() < id);
        match self.kept.get(index)? {
            Kept::Posted(receipt) => {
                let (position, time) = receipt.of(id)?;
                Some(Answer::Posted { position, time })
            }
            Kept::Other(of, answer) => (*of == id).then(|| answer.clone()),
        }
    }

    /// Whether a later request was executed. One without an answer here was refused before that,
    /// or its answer is kept no more: executed now, it would come too late.
    pub(super) fn is_stale(&self, id: RequestId) -> bool {
        self.kept.back().is_some_and(|newest| id < newest.last())
    }

    /// Whether a request comes after all that are answered here.
    pub(super) fn is_new(&self, id: RequestId) -> bool {
        self.kept.back().is_none_or(|newest| newest.last() < id)
    }

    /// Keeps the answer to a request that is not stale, and of all answers the last `most`.
    pub(super) fn keep(&mut self, id: RequestId, answer: Answer, most: usize) {
        match answer {
            Answer::Posted { position, time } => {
                self.keep_receipt(Receipt::new(id, position, time), most);
            }
            Answer::Done | Answer::Joined { .. } => {
                self.forget_beyond(most.saturating_sub(1));
                self.kept.push_back(Kept::Other(id, answer));
                self.count += 1;
            }
        }
    }

    /// The same for posts in a row.
    pub(super) fn keep_receipt(&mut self, receipt: Receipt, most: usize) {
        let beyond = receipt.count().saturating_sub(most);
        let receipt = receipt.but_first(beyond).unwrap_or(receipt);
        self.forget_beyond(most.saturating_sub(receipt.count()));
        self.count += receipt.count();
        if let Some(Kept::Posted(newest)) = self.kept.back_mut()
            && let Some(both) = newest.and(receipt)
        {
            *newest = both;
        } else {
            self.kept.push_back(Kept::Posted(receipt));
        }
    }

    fn forget_beyond(&mut self, most: usize) {
        while self.count > most
            && let Some(first) = self.kept.front_mut()
        {
            let beyond = self.count - most;
            if let Kept::Posted(receipt) = first
                && let Some(rest) = receipt.but_first(beyond)
            {
                *receipt = rest;
                self.count = most;
            } else {
                self.count -= first.count();
                self.kept.pop_front();
            }
        }
    }
}

impl Kept {
    const fn count(&self) -> usize {
        match self {
            Self::Posted(receipt) => receipt.count(),
            Self::Other(..) => 1,
        }
    }

    /// The last request that it answers.
    const fn last(&self) -> RequestId {
        match self {
            Self::Posted(receipt) => receipt.last(),
            Self::Other(id, _) => *id,
        }
    }
}

impl Answer {
    pub(super) fn as_message(&self) -> ServerMessage<'_> {
        match self {
            Self::Done => ServerMessage::Done,
            Self::Posted { position, time } => {
                ServerMessage::Posted { position: *position, time: *time, earlier: 0 }
            }
            Self::Joined { room, position } => {
                ServerMessage::Joined { room: room.as_str(), position: *position }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_stale_where_a_later_one_was_executed() {
        let mut answers = Answers::default();
        assert!(!answers.is_stale(RequestId(5)));
        answers.keep(RequestId(5), Answer::Done, 8);
        let stale = [4, 5, 6].map(|id| answers.is_stale(RequestId(id)));
        assert_eq!(stale, [true, false, false]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// As if each answer were kept for itself.
        #[test]
        fn the_last_answers_are_kept_as_they_were_given(
            most in 1_usize..12,
            given in prop::collection::vec(
                (prop_oneof![8 => Just(1_u32), 1 => 2_u32..4], 0_u8..12, 0_u32..16),
                1..40,
            ),
        ) {
            let (mut answers, mut each) = (Answers::default(), VecDeque::new());
            let (mut id, mut position, mut time) = (RequestId(0), Position::default(), UnixMillis(0));
            for (step, kind, later) in given {
                id.0 += step;
                let answer = match kind {
                    0 => Answer::Done,
                    1 => {
                        let room = RoomName::new("hall").unwrap();
                        Answer::Joined { room: room.into(), position }
                    }
                    kind => {
                        position.seq += if kind == 2 { 2 } else { 1 };
                        position.epoch += u64::from(kind == 3);
                        time.0 += u64::from(kind == 4);
                        Answer::Posted { position, time }
                    }
                };
                if let Answer::Posted { position: first, time } = answer
                    && later > 7
                {
                    answers.keep_receipt(Receipt::new(id, first, time).and_later(later), most);
                    for more in 0..=later {
                        let position = Position { seq: first.seq + u64::from(more), ..first };
                        each.push_back((RequestId(id.0 + more), Answer::Posted { position, time }));
                    }
                    (id.0, position.seq) = (id.0 + later, position.seq + u64::from(later));
                } else {
                    answers.keep(id, answer.clone(), most);
                    each.push_back((id, answer));
                }
                each.drain(..each.len().saturating_sub(most));
                for asked in (0..=id.0 + 1).map(RequestId) {
                    let kept = each.iter().find(|(id, _)| *id == asked).map(|(_, answer)| answer);
                    let found = answers.find(asked);
                    prop_assert_eq!(found.as_ref(), kept, "{:?}", asked);
                    prop_assert_eq!(answers.is_stale(asked), asked < id);
                }
                let all: Vec<_> = answers.kept.iter().map(Kept::last).collect();
                prop_assert!(all.is_sorted() && all.len() <= most);
            }
        }
    }
}
