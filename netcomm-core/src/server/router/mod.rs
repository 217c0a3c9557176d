//! Who is where and who hears what, for all connections.
//!
//! One request is executed at a time. What others learn of it comes out of [`Public`]; who is
//! told comes out of [`Audiences`]; both change together, so that all members of a conversation
//! hear the same messages in the same order.

mod link;
mod login;
mod lost;
mod pages;
mod posts;
mod rooms;
mod twin;
mod visibility;

use alloc::collections::BTreeMap;
use core::mem::size_of;
use core::time::Duration;

use slotmap::{SecondaryMap, SlotMap};

use super::audience::Audiences;
use super::deliver::{ConnId, Deliver, Face, Recipient};
use super::incoming::{After, Incoming, Posts, Row};
use super::origin::{Address, Origin};
use super::outgoing::{Asked, Content, Encoder};
use super::public::{EndedRoom, PersonaId, Public};
use super::refusal::Refusal;
use super::secret::{Secret, TokenHash};
use super::session::{Answer, Session, SessionId};
use super::speech::Caller;
use crate::limits::{Limit, Limits};
use crate::preface::{ServerPreface, Version};
use crate::time::{Instant, WallClock};
use crate::wire::{
    ClientMessage, CloseCode, NoticeCode, Post, RefusalCode, RequestId, ServerMessage,
};
use link::{Link, Links};
use lost::Lost;

pub(super) use posts::Target;
pub use twin::Absent;

/// The chat's state.
#[derive(Debug)]
pub struct Router {
    limits: Limits,
    clock: WallClock,
    /// Set when it shuts down: when to come back.
    closing: Option<Duration>,
    links: Links,
    sessions: SlotMap<SessionId, Session>,
    tokens: BTreeMap<TokenHash, SessionId>,
    /// Who bears each persona. One whose bearer has quit while hidden has none.
    bearers: SecondaryMap<PersonaId, SessionId>,
    lost: Lost,
    public: Public,
    audiences: Audiences,
    encoder: Encoder,
}

/// What is kept of a connection itself.
pub(super) const LINK_BYTES: usize = size_of::<Link>();

/// A request that was granted: its answer, and what its connection must know.
type Granted = (Answer, After);

impl Router {
    /// An empty chat. `seed` is random: the conversation of everyone takes its epoch from it.
    #[must_use]
    pub fn new(limits: Limits, clock: WallClock, seed: [u8; 16]) -> Self {
        let epoch = Secret::new(seed).epoch("everyone", Instant::EPOCH, &[]);
        Self {
            public: Public::new(&limits, epoch),
            encoder: Encoder::new(&limits),
            limits,
            clock,
            closing: None,
            links: Links::default(),
            sessions: SlotMap::with_key(),
            tokens: BTreeMap::new(),
            bearers: SecondaryMap::new(),
            lost: Lost::default(),
            audiences: Audiences::default(),
        }
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A connection from `origin`. `entropy` is random and secret: tokens and epochs are made of
    /// it. An error says why it is not accepted; give it to [`super::Connection::refusing`].
    pub fn connect(
        &mut self,
        now: Instant,
        origin: Origin,
        entropy: [u8; 16],
        out: &mut impl Deliver,
    ) -> Result<ConnId, CloseCode> {
        self.flush(out);
        if self.closing.is_some() {
            return Err(CloseCode::SHUTTING_DOWN);
        }
        let origin = Address::of(origin, &self.limits);
        let conn = self.links.insert(origin, entropy, &self.limits)?;
        while let Some(oldest) = self.links.pending_beyond(&self.limits) {
            self.close(now, oldest, CloseCode::LOGIN_TIMEOUT, out);
        }
        Ok(conn)
    }

    /// Executes what a connection says.
    pub fn handle(
        &mut self,
        now: Instant,
        from: ConnId,
        incoming: &Incoming<'_>,
        out: &mut impl Deliver,
    ) -> After {
        let after = self.handle_unflushed(now, from, incoming, out);
        self.flush(out);
        after
    }

    /// Hands out what [`Self::handle_unflushed`] holds back.
    pub fn flush(&mut self, out: &mut impl Deliver) {
        self.encoder.flush(out);
    }

    /// As [`Self::handle`], but what a connection says in a row in one conversation may be held
    /// back, and is then handed out in one piece: when anything else is to be told or changes, at the
    /// latest with [`Self::flush`], which is due when all that was read is executed. Everybody is
    /// told the same in the same order.
    pub fn handle_unflushed(
        &mut self,
        now: Instant,
        from: ConnId,
        incoming: &Incoming<'_>,
        out: &mut impl Deliver,
    ) -> After {
        if let Incoming::Request { id, message } = incoming
            && let ClientMessage::Post { conversation, epoch, nonce, text } = message
        {
            let posts = &[Post { id: *id, nonce: *nonce, text }];
            let row = Row { conversation: *conversation, epoch: *epoch, posts };
            if let Some((_, position)) = self.go_on(now, from, row) {
                return After::Posted(position);
            }
        }
        self.execute(now, from, incoming, out)
    }

    /// As [`Self::handle_unflushed`] with each of the posts; answers what the last of them came to.
    pub fn handle_posts(
        &mut self,
        now: Instant,
        from: ConnId,
        posts: &Posts<'_>,
        out: &mut impl Deliver,
    ) -> After {
        let mut row = posts.row();
        let mut after = After::Nothing;
        loop {
            if let Some((count, position)) = self.go_on(now, from, row) {
                row = row.after(count);
                after = After::Posted(position);
            }
            let Some(first) = row.posts.first() else {
                return after;
            };
            after = self.execute(now, from, &row.request(first), out);
            row = row.after(1);
        }
    }

    fn execute(
        &mut self,
        now: Instant,
        from: ConnId,
        incoming: &Incoming<'_>,
        out: &mut impl Deliver,
    ) -> After {
        let Some(link) = self.links.get_mut(from).filter(|link| !link.closed) else {
            return After::Closed;
        };
        if let Incoming::Opened(face) = incoming {
            link.face = Some(*face);
        }
        let (to, session) = (link.recipient(from), link.session);
        match incoming {
            Incoming::Opened(Face::Framed) => {
                let preface = Content::Preface(ServerPreface::Accepted(Version::V1));
                self.encoder.tell(out, &[to], None, preface);
            }
            Incoming::Opened(Face::Text) => {}
            Incoming::Request { id, message } => {
                return self.request(now, to, session, *id, message, out);
            }
            Incoming::Refuse { id, code, retry_after, text } => {
                let message =
                    ServerMessage::Refused { code: *code, retry_after: *retry_after, text };
                self.answer(to, *id, &message, Asked::Nothing, out);
            }
            Incoming::Help(topic) => {
                self.encoder.tell(out, &[to], None, Content::Help(*topic));
            }
            Incoming::PingDue => {
                let nonce = self.clock.at(now).0;
                self.event(&[to], None, &ServerMessage::Ping { nonce }, out);
            }
            Incoming::Close(code) => {
                self.close(now, from, *code, out);
                return After::Closed;
            }
        }
        After::Nothing
    }

    /// The connection is gone. Its id is never used again.
    pub fn disconnect(&mut self, now: Instant, conn: ConnId, out: &mut impl Deliver) {
        self.flush(out);
        if let Some(session) = self.links.remove(conn).and_then(|link| link.session) {
            self.lose_connection(now, session, out);
        }
    }

    /// Begins to end: new connections are refused, everybody is told to come back after
    /// `retry_after`, and closed.
    pub fn shut_down(&mut self, now: Instant, retry_after: Duration, out: &mut impl Deliver) {
        self.closing = Some(retry_after);
        let open: alloc::vec::Vec<_> = self.links.ids().collect();
        for conn in &open {
            self.say_closing(*conn, CloseCode::SHUTTING_DOWN, out);
        }
        // Nobody is left to hear of anybody's going.
        self.audiences = Audiences::default();
        for conn in open {
            if let Some(session) = self.links.get_mut(conn).and_then(|link| link.session.take()) {
                self.lose_connection(now, session, out);
            }
        }
    }

    /// To be called when [`Self::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Deliver) {
        // What ends now may be told to nobody: see `go_on`.
        self.flush(out);
        while let Some(persona) = self.public.reserved_until(now) {
            self.end_persona(now, persona, out);
        }
        while let Some(session) = self.lost.until(now) {
            self.end_session(session);
        }
        while let Some(room) = self.public.end_idle_room(now, &self.limits) {
            self.end_room(room, out);
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.public.next_end(), self.lost.next_end()].into_iter().flatten().min()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is told apart by what it changes")]
    fn request(
        &mut self,
        now: Instant,
        to: Recipient,
        session: Option<SessionId>,
        id: RequestId,
        message: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> After {
        if let ClientMessage::Login { .. } = message {
            return self.login(now, to, id, message, out);
        }
        let asked = Asked::of(message);
        let Some(session) = session else {
            self.answer(to, id, &Refusal::not_logged_in().as_message(), asked, out);
            return After::Nothing;
        };
        self.retire_token(to.conn, session);
        let caller = Caller { to, session };
        match message {
            ClientMessage::Quit => self.quit(now, caller, id, out),
            ClientMessage::Ping { nonce } => {
                let pong = ServerMessage::Pong { nonce: *nonce };
                self.answer(to, id, &pong, asked, out);
                After::Nothing
            }
            ClientMessage::Pong { .. } => After::Nothing,
            _ if message.changes_state() => self.change_once(now, caller, id, message, out),
            _ => {
                if let Err(refusal) = self.page(caller, id, message, out) {
                    self.answer(to, id, &refusal.as_message(), asked, out);
                }
                After::Nothing
            }
        }
    }

    /// Executes a request that changes something, unless that was done before.
    fn change_once(
        &mut self,
        now: Instant,
        caller: Caller,
        id: RequestId,
        message: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> After {
        let asked = Asked::of(message);
        if let Some(after) = self.repeat(caller, id, asked, out) {
            return after;
        }
        // Posts go on with what is held. All else that changes something ends it: see `go_on`.
        if !matches!(message, ClientMessage::Post { .. }) {
            self.flush(out);
        }
        match self.change(now, caller, message, out) {
            Ok((answer, after)) => {
                self.encoder.grant(out, caller.to, id, &answer, asked);
                let most = self.limits.count(Limit::Unanswered);
                if id != RequestId::NONE
                    && let Some(session) = self.sessions.get_mut(caller.session)
                {
                    session.answers.keep(id, answer, most);
                }
                after
            }
            Err(refusal) => {
                self.answer(caller.to, id, &refusal.as_message(), asked, out);
                After::Nothing
            }
        }
    }

    /// Answers a request that was executed already as it was answered then.
    fn repeat(
        &mut self,
        Caller { to, session }: Caller,
        id: RequestId,
        asked: Asked<'_>,
        out: &mut impl Deliver,
    ) -> Option<After> {
        let answers = &self.sessions.get(session)?.answers;
        match answers.find(id) {
            Some(answer) => self.encoder.grant(out, to, id, &answer, asked),
            None if id != RequestId::NONE && answers.is_stale(id) => {
                let what = "a later request was executed, and no answer to this one is kept";
                let code = RefusalCode::STALE_REQUEST;
                let stale = Refusal::limit(code, &self.limits, Limit::Unanswered, what);
                self.answer(to, id, &stale.as_message(), asked, out);
            }
            None => return None,
        }
        Some(After::Nothing)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing")]
    fn change(
        &mut self,
        now: Instant,
        caller: Caller,
        message: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> Result<Granted, Refusal> {
        match *message {
            ClientMessage::Post { conversation, epoch, nonce, text } => {
                self.post(now, caller, conversation, epoch, nonce, text, out)
            }
            ClientMessage::Join { room } => self.join(now, caller, room, out),
            ClientMessage::CreateRoom { room } => self.create_room(now, caller, room, out),
            ClientMessage::Leave { room } => self.leave(caller, room, out),
            ClientMessage::Rename { nickname } => self.rename(caller, nickname, out),
            ClientMessage::Hide => self.hide(now, caller, out),
            ClientMessage::Reveal => self.reveal(now, caller, out),
            _ => Err(Refusal::unsupported()),
        }
    }

    fn answer(
        &mut self,
        to: Recipient,
        id: RequestId,
        message: &ServerMessage<'_>,
        asked: Asked<'_>,
        out: &mut impl Deliver,
    ) {
        self.encoder.answer(out, to, Content::Message { id, message, answers: asked });
    }

    fn event(
        &mut self,
        to: &[Recipient],
        except: Option<ConnId>,
        message: &ServerMessage<'_>,
        out: &mut impl Deliver,
    ) {
        self.encoder.tell(out, to, except, Content::event(message));
    }

    /// Closes a connection; its session, if it has one, has lost it.
    fn close(&mut self, now: Instant, conn: ConnId, code: CloseCode, out: &mut impl Deliver) {
        self.say_closing(conn, code, out);
        if let Some(session) = self.links.get_mut(conn).and_then(|link| link.session.take()) {
            self.lose_connection(now, session, out);
        }
    }

    /// Says the last words to a connection.
    fn say_closing(&mut self, conn: ConnId, code: CloseCode, out: &mut impl Deliver) {
        let Some(link) = self.links.get_mut(conn).filter(|link| !link.closed) else {
            return;
        };
        link.closed = true;
        let to = link.recipient(conn);
        let retry_after = self.closing.map(super::deliver::millis);
        let message = ServerMessage::Closing { code, retry_after, text: code.reason() };
        self.encoder.close(out, to, Content::event(&message));
        self.links.settle(conn);
    }

    /// A room has ended: its listeners are told, and hidden ones leave it too.
    fn end_room(&mut self, room: EndedRoom, out: &mut impl Deliver) {
        let listeners = self.audiences.end_room(room.id);
        for to in &listeners {
            let session = self.links.get(to.conn).and_then(|link| link.session);
            let hidden = session
                .and_then(|session| self.sessions.get_mut(session))
                .and_then(|session| session.hidden.as_mut());
            if let Some(hidden) = hidden {
                hidden.rooms.retain(|_, id| *id != room.id);
            }
        }
        let message = ServerMessage::Notice {
            code: NoticeCode::ROOM_CLOSED,
            subject: room.name.as_str(),
            text: "the room has ended: nobody owned it, and it was idle",
        };
        self.event(&listeners, None, &message, out);
    }

    fn until(&self, now: Instant) -> Instant {
        now + self.limits.duration(Limit::ResumeMs)
    }
}
