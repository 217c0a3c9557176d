//! Coming and going: login, resume, quit, lost connections (PROTOCOL.md, "Sessions").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Caller, Router};
use crate::name::Nickname;
use crate::server::deliver::{ConnId, Deliver, Recipient};
use crate::server::incoming::After;
use crate::server::outgoing::{Asked, Content};
use crate::server::public::{Persona, PersonaId, Presence};
use crate::server::refusal::Refusal;
use crate::server::secret::{Secret, TokenHash};
use crate::server::session::{Answers, Hidden, Session, SessionId, Tokens};
use crate::time::Instant;
use crate::wire::{
    ClientMessage, CloseCode, CredentialScheme, LimitValue, NoticeCode, RefusalCode, RequestId,
    ResumeToken, ServerMessage,
};

impl Router {
    pub(super) fn login(
        &mut self,
        now: Instant,
        to: Recipient,
        id: RequestId,
        message: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> After {
        match self.try_login(now, to, id, message, out) {
            Ok(name) => After::LoggedIn(name),
            Err(refusal) => {
                self.answer(to, id, &refusal.as_message(), Asked::Nothing, out);
                After::Nothing
            }
        }
    }

    fn try_login(
        &mut self,
        now: Instant,
        to: Recipient,
        id: RequestId,
        message: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> Result<Nickname, Refusal> {
        let ClientMessage::Login { nickname, hidden, resume, credential, .. } = message else {
            return Err(Refusal::not_logged_in());
        };
        let Some(link) = self.links.get(to.conn) else {
            return Err(Refusal::not_logged_in());
        };
        if link.session.is_some() {
            let code = RefusalCode::ALREADY_LOGGED_IN;
            return Err(Refusal::new(code, "this connection has logged in already"));
        }
        if credential.scheme != CredentialScheme::NONE {
            let code = RefusalCode::BAD_CREDENTIALS;
            return Err(Refusal::new(code, "this server has no accounts"));
        }
        let (secret, origin) = (Secret::new(link.entropy), link.origin);
        let token = secret.token(now);
        if let Some(session) = resume.and_then(|old| self.tokens.get(&TokenHash::of(old))) {
            let session = *session;
            self.take_over(now, to, session, secret, resume.map(TokenHash::of), token, out);
            let name = self.welcome(now, to, id, session, true, token, out);
            self.come_back(session, to.conn, out);
            self.tell_released(to, session, out);
            return name.ok_or_else(Refusal::not_logged_in);
        }
        let name = Nickname::new(nickname)?;
        name.within(&self.limits)?;
        let persona = if *hidden {
            None
        } else {
            if self.public.persona_named(&name.key()).is_some() {
                return Err(Refusal::name_taken());
            }
            let secret = secret.derive("persona", now, &[]);
            Some(self.public.enter(name, secret, origin, Presence::Online))
        };
        let session = self.sessions.insert(Session {
            conn: Some(to.conn),
            persona,
            hidden: hidden.then(|| Hidden { wish: name, rooms: BTreeMap::new() }),
            lost_until: None,
            released: None,
            secret,
            origin,
            tokens: Tokens { newest: TokenHash::of(token), retiring: None },
            answers: Answers::default(),
        });
        self.tokens.insert(TokenHash::of(token), session);
        if let Some(persona) = persona {
            self.bearers.insert(persona, session);
        }
        self.attach(to, session);
        self.welcome(now, to, id, session, false, token, out);
        if let Some(persona) = persona {
            self.tell_online(persona, to.conn, out);
        }
        Ok(name)
    }

    /// Gives a session to a new connection. The old one, if it is still there, is closed; others
    /// do not notice.
    #[expect(clippy::too_many_arguments, reason = "what a resume is made of")]
    fn take_over(
        &mut self,
        now: Instant,
        to: Recipient,
        id: SessionId,
        secret: Secret,
        used: Option<TokenHash>,
        token: ResumeToken,
        out: &mut impl Deliver,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Some(until) = session.lost_until.take() {
            self.lost.remove(until, session.origin, id);
        }
        session.secret = secret;
        if let Some(link) = self.links.get(to.conn) {
            session.origin = link.origin;
        }
        if let Some(hidden) = &mut session.hidden {
            // Some may have ended meanwhile.
            let public = &self.public;
            hidden.rooms.retain(|_, room| public.room(*room).is_some());
        }
        let before = session.tokens;
        session.tokens = Tokens { newest: TokenHash::of(token), retiring: used };
        let old = session.conn.replace(to.conn);
        for hash in [Some(before.newest), before.retiring].into_iter().flatten() {
            if Some(hash) != used {
                self.tokens.remove(&hash);
            }
        }
        self.tokens.insert(TokenHash::of(token), id);
        if let Some(old) = old {
            self.detach_listener(old, id);
            if let Some(link) = self.links.get_mut(old) {
                link.session = None;
            }
            self.close(now, old, CloseCode::SUPERSEDED, out);
        }
        self.attach(to, id);
    }

    /// After a resume: a visible user whose connection was lost is seen again.
    fn come_back(&mut self, id: SessionId, conn: ConnId, out: &mut impl Deliver) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(persona) = session.persona.filter(|_| session.hidden.is_none()) else {
            return;
        };
        if self.public.persona(persona).is_some_and(|persona| !persona.is_online()) {
            self.public.set_presence(persona, Presence::Online);
            self.tell_online(persona, conn, out);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a welcome says")]
    fn welcome(
        &mut self,
        now: Instant,
        to: Recipient,
        id: RequestId,
        session: SessionId,
        resumed: bool,
        token: ResumeToken,
        out: &mut impl Deliver,
    ) -> Option<Nickname> {
        let session = self.sessions.get(session)?;
        let persona = session.persona.and_then(|persona| self.public.persona(persona));
        let hidden = session.hidden.as_ref();
        let wish = hidden.map(|hidden| hidden.wish);
        let nickname = wish.or_else(|| persona.map(|persona| *persona.name()))?;
        let limits =
            self.limits.iter().map(|(info, value)| LimitValue { limit: info.limit as u16, value });
        let message = ServerMessage::Welcome {
            nickname: nickname.as_str(),
            resumed,
            hidden: hidden.is_some(),
            token,
            time: self.clock.at(now),
            everyone: self.public.logs().position(self.public.everyone()),
            limits: limits.collect(),
            features: 0,
            extensions: Vec::new(),
        };
        let content = Content::Message { id, message: &message, answers: Asked::Nothing };
        self.encoder.tell(out, &[to], None, content);
        Some(nickname)
    }

    /// Makes the connection hear what its session hears.
    fn attach(&mut self, to: Recipient, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        self.links.settle(to.conn);
        if let Some(link) = self.links.get_mut(to.conn) {
            link.session = Some(id);
        }
        self.audiences.listen(to);
        if let Some(rooms) = session.rooms(&self.public) {
            for room in rooms.values() {
                self.audiences.listen_in(*room, to);
            }
        }
        if let Some(persona) = session.persona {
            self.audiences.listen_as(persona, to);
        }
    }

    /// The opposite of `attach`.
    fn detach_listener(&mut self, conn: ConnId, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        self.audiences.leave(conn);
        if let Some(rooms) = session.rooms(&self.public) {
            for room in rooms.values() {
                self.audiences.leave_room(*room, conn);
            }
        }
        if let Some(persona) = session.persona {
            self.audiences.leave_persona(persona);
        }
    }

    /// The token before the newest is void once the newest is known to have arrived.
    pub(super) fn retire_token(&mut self, conn: ConnId, session: SessionId) {
        let Some(link) = self.links.get_mut(conn) else {
            return;
        };
        if !core::mem::replace(&mut link.has_asked, true)
            && let Some(session) = self.sessions.get_mut(session)
        {
            // What was told with the welcome has arrived too.
            session.released = None;
            if let Some(old) = session.tokens.retiring.take() {
                self.tokens.remove(&old);
            }
        }
    }

    /// Tells a hidden user, perhaps once more, that its name is free now. Unlike other events this
    /// one is repeated after a resume: with its name its private conversations ended, and of one
    /// that began while it was away it would never hear.
    fn tell_released(&mut self, to: Recipient, id: SessionId, out: &mut impl Deliver) {
        if let Some(name) = self.sessions.get(id).and_then(|session| session.released) {
            let message = ServerMessage::Notice {
                code: NoticeCode::NAME_RELEASED,
                subject: name.as_str(),
                text: "you were hidden for long: your nickname was released, your private conversations ended",
            };
            self.event(&[to], None, &message, out);
        }
    }

    pub(super) fn quit(
        &mut self,
        now: Instant,
        Caller { to, session: id }: Caller,
        request: RequestId,
        out: &mut impl Deliver,
    ) -> After {
        self.answer(to, request, &ServerMessage::Done, Asked::Nothing, out);
        self.say_closing(to.conn, CloseCode::QUIT, out);
        if let Some(link) = self.links.get_mut(to.conn) {
            link.session = None;
        }
        self.detach_listener(to.conn, id);
        let Some(session) = self.sessions.get(id) else {
            return After::Closed;
        };
        let visible = session.persona.filter(|_| session.hidden.is_none());
        if let Some(persona) = visible {
            self.tell_offline(persona, to.conn, out);
        }
        self.end_session(id);
        if let Some(persona) = visible {
            self.end_persona(now, persona, out);
        }
        After::Closed
    }

    /// The session's connection is gone; it waits to be resumed.
    pub(super) fn lose_connection(&mut self, now: Instant, id: SessionId, out: &mut impl Deliver) {
        let until = self.until(now);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let origin = session.origin;
        let Some(conn) = session.conn.take() else {
            return;
        };
        if session.hidden.is_some() {
            session.lost_until = Some(until);
            self.detach_listener(conn, id);
            self.lost.insert(until, origin, id);
            if let Some(oldest) = self.lost.beyond(&self.limits, origin) {
                self.end_session(oldest);
            }
            return;
        }
        self.detach_listener(conn, id);
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if let Some(persona) = session.persona {
            let known = self.public.persona(persona);
            let origin = known.map_or(origin, Persona::origin);
            self.tell_offline(persona, conn, out);
            self.public.set_presence(persona, Presence::Reserved(until));
            self.keep_reserved_within(now, origin, out);
        }
    }

    /// Ends a session. Its persona, if it has one, is reserved for nobody then.
    pub(super) fn end_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        for hash in [Some(session.tokens.newest), session.tokens.retiring].into_iter().flatten() {
            self.tokens.remove(&hash);
        }
        if let Some(until) = session.lost_until {
            self.lost.remove(until, session.origin, id);
        }
        if let Some(persona) = session.persona {
            self.bearers.remove(persona);
        }
    }

    /// Somebody is gone for good. A hidden bearer stays, and is told that its name is free now.
    pub(super) fn end_persona(&mut self, now: Instant, id: PersonaId, out: &mut impl Deliver) {
        let name = self.public.persona(id).map(|persona| *persona.name());
        self.public.leave_for_good(now, id, &self.limits);
        self.audiences.leave_persona(id);
        let Some(session_id) = self.bearers.remove(id) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(session_id) else {
            return;
        };
        session.persona = None;
        if session.hidden.is_none() {
            self.end_session(session_id);
            return;
        }
        session.released = name;
        let link = session.conn.and_then(|conn| Some((conn, self.links.get(conn)?)));
        if let Some((conn, link)) = link {
            let to = link.recipient(conn);
            self.tell_released(to, session_id, out);
        }
    }
}
