//! Saying something (PROTOCOL.md, "Positions").

use arrayvec::ArrayVec;

use super::{Granted, Router};
use crate::limits::Limit;
use crate::name::SoughtKey;
use crate::server::deliver::{ConnId, Deliver};
use crate::server::incoming::{After, MOST_POSTS, Row};
use crate::server::outgoing::Content;
use crate::server::public::{LogId, Persona, PersonaId, RoomId};
use crate::server::receipt::Receipt;
use crate::server::refusal::Refusal;
use crate::server::session::{Answer, SessionId};
use crate::server::speech::{Called, Caller, Speech};
use crate::text::Text;
use crate::time::{Instant, UnixMillis};
use crate::wire::{Conversation, ConversationKind, Position, Post, RefusalCode, RequestId};

/// A conversation that a caller may read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Target {
    Everyone,
    Room(RoomId),
    Private(PersonaId),
}

impl Router {
    #[expect(clippy::too_many_arguments, reason = "what a post is made of")]
    pub(super) fn post(
        &mut self,
        now: Instant,
        by: Caller,
        conversation: Conversation<'_>,
        epoch: Option<u64>,
        nonce: u64,
        text: &str,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let text = Text::new(text, self.limits.count(Limit::TextBytes))?;
        let Caller { to, session } = by;
        let target = self.target(session, conversation)?;
        let log = self.log_of(session, target);
        if epoch.is_some() && epoch != log.map(|log| self.public.logs().position(log).epoch) {
            return Err(Refusal::wrong_epoch());
        }
        match (log, target) {
            (None, Target::Private(other)) => self.may_pair(session, other)?,
            (None, _) => return Err(Refusal::unknown_conversation()),
            (Some(_), _) => {}
        }
        // Nothing is refused from here on: to speak is to be known by name.
        self.may_speak(session)?;
        let author = self.speak(now, to, session).ok_or_else(Refusal::not_logged_in)?;
        // A hidden author's reservation begins anew with each post.
        let called = self.visible(session).and_then(|_| Called::new(conversation));
        let (position, time) = self.say(now, Some(by), called, author, target, nonce, text, out)?;
        Ok((Answer::Posted { position, time }, After::Posted(position)))
    }

    /// Executes posts that go on with what is held, up to one that does not: who says them, and where, was
    /// looked up with the first that is held. That holds as long as they are, for whatever else changes
    /// anything flushes, by what it tells or by itself, before this author can go on. Answers how many
    /// it executed, and where the last one stands.
    pub(super) fn go_on(
        &mut self,
        now: Instant,
        from: ConnId,
        Row { conversation, epoch, posts }: Row<'_>,
    ) -> Option<(usize, Position)> {
        let (Caller { session, .. }, speech) = self.encoder.speech(from, conversation)?;
        debug_assert!(self.is_unchanged(speech, from, *session, conversation), "{speech:?}");
        let Speech { name, target, log, epoch: own, .. } = *speech;
        let answers = &mut self.sessions.get_mut(*session)?.answers;
        let first = posts.first()?.id;
        if first == RequestId::NONE || !answers.is_new(first) || epoch.unwrap_or(own) != own {
            return None;
        }
        let time = self.clock.at(now);
        let Position { epoch, seq } = self.public.logs().position(log);
        let receipt = Receipt::new(first, Position { epoch, seq: seq + 1 }, time);
        let mut said = ArrayVec::<_, MOST_POSTS>::new();
        for Post { nonce, text, .. } in posts {
            let Ok(text) = Text::new(text, self.limits.count(Limit::TextBytes)) else { break };
            if !self.encoder.hold(text) {
                break;
            }
            if said.is_empty() {
                // At once, for a receipt that was held may take the room of the next post.
                self.encoder.acknowledge(receipt);
            }
            said.push((*nonce, text));
        }
        let later = u32::try_from(said.len()).ok()?.checked_sub(1)?;
        let receipt = receipt.and_later(later);
        if let Some(others) = receipt.but_first(1) {
            self.encoder.acknowledge(others);
        }
        answers.keep_receipt(receipt, self.limits.count(Limit::Unanswered));
        self.public.logs_mut().append(log, time, &name, &said);
        self.encoder.say(seq + 1, time, &said);
        if let Target::Room(room) = target {
            self.public.touch_room(now, room);
        }
        Some((receipt.count(), receipt.position()))
    }

    /// Whether all would be found out again as it was.
    fn is_unchanged(
        &self,
        speech: &Speech,
        from: ConnId,
        session: SessionId,
        conversation: Conversation<'_>,
    ) -> bool {
        let link = self.links.get(from).filter(|link| !link.closed && link.has_asked);
        let target = self.target(session, conversation).ok();
        let log = target.and_then(|target| self.log_of(session, target));
        let visible = self.visible(session).and_then(|persona| self.public.persona(persona));
        link.and_then(|link| link.session) == Some(session)
            && target == Some(speech.target)
            && log == Some(speech.log)
            && visible.is_some_and(|persona| *persona.name() == speech.name)
    }

    /// Keeps what an author says, and tells all who hear it but the connection that it is said by.
    #[expect(clippy::too_many_arguments, reason = "what a message is made of")]
    pub(super) fn say(
        &mut self,
        now: Instant,
        by: Option<Caller>,
        called: Option<Called>,
        author: PersonaId,
        target: Target,
        nonce: u64,
        text: Text<'_>,
        out: &mut impl Deliver,
    ) -> Result<(Position, UnixMillis), Refusal> {
        let log = match target {
            Target::Everyone => self.public.everyone(),
            Target::Room(id) => {
                let room = self.public.room(id).ok_or_else(Refusal::unknown_room)?;
                room.log()
            }
            Target::Private(other) => {
                let pair = self.public.persona(author).and_then(|own| own.pair(other));
                pair.unwrap_or_else(|| self.begin_pair(now, author, other))
            }
        };
        let persona = self.public.persona(author).ok_or_else(Refusal::not_logged_in)?;
        let (name, origin) = (*persona.name(), persona.origin());
        let time = self.clock.at(now);
        let said = &[(nonce, text)];
        let position = self.public.logs_mut().append(log, time, &name, said);
        let (room, recipients) = match target {
            Target::Everyone => (None, self.audiences.everyone()),
            Target::Room(id) => {
                self.public.touch_room(now, id);
                let room = self.public.room(id).ok_or_else(Refusal::unknown_room)?;
                (Some(*room.name()), self.audiences.room(id))
            }
            Target::Private(other) => {
                (None, self.audiences.persona(other).map_or(&[][..], core::slice::from_ref))
            }
        };
        let speech = Speech { name, target, room, log, epoch: position.epoch, called };
        if let Some(by) = by {
            self.encoder.begin(out, by, speech, recipients);
            let is_held = self.encoder.hold(text);
            debug_assert!(is_held, "no room for the first of a run");
            self.encoder.say(position.seq, time, said);
        } else {
            let message = speech.message(position.seq, time, text.as_str());
            self.encoder.tell(out, recipients, None, Content::event(&message));
        }
        self.keep_reserved_within(now, origin, out);
        Ok((position, time))
    }

    /// Finds a conversation that a caller names, if it may read and write it.
    pub(super) fn target(
        &self,
        session: SessionId,
        conversation: Conversation<'_>,
    ) -> Result<Target, Refusal> {
        let session = self.sessions.get(session).ok_or_else(Refusal::not_logged_in)?;
        let key = SoughtKey::of(conversation.name);
        let key = key.as_str();
        match conversation.kind {
            ConversationKind::EVERYONE => Ok(Target::Everyone),
            ConversationKind::ROOM => {
                match session.rooms(&self.public).and_then(|rooms| rooms.get(key)) {
                    Some(room) => Ok(Target::Room(*room)),
                    None if self.public.room_named(key).is_some() => Err(Refusal::not_a_member()),
                    None => Err(Refusal::unknown_room()),
                }
            }
            ConversationKind::PRIVATE => {
                let other = self.public.persona_named(key).ok_or_else(Refusal::unknown_name)?;
                if session.persona == Some(other) {
                    return Err(Refusal::with_oneself());
                }
                Ok(Target::Private(other))
            }
            _ => Err(Refusal::unknown_conversation()),
        }
    }

    /// The conversation's log; a private conversation has none before its first message.
    pub(super) fn log_of(&self, session: SessionId, target: Target) -> Option<LogId> {
        match target {
            Target::Everyone => Some(self.public.everyone()),
            Target::Room(room) => Some(self.public.room(room)?.log()),
            Target::Private(other) => {
                let own = self.sessions.get(session)?.persona?;
                self.public.persona(own)?.pair(other)
            }
        }
    }

    /// Whether one more private conversation is within the limits of both and of all.
    fn may_pair(&self, session: SessionId, other: PersonaId) -> Result<(), Refusal> {
        let own = self.sessions.get(session).and_then(|session| session.persona);
        let count = |id| self.public.persona(id).map_or(0, Persona::pair_count);
        let limits = &self.limits;
        let refuse = |limit, what| Refusal::limit(RefusalCode::TOO_MANY_PAIRS, limits, limit, what);
        if own.map_or(0, count) >= limits.count(Limit::PairsPerUser) {
            let what = "you have private conversations with as many people as you may";
            return Err(refuse(Limit::PairsPerUser, what));
        }
        if count(other) >= limits.count(Limit::PairsPerUser) {
            let what = "the other has private conversations with as many people as it may";
            return Err(refuse(Limit::PairsPerUser, what));
        }
        if self.public.pairs() >= limits.count(Limit::Pairs) {
            let what = "the server has as many private conversations as it may";
            return Err(refuse(Limit::Pairs, what));
        }
        Ok(())
    }

    fn begin_pair(&mut self, now: Instant, one: PersonaId, other: PersonaId) -> LogId {
        let secret = |id| self.public.persona(id).map(|persona| *persona.secret());
        let epoch = match (secret(one), secret(other)) {
            (Some(one), Some(other)) => one.pair_epoch(&other, now),
            _ => 0,
        };
        self.public.begin_pair(one, other, epoch)
    }
}
