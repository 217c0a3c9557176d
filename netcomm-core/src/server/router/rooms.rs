//! Rooms and names: who is in which, and who is called what.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{Caller, Granted, Router};
use crate::limits::Limit;
use crate::name::{NameKey, Nickname, RoomName};
use crate::server::deliver::{ConnId, Deliver};
use crate::server::incoming::After;
use crate::server::outgoing::Content;
use crate::server::public::{PersonaId, RoomId};
use crate::server::refusal::Refusal;
use crate::server::session::{Answer, SessionId};
use crate::time::Instant;
use crate::wire::{RefusalCode, ServerMessage};

impl Router {
    /// A hidden caller joins in secret.
    pub(super) fn join(
        &mut self,
        now: Instant,
        caller: Caller,
        room: &str,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let key = NameKey::of(room);
        let id = self.public.room_named(&key).ok_or_else(Refusal::unknown_room)?;
        if !self.is_in(caller.session, &key)? {
            self.may_have(caller.session, id)?;
            self.put_into(now, caller, id, out)?;
        }
        self.joined(id)
    }

    pub(super) fn create_room(
        &mut self,
        now: Instant,
        caller: Caller,
        room: &str,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let name = RoomName::new(room)?;
        name.within(&self.limits)?;
        let session = self.sessions.get(caller.session).ok_or_else(Refusal::not_logged_in)?;
        let Some(owner) = session.persona.filter(|_| session.hidden.is_none()) else {
            return Err(Refusal::reveal_first());
        };
        let key = name.key();
        if self.public.room_named(&key).is_some() {
            let code = RefusalCode::ROOM_EXISTS;
            return Err(Refusal::new(
                code,
                "a room of this name, or of one that looks like it, exists",
            ));
        }
        self.may_have_one_more(caller.session)?;
        if self.public.rooms() >= self.limits.count(Limit::Rooms) {
            let what = "the server holds as many rooms as it may";
            let code = RefusalCode::TOO_MANY_ROOMS;
            return Err(Refusal::limit(code, &self.limits, Limit::Rooms, what));
        }
        let secret = self.public.persona(owner).ok_or_else(Refusal::not_logged_in)?.secret();
        let epoch = secret.epoch("room", now, key.as_str().as_bytes());
        let id = self.public.create_room(now, name, owner, epoch);
        self.put_into(now, caller, id, out)?;
        self.joined(id)
    }

    pub(super) fn leave(
        &mut self,
        Caller { to, session: session_id }: Caller,
        room: &str,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let key = NameKey::of(room);
        let id = self.public.room_named(&key).ok_or_else(Refusal::unknown_room)?;
        if !self.is_in(session_id, &key)? {
            return Err(Refusal::not_a_member());
        }
        let name = *self.public.room(id).ok_or_else(Refusal::unknown_room)?.name();
        let session = self.sessions.get_mut(session_id).ok_or_else(Refusal::not_logged_in)?;
        let persona = session.persona;
        if let Some(hidden) = &mut session.hidden {
            hidden.rooms.remove(&key);
        } else if let Some(persona) = persona
            && self.public.leave(persona, id)
        {
            self.tell_membership(persona, id, false, to.conn, out);
        }
        self.audiences.leave_room(id, to.conn);
        Ok((Answer::Done, After::Left(name)))
    }

    /// A hidden caller only wishes for the name.
    pub(super) fn rename(
        &mut self,
        Caller { to, session: session_id }: Caller,
        nickname: &str,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        let name = Nickname::new(nickname)?;
        name.within(&self.limits)?;
        let session = self.sessions.get_mut(session_id).ok_or_else(Refusal::not_logged_in)?;
        if let Some(hidden) = &mut session.hidden {
            hidden.wish = name;
        } else if let Some(id) = session.persona {
            let bearer = self.public.persona_named(&name.key());
            if bearer.is_some_and(|bearer| bearer != id) {
                return Err(Refusal::name_taken());
            }
            self.take_name(id, name, to.conn, out);
        }
        Ok((Answer::Done, After::Renamed(name)))
    }

    /// Gives a persona a name that is free or its own; others are told where it differs.
    pub(super) fn take_name(
        &mut self,
        id: PersonaId,
        name: Nickname,
        conn: ConnId,
        out: &mut impl Deliver,
    ) {
        let Some(before) = self.public.persona(id).map(|persona| *persona.name()) else {
            return;
        };
        if before == name {
            return;
        }
        self.public.rename(id, name);
        let message = ServerMessage::Renamed { from: before.as_str(), to: name.as_str() };
        self.tell_others(id, conn, &message, out);
    }

    /// Tells the listeners of a room who joined or left it.
    pub(super) fn tell_membership(
        &mut self,
        persona: PersonaId,
        room: RoomId,
        joins: bool,
        conn: ConnId,
        out: &mut impl Deliver,
    ) {
        let (Some(persona), Some(known)) = (self.public.persona(persona), self.public.room(room))
        else {
            return;
        };
        let (room_name, nickname) = (known.name().as_str(), persona.name().as_str());
        let message = if joins {
            ServerMessage::MemberJoined { room: room_name, nickname }
        } else {
            ServerMessage::MemberLeft { room: room_name, nickname }
        };
        let to = self.audiences.room(room);
        self.encoder.tell(out, to, Some(conn), Content::event(&message));
    }

    fn is_in(&self, session: SessionId, key: &NameKey) -> Result<bool, Refusal> {
        let session = self.sessions.get(session).ok_or_else(Refusal::not_logged_in)?;
        Ok(session.rooms(&self.public).is_some_and(|rooms| rooms.contains_key(key)))
    }

    /// Whether it may be in this room, which it is not in. One that it owns is counted already.
    fn may_have(&self, id: SessionId, room: RoomId) -> Result<(), Refusal> {
        let session = self.sessions.get(id).ok_or_else(Refusal::not_logged_in)?;
        if session.owned(&self.public).is_some_and(|owned| owned.contains(&room)) {
            return Ok(());
        }
        self.may_have_one_more(id)
    }

    /// Rooms that it owns count as well as those that it is in, for they live as long as it does.
    fn may_have_one_more(&self, id: SessionId) -> Result<(), Refusal> {
        let session = self.sessions.get(id).ok_or_else(Refusal::not_logged_in)?;
        let owned = session.owned(&self.public);
        let is_owned = |room: &RoomId| owned.is_some_and(|owned| owned.contains(room));
        let rooms = session.rooms(&self.public).into_iter().flat_map(BTreeMap::values);
        let others = rooms.filter(|room| !is_owned(room)).count();
        if owned.map_or(0, BTreeSet::len) + others < self.limits.count(Limit::RoomsPerUser) {
            return Ok(());
        }
        let what = "you own or are in as many rooms as you may (rooms_per_user)";
        let code = RefusalCode::ROOMS_PER_USER;
        Err(Refusal::limit(code, &self.limits, Limit::RoomsPerUser, what))
    }

    fn put_into(
        &mut self,
        now: Instant,
        Caller { to, session: session_id }: Caller,
        id: RoomId,
        out: &mut impl Deliver,
    ) -> Result<(), Refusal> {
        let room = self.public.room(id).ok_or_else(Refusal::unknown_room)?;
        let session = self.sessions.get_mut(session_id).ok_or_else(Refusal::not_logged_in)?;
        let persona = session.persona;
        if let Some(hidden) = &mut session.hidden {
            hidden.rooms.insert(room.key().clone(), id);
        } else if let Some(persona) = persona
            && self.public.join(now, persona, id)
        {
            self.tell_membership(persona, id, true, to.conn, out);
        }
        self.audiences.listen_in(id, to);
        Ok(())
    }

    fn joined(&self, id: RoomId) -> Result<Granted, Refusal> {
        let room = self.public.room(id).ok_or_else(Refusal::unknown_room)?;
        let name = *room.name();
        let position = self.public.logs().position(room.log());
        Ok((Answer::Joined { room: name.into(), position }, After::Joined(name)))
    }
}
