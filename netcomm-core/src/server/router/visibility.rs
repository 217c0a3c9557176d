//! Hiding, revealing, and who hears of whose coming and going (PROTOCOL.md, "Visibility").

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Caller, Granted, Router};
use crate::limits::Limit;
use crate::name::{NameKey, Nickname};
use crate::server::deliver::{ConnId, Deliver, Recipient};
use crate::server::incoming::After;
use crate::server::origin::Address;
use crate::server::outgoing::Content;
use crate::server::public::{PersonaId, Presence, RoomId};
use crate::server::refusal::Refusal;
use crate::server::session::{Answer, Hidden, SessionId};
use crate::time::Instant;
use crate::wire::ServerMessage;

impl Router {
    /// To others, the caller's connection is lost.
    pub(super) fn hide(
        &mut self,
        now: Instant,
        Caller { to, session }: Caller,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let until = self.until(now);
        let session = self.sessions.get_mut(session).ok_or_else(Refusal::not_logged_in)?;
        let Some(id) = session.persona.filter(|_| session.hidden.is_none()) else {
            return Ok((Answer::Done, After::Nothing));
        };
        let persona = self.public.persona(id).ok_or_else(Refusal::not_logged_in)?;
        session.hidden = Some(Hidden { wish: *persona.name(), rooms: persona.rooms().clone() });
        let origin = persona.origin();
        self.tell_offline(id, to.conn, out);
        self.public.set_presence(id, Presence::Reserved(until));
        self.keep_reserved_within(now, origin, out);
        Ok((Answer::Done, After::Nothing))
    }

    /// To others, the caller comes back, or comes anew, and then leaves and joins the rooms that
    /// it left and joined in secret.
    pub(super) fn reveal(
        &mut self,
        now: Instant,
        Caller { to, session: session_id }: Caller,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let session = self.sessions.get_mut(session_id).ok_or_else(Refusal::not_logged_in)?;
        let Some(hidden) = &session.hidden else {
            return Ok((Answer::Done, After::Nothing));
        };
        let wish = hidden.wish;
        let bearer = self.public.persona_named(&wish.key());
        if bearer.is_some() && bearer != session.persona {
            return Err(Refusal::name_lost());
        }
        let rooms = session.hidden.take().map(|hidden| hidden.rooms).unwrap_or_default();
        let id = if let Some(id) = session.persona {
            self.public.set_presence(id, Presence::Online);
            self.tell_online(id, to.conn, out);
            if self.public.persona(id).is_some_and(|persona| *persona.name() != wish) {
                self.take_name(id, wish, to.conn, out);
            }
            id
        } else {
            let secret = session.secret.derive("persona", now, &[]);
            let id = self.public.enter(wish, secret, session.origin, Presence::Online);
            session.persona = Some(id);
            self.bearers.insert(id, session_id);
            self.audiences.listen_as(id, to);
            self.tell_online(id, to.conn, out);
            id
        };
        self.show_rooms(now, id, &rooms, to.conn, out);
        Ok((Answer::Done, After::Nothing))
    }

    /// Makes a persona's rooms those of `rooms`; others see it leave and then join, by name. So it
    /// is never in more rooms than it may be, as nobody who was not hidden could.
    fn show_rooms(
        &mut self,
        now: Instant,
        id: PersonaId,
        rooms: &BTreeMap<NameKey, RoomId>,
        conn: ConnId,
        out: &mut impl Deliver,
    ) {
        let Some(persona) = self.public.persona(id) else {
            return;
        };
        let restored = persona.rooms();
        let leaves = restored.iter().filter(|(key, _)| !rooms.contains_key(*key));
        let joins = rooms.iter().filter(|(key, _)| !restored.contains_key(*key));
        let changes: Vec<_> = leaves
            .map(|(_, room)| (*room, false))
            .chain(joins.map(|(_, room)| (*room, true)))
            .collect();
        for (room, enters) in changes {
            let done =
                if enters { self.public.join(now, id, room) } else { self.public.leave(id, room) };
            if done {
                self.tell_membership(id, room, enters, conn, out);
            }
        }
    }

    /// The persona that a caller speaks as. A hidden one appears for it.
    pub(super) fn speak(
        &mut self,
        now: Instant,
        to: Recipient,
        id: SessionId,
    ) -> Option<PersonaId> {
        let session = self.sessions.get(id)?;
        let Some(hidden) = &session.hidden else {
            return session.persona;
        };
        let persona = self.appear(now, id, hidden.wish)?;
        self.audiences.listen_as(persona, to);
        Some(persona)
    }

    /// Gives a session that nobody sees the name that it speaks by. The reservation of that name
    /// begins anew, as if its connection had been lost now.
    pub(super) fn appear(
        &mut self,
        now: Instant,
        id: SessionId,
        name: Nickname,
    ) -> Option<PersonaId> {
        let until = self.until(now);
        let session = self.sessions.get_mut(id)?;
        if let Some(persona) = session.persona {
            if *self.public.persona(persona)?.name() != name {
                self.public.rename(persona, name);
            }
            self.public.set_presence(persona, Presence::Reserved(until));
            return Some(persona);
        }
        let secret = session.secret.derive("persona", now, &[]);
        let persona = self.public.enter(name, secret, session.origin, Presence::Reserved(until));
        session.persona = Some(persona);
        self.bearers.insert(persona, id);
        Some(persona)
    }

    /// A caller's persona, if others can see it.
    pub(super) fn visible(&self, id: SessionId) -> Option<PersonaId> {
        let session = self.sessions.get(id)?;
        session.persona.filter(|_| session.hidden.is_none())
    }

    /// Whether a caller may speak: a hidden one may not where its name was taken.
    pub(super) fn may_speak(&self, id: SessionId) -> Result<(), Refusal> {
        let session = self.sessions.get(id).ok_or_else(Refusal::not_logged_in)?;
        let Some(hidden) = &session.hidden else {
            return Ok(());
        };
        let bearer = self.public.persona_named(&hidden.wish.key());
        if bearer.is_some() && bearer != session.persona {
            return Err(Refusal::name_lost());
        }
        Ok(())
    }

    /// Ends the oldest reservations where there are too many.
    pub(super) fn keep_reserved_within(
        &mut self,
        now: Instant,
        origin: Address,
        out: &mut impl Deliver,
    ) {
        while let Some(oldest) = self.public.reserved_beyond(&self.limits, origin) {
            self.end_persona(now, oldest, out);
        }
    }

    pub(super) fn tell_online(&mut self, id: PersonaId, conn: ConnId, out: &mut impl Deliver) {
        let Some(name) = self.public.persona(id).map(|persona| *persona.name()) else {
            return;
        };
        self.tell_others(id, conn, &ServerMessage::Online { nickname: name.as_str() }, out);
    }

    pub(super) fn tell_offline(&mut self, id: PersonaId, conn: ConnId, out: &mut impl Deliver) {
        let Some(name) = self.public.persona(id).map(|persona| *persona.name()) else {
            return;
        };
        self.tell_others(id, conn, &ServerMessage::Offline { nickname: name.as_str() }, out);
    }

    /// Tells of somebody's coming, going or renaming: everyone while few are online, else those
    /// who share a room or a private conversation with it. A persona that goes still counts.
    pub(super) fn tell_others(
        &mut self,
        id: PersonaId,
        conn: ConnId,
        message: &ServerMessage<'_>,
        out: &mut impl Deliver,
    ) {
        let few = self.public.online() <= self.limits.count(Limit::NoticeAudience);
        let to = if few {
            Cow::Borrowed(self.audiences.everyone())
        } else {
            Cow::Owned(self.audiences.acquainted(&self.public, id))
        };
        self.encoder.tell(out, &to, Some(conn), Content::event(message));
    }
}
