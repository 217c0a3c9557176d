//! A chat written for obviousness: lists, and a scan for everything. What it says is words, with
//! numbers in the place of epochs and tokens.

use std::collections::BTreeMap;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::name::NameKey;

use super::trace::{Action, Place};

/// What each connection hears in one step.
pub type Said = BTreeMap<usize, Vec<String>>;

pub struct Model {
    limits: Limits,
    now: u64,
    conns: Vec<Conn>,
    sessions: Vec<Session>,
    personas: Vec<Persona>,
    rooms: Vec<Room>,
    pairs: Vec<(usize, usize, Log)>,
    everyone: Log,
    symbols: usize,
    said: Said,
}

struct Conn {
    origin: u8,
    /// Known to the router: not yet lost.
    known: bool,
    closed: bool,
    session: Option<usize>,
    has_asked: bool,
}

struct Session {
    alive: bool,
    conn: Option<usize>,
    persona: Option<usize>,
    hidden: Option<Hidden>,
    lost_until: Option<u64>,
    origin: u8,
    /// The newest first.
    tokens: Vec<usize>,
    answers: Vec<(u32, String)>,
}

struct Hidden {
    wish: String,
    rooms: Vec<usize>,
}

struct Persona {
    alive: bool,
    name: String,
    online: bool,
    until: u64,
    origin: u8,
    rooms: Vec<usize>,
}

struct Room {
    alive: bool,
    name: String,
    owner: Option<usize>,
    disowned: u64,
    active: u64,
    log: Log,
}

#[derive(Clone)]
struct Log {
    epoch: usize,
    said: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Everyone,
    Room(usize),
    Private(usize),
}

type Granted = Result<String, &'static str>;

fn same(one: &str, other: &str) -> bool {
    NameKey::of(one) == NameKey::of(other)
}

impl Model {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: 0,
            conns: vec![],
            sessions: vec![],
            personas: vec![],
            rooms: vec![],
            pairs: vec![],
            everyone: Log { epoch: 0, said: vec![] },
            symbols: 1,
            said: Said::new(),
        }
    }

    /// Executes one action and tells what everybody hears.
    pub fn step(&mut self, action: &Action, id: u32) -> Said {
        match *action {
            Action::Connect { origin } => self.connect(origin),
            Action::Lose { conn } => self.lose(conn),
            Action::Pass { ms } => self.pass(ms),
            Action::Login { conn, ref name, hidden, token } => self.login(conn, name, hidden, token),
            Action::Quit { conn } => self.quit(conn),
            _ => self.request(action, id),
        }
        std::mem::take(&mut self.said)
    }

    fn limit(&self, limit: Limit) -> usize {
        self.limits.count(limit)
    }

    fn tell(&mut self, conn: usize, what: String) {
        self.said.entry(conn).or_default().push(what);
    }

    fn symbol(&mut self) -> usize {
        self.symbols += 1;
        self.symbols - 1
    }

    // Connections

    fn connect(&mut self, origin: u8) {
        let number = self.conns.len();
        let known: Vec<_> = self.conns.iter().filter(|conn| conn.known).collect();
        let from = known.iter().filter(|conn| conn.origin == origin).count();
        let admitted = known.len() < self.limit(Limit::Connections)
            && (origin == 0 || from < self.limit(Limit::ConnectionsPerAddress));
        self.conns.push(Conn {
            origin,
            known: admitted,
            closed: !admitted,
            session: None,
            has_asked: false,
        });
        if !admitted {
            return self.tell(number, "not let in".into());
        }
        let pending = self.conns.iter().filter(|conn| !conn.closed && conn.session.is_none());
        if pending.count() > self.limit(Limit::PendingLogins) {
            let oldest = self.conns.iter().position(|conn| !conn.closed && conn.session.is_none());
            self.close(oldest.unwrap(), "login_timeout");
        }
    }

    fn close(&mut self, conn: usize, code: &str) {
        self.tell(conn, format!("closing {code}"));
        self.conns[conn].closed = true;
        self.conns[conn].session = None;
    }

    fn lose(&mut self, conn: usize) {
        let Some(known) = self.conns.get_mut(conn) else { return };
        known.known = false;
        known.closed = true;
        let Some(session) = known.session.take() else { return };
        self.sessions[session].conn = None;
        let until = self.now + self.limits[Limit::ResumeMs];
        if self.sessions[session].hidden.is_some() {
            self.sessions[session].lost_until = Some(until);
            let lost = self.sessions.iter().enumerate().filter(|(_, other)| other.alive);
            let lost: Vec<_> =
                lost.filter_map(|(index, other)| Some((other.lost_until?, index))).collect();
            if lost.len() > self.limit(Limit::DetachedSessions) {
                self.end_session(lost.iter().min().unwrap().1);
            }
        } else if let Some(persona) = self.sessions[session].persona {
            self.reserve(persona, until);
        }
    }

    // Presence

    /// Others see it go.
    fn reserve(&mut self, persona: usize, until: u64) {
        let name = self.personas[persona].name.clone();
        self.tell_others(persona, &format!("offline {name}"));
        self.personas[persona].online = false;
        self.personas[persona].until = until;
        self.evict(self.personas[persona].origin);
    }

    fn appear(&mut self, persona: usize) {
        self.personas[persona].online = true;
        let name = self.personas[persona].name.clone();
        self.tell_others(persona, &format!("online {name}"));
    }

    fn evict(&mut self, origin: u8) {
        loop {
            let reserved: Vec<_> = (0..self.personas.len())
                .filter(|&id| self.personas[id].alive && !self.personas[id].online)
                .map(|id| (self.personas[id].until, id))
                .collect();
            let here = |&&(_, id): &&(u64, usize)| self.personas[id].origin == origin;
            let from: Vec<_> = reserved.iter().filter(here).collect();
            let oldest = if origin != 0 && from.len() > self.limit(Limit::DetachedPerAddress) {
                from.into_iter().min()
            } else if reserved.len() > self.limit(Limit::DetachedSessions) {
                reserved.iter().min()
            } else {
                None
            };
            let Some(&(_, oldest)) = oldest else { return };
            self.end_persona(oldest);
        }
    }

    fn end_persona(&mut self, id: usize) {
        self.personas[id].alive = false;
        for room in &mut self.rooms {
            if room.owner == Some(id) {
                room.owner = None;
                room.disowned = self.now;
            }
        }
        self.pairs.retain(|(one, other, _)| *one != id && *other != id);
        let bearer = self.sessions.iter().position(|s| s.alive && s.persona == Some(id));
        let Some(bearer) = bearer else { return };
        self.sessions[bearer].persona = None;
        if self.sessions[bearer].hidden.is_none() {
            self.end_session(bearer);
        } else if let Some(conn) = self.sessions[bearer].conn {
            let name = self.personas[id].name.clone();
            self.tell(conn, format!("notice name_released {name}"));
        }
    }

    fn end_session(&mut self, session: usize) {
        self.sessions[session].alive = false;
    }

    fn online(&self) -> usize {
        self.personas.iter().filter(|persona| persona.alive && persona.online).count()
    }

    fn bearer(&self, persona: usize) -> Option<usize> {
        self.sessions.iter().position(|s| s.alive && s.persona == Some(persona))
    }

    fn rooms_of(&self, session: usize) -> Vec<usize> {
        let session = &self.sessions[session];
        match &session.hidden {
            Some(hidden) => hidden.rooms.clone(),
            None => session.persona.map_or(vec![], |id| self.personas[id].rooms.clone()),
        }
    }

    /// Who is connected and logged in, and in the room if one is named.
    fn listeners(&self, room: Option<usize>) -> Vec<usize> {
        let logged_in = (0..self.conns.len()).filter_map(|c| Some((c, self.conns[c].session?)));
        let listens = |session| room.is_none_or(|room| self.rooms_of(session).contains(&room));
        logged_in.filter(|(_, session)| listens(*session)).map(|(conn, _)| conn).collect()
    }

    fn tell_others(&mut self, persona: usize, what: &str) {
        let own = self.bearer(persona).and_then(|session| self.sessions[session].conn);
        let mut to = self.listeners(None);
        if self.online() > self.limit(Limit::NoticeAudience) {
            let mut known = vec![];
            for &room in &self.personas[persona].rooms {
                known.extend(self.listeners(Some(room)));
            }
            for &(one, other, _) in &self.pairs {
                let with = [(one, other), (other, one)].into_iter().find(|(me, _)| *me == persona);
                let bearer = with.and_then(|(_, other)| self.bearer(other));
                known.extend(bearer.and_then(|bearer| self.sessions[bearer].conn));
            }
            to.retain(|conn| known.contains(conn));
        }
        for conn in to {
            if Some(conn) != own {
                self.tell(conn, what.into());
            }
        }
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.personas.iter().position(|p| p.alive && same(&p.name, name))
    }

    fn room_named(&self, name: &str) -> Option<usize> {
        self.rooms.iter().position(|room| room.alive && same(&room.name, name))
    }

    // Coming and going

    fn login(&mut self, conn: usize, name: &str, hidden: bool, token: Option<usize>) {
        if self.conns.get(conn).is_none_or(|conn| conn.closed) {
            return;
        }
        if self.conns[conn].session.is_some() {
            return self.tell(conn, "refused already_logged_in".into());
        }
        let holds = |session: &Session| token.is_some_and(|t| session.tokens.contains(&t));
        let resumed = self.sessions.iter().position(|s| s.alive && holds(s));
        let session = match resumed {
            Some(session) => session,
            None if !hidden && self.named(name).is_some() => {
                return self.tell(conn, "refused name_taken".into());
            }
            None => {
                let origin = self.conns[conn].origin;
                let persona = (!hidden).then(|| self.enter(name, origin));
                self.sessions.push(Session {
                    alive: true,
                    conn: None,
                    persona,
                    hidden: hidden.then(|| Hidden { wish: name.into(), rooms: vec![] }),
                    lost_until: None,
                    origin,
                    tokens: vec![],
                    answers: vec![],
                });
                self.sessions.len() - 1
            }
        };
        let newest = self.symbol();
        self.sessions[session].tokens.retain(|other| Some(*other) == token);
        self.sessions[session].tokens.insert(0, newest);
        self.sessions[session].lost_until = None;
        self.conns[conn].session = Some(session);
        if let Some(old) = self.sessions[session].conn.replace(conn) {
            self.close(old, "superseded");
        }
        let persona = self.sessions[session].persona;
        let hidden = self.sessions[session].hidden.as_ref().map(|hidden| hidden.wish.clone());
        let name = hidden.clone().unwrap_or_else(|| self.personas[persona.unwrap()].name.clone());
        let (resumed, is_hidden) = (resumed.is_some(), hidden.is_some());
        let last = self.everyone.said.len();
        let words = format!("welcome {name} {resumed} {is_hidden} t{newest} e0 {last}");
        self.tell(conn, words);
        if let Some(persona) = persona.filter(|id| hidden.is_none() && !self.personas[*id].online) {
            self.appear(persona);
        }
    }

    fn enter(&mut self, name: &str, origin: u8) -> usize {
        self.personas.push(Persona {
            alive: true,
            name: name.into(),
            online: false,
            until: 0,
            origin,
            rooms: vec![],
        });
        self.personas.len() - 1
    }

    fn quit(&mut self, conn: usize) {
        let Some(session) = self.conns.get(conn).and_then(|conn| conn.session) else {
            return self.not_logged_in(conn);
        };
        self.tell(conn, "done".into());
        self.close(conn, "quit");
        let visible = self.sessions[session].persona;
        let visible = visible.filter(|_| self.sessions[session].hidden.is_none());
        self.sessions[session].conn = None;
        if let Some(persona) = visible {
            let name = self.personas[persona].name.clone();
            self.tell_others(persona, &format!("offline {name}"));
        }
        self.end_session(session);
        if let Some(persona) = visible {
            self.end_persona(persona);
        }
    }

    fn not_logged_in(&mut self, conn: usize) {
        if self.conns.get(conn).is_some_and(|conn| !conn.closed) {
            self.tell(conn, "refused not_logged_in".into());
        }
    }

    // Time

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let reserved = self.personas.iter().filter(|p| p.alive && !p.online).map(|p| p.until);
            let lost = self.sessions.iter().filter(|s| s.alive).filter_map(|s| s.lost_until);
            let rooms = self.rooms.iter().filter(|room| room.alive && room.owner.is_none());
            let idle = self.limits[Limit::RoomIdleMs];
            let rooms = rooms.map(|room| room.disowned.max(room.active + idle));
            let next = reserved.chain(lost).chain(rooms).min().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            self.end_what_is_due(idle);
        }
        self.now = end;
        for said in self.said.values_mut() {
            said.sort();
        }
    }

    fn end_what_is_due(&mut self, idle: u64) {
        let now = self.now;
        for id in 0..self.personas.len() {
            let persona = &self.personas[id];
            if persona.alive && !persona.online && persona.until <= now {
                self.end_persona(id);
            }
        }
        for id in 0..self.sessions.len() {
            let session = &self.sessions[id];
            if session.alive && session.lost_until.is_some_and(|until| until <= now) {
                self.end_session(id);
            }
        }
        for id in 0..self.rooms.len() {
            let room = &self.rooms[id];
            let due = room.disowned.max(room.active + idle);
            if room.alive && room.owner.is_none() && due <= now {
                for conn in self.listeners(Some(id)) {
                    let name = self.rooms[id].name.clone();
                    self.tell(conn, format!("notice room_closed {name}"));
                }
                self.rooms[id].alive = false;
                for persona in &mut self.personas {
                    persona.rooms.retain(|room| *room != id);
                }
                for hidden in self.sessions.iter_mut().filter_map(|s| s.hidden.as_mut()) {
                    hidden.rooms.retain(|room| *room != id);
                }
            }
        }
    }

    // Requests

    fn request(&mut self, action: &Action, id: u32) {
        let conn = action.conn();
        let Some(session) = self.conns.get(conn).and_then(|conn| conn.session) else {
            return self.not_logged_in(conn);
        };
        if !std::mem::replace(&mut self.conns[conn].has_asked, true) {
            self.sessions[session].tokens.truncate(1);
        }
        let answer = match action {
            Action::Members { room, from, .. } => self.members(room.as_deref(), from),
            Action::Rooms { from, .. } => Ok(self.list_rooms(from)),
            Action::History { place, first, last, latest, most, .. } => {
                self.history(session, place, (*first, *last), *latest, *most)
            }
            Action::Conversations { .. } => Ok(self.conversations(session)),
            _ => {
                let kept = &self.sessions[session].answers;
                if let Some((_, answer)) = kept.iter().find(|(other, _)| *other == id) {
                    let answer = answer.clone();
                    return self.tell(conn, answer);
                }
                let full = kept.len() >= self.limit(Limit::Unanswered);
                if full && id < kept[0].0 {
                    return self.tell(conn, "refused stale_request".into());
                }
                let answer = self.change(session, conn, action);
                if let Ok(answer) = &answer {
                    let most = self.limit(Limit::Unanswered);
                    let kept = &mut self.sessions[session].answers;
                    kept.push((id, answer.clone()));
                    kept.sort();
                    if kept.len() > most {
                        kept.remove(0);
                    }
                }
                answer
            }
        };
        match answer {
            Ok(answer) => self.tell(conn, answer),
            Err(code) => self.tell(conn, format!("refused {code}")),
        }
    }

    fn change(&mut self, session: usize, conn: usize, action: &Action) -> Granted {
        match action {
            Action::Post { place, epoch, text, .. } => {
                self.post(session, conn, place, *epoch, text)
            }
            Action::Join { room, .. } => self.join(session, conn, room),
            Action::Create { room, .. } => self.create(session, conn, room),
            Action::Leave { room, .. } => self.leave(session, conn, room),
            Action::Rename { name, .. } => self.rename(session, name),
            Action::Hide { .. } => self.hide(session),
            Action::Reveal { .. } => self.reveal(session, conn),
            _ => unreachable!("not a change"),
        }
    }

    fn find(&self, session: usize, place: &Place) -> Result<Where, &'static str> {
        match place {
            Place::Everyone => Ok(Where::Everyone),
            Place::Room(name) => {
                let room = self.room_named(name).ok_or("unknown_room")?;
                let is_in = self.rooms_of(session).contains(&room);
                if is_in { Ok(Where::Room(room)) } else { Err("not_a_member") }
            }
            Place::Private(name) => {
                let other = self.named(name).ok_or("unknown_name")?;
                let own = self.sessions[session].persona == Some(other);
                if own { Err("unknown_conversation") } else { Ok(Where::Private(other)) }
            }
        }
    }

    fn log(&mut self, session: usize, at: Where) -> Option<&mut Log> {
        match at {
            Where::Everyone => Some(&mut self.everyone),
            Where::Room(room) => Some(&mut self.rooms[room].log),
            Where::Private(other) => {
                let own = self.sessions[session].persona?;
                let is = |(one, two, _): &&mut (usize, usize, Log)| {
                    [(own, other), (other, own)].contains(&(*one, *two))
                };
                self.pairs.iter_mut().find(is).map(|(.., log)| log)
            }
        }
    }

    fn post(
        &mut self,
        session: usize,
        conn: usize,
        place: &Place,
        epoch: Option<usize>,
        text: &str,
    ) -> Granted {
        let at = self.find(session, place)?;
        let found = self.log(session, at).map(|log| log.epoch);
        if epoch.is_some() && epoch != found {
            return Err("wrong_epoch");
        }
        if let (None, Where::Private(other)) = (found, at) {
            let count = |id| self.pairs.iter().filter(|(a, b, _)| *a == id || *b == id).count();
            let most = self.limit(Limit::PairsPerUser);
            let own = self.sessions[session].persona.map_or(0, count);
            let full = own >= most || count(other) >= most;
            if full || self.pairs.len() >= self.limit(Limit::Pairs) {
                return Err("too_many_pairs");
            }
        }
        let author = self.speaker(session)?;
        if let (None, Where::Private(other)) = (found, at) {
            let epoch = self.symbol();
            self.pairs.push((author, other, Log { epoch, said: vec![] }));
        }
        let name = self.personas[author].name.clone();
        let log = self.log(session, at).unwrap();
        log.said.push((name.clone(), text.into()));
        let (epoch, seq) = (log.epoch, log.said.len());
        let (shown, to) = match at {
            Where::Everyone => ("*".into(), self.listeners(None)),
            Where::Room(room) => {
                self.rooms[room].active = self.now;
                (format!("#{}", self.rooms[room].name), self.listeners(Some(room)))
            }
            Where::Private(other) => {
                let bearer = self.bearer(other).and_then(|bearer| self.sessions[bearer].conn);
                (format!("@{name}"), bearer.into_iter().collect())
            }
        };
        for to in to {
            if to != conn {
                self.tell(to, format!("message {shown} e{epoch} {seq} {name}: {text}"));
            }
        }
        self.evict(self.personas[author].origin);
        Ok(format!("posted e{epoch} {seq}"))
    }

    fn speaker(&mut self, session: usize) -> Result<usize, &'static str> {
        let persona = self.sessions[session].persona;
        let Some(hidden) = &self.sessions[session].hidden else { return Ok(persona.unwrap()) };
        let wish = hidden.wish.clone();
        if self.named(&wish).is_some_and(|bearer| Some(bearer) != persona) {
            return Err("name_lost");
        }
        let origin = self.sessions[session].origin;
        let persona = persona.unwrap_or_else(|| self.enter(&wish, origin));
        self.sessions[session].persona = Some(persona);
        self.personas[persona].name = wish;
        self.personas[persona].until = self.now + self.limits[Limit::ResumeMs];
        Ok(persona)
    }

    fn join(&mut self, session: usize, conn: usize, name: &str) -> Granted {
        let room = self.room_named(name).ok_or("unknown_room")?;
        let rooms = self.rooms_of(session);
        if !rooms.contains(&room) {
            if rooms.len() >= self.limit(Limit::RoomsPerUser) {
                return Err("rooms_per_user");
            }
            match &mut self.sessions[session].hidden {
                Some(hidden) => hidden.rooms.push(room),
                None => self.put_into(session, conn, room),
            }
        }
        let log = &self.rooms[room].log;
        Ok(format!("joined {} e{} {}", self.rooms[room].name, log.epoch, log.said.len()))
    }

    /// Others see it come.
    fn put_into(&mut self, session: usize, conn: usize, room: usize) {
        let persona = self.sessions[session].persona.unwrap();
        self.personas[persona].rooms.push(room);
        self.rooms[room].active = self.now;
        let words = format!("joins {} {}", self.rooms[room].name, self.personas[persona].name);
        self.tell_room(room, conn, &words);
    }

    fn take_out(&mut self, session: usize, conn: usize, room: usize) {
        let persona = self.sessions[session].persona.unwrap();
        let words = format!("leaves {} {}", self.rooms[room].name, self.personas[persona].name);
        self.tell_room(room, conn, &words);
        self.personas[persona].rooms.retain(|other| *other != room);
    }

    fn tell_room(&mut self, room: usize, except: usize, words: &str) {
        for conn in self.listeners(Some(room)) {
            if conn != except {
                self.tell(conn, words.into());
            }
        }
    }

    fn create(&mut self, session: usize, conn: usize, name: &str) -> Granted {
        if self.sessions[session].hidden.is_some() {
            return Err("reveal_first");
        }
        if self.room_named(name).is_some() {
            return Err("room_exists");
        }
        if self.rooms_of(session).len() >= self.limit(Limit::RoomsPerUser) {
            return Err("rooms_per_user");
        }
        if self.rooms.iter().filter(|room| room.alive).count() >= self.limit(Limit::Rooms) {
            return Err("too_many_rooms");
        }
        let epoch = self.symbol();
        self.rooms.push(Room {
            alive: true,
            name: name.into(),
            owner: self.sessions[session].persona,
            disowned: 0,
            active: self.now,
            log: Log { epoch, said: vec![] },
        });
        self.join(session, conn, name)
    }

    fn leave(&mut self, session: usize, conn: usize, name: &str) -> Granted {
        let room = self.room_named(name).ok_or("unknown_room")?;
        if !self.rooms_of(session).contains(&room) {
            return Err("not_a_member");
        }
        match &mut self.sessions[session].hidden {
            Some(hidden) => hidden.rooms.retain(|other| *other != room),
            None => self.take_out(session, conn, room),
        }
        Ok("done".into())
    }

    fn rename(&mut self, session: usize, name: &str) -> Granted {
        if let Some(hidden) = &mut self.sessions[session].hidden {
            hidden.wish = name.into();
            return Ok("done".into());
        }
        let persona = self.sessions[session].persona.unwrap();
        if self.named(name).is_some_and(|bearer| bearer != persona) {
            return Err("name_taken");
        }
        self.take_name(persona, name);
        Ok("done".into())
    }

    fn take_name(&mut self, persona: usize, name: &str) {
        let before = std::mem::replace(&mut self.personas[persona].name, name.into());
        if before != name {
            self.tell_others(persona, &format!("renamed {before} {name}"));
        }
    }

    fn hide(&mut self, session: usize) -> Granted {
        if self.sessions[session].hidden.is_none() {
            let persona = self.sessions[session].persona.unwrap();
            let wish = self.personas[persona].name.clone();
            let rooms = self.personas[persona].rooms.clone();
            self.sessions[session].hidden = Some(Hidden { wish, rooms });
            self.reserve(persona, self.now + self.limits[Limit::ResumeMs]);
        }
        Ok("done".into())
    }

    fn reveal(&mut self, session: usize, conn: usize) -> Granted {
        let Some(hidden) = &self.sessions[session].hidden else { return Ok("done".into()) };
        let (wish, rooms) = (hidden.wish.clone(), hidden.rooms.clone());
        let persona = self.sessions[session].persona;
        if self.named(&wish).is_some_and(|bearer| Some(bearer) != persona) {
            return Err("name_lost");
        }
        self.sessions[session].hidden = None;
        let origin = self.sessions[session].origin;
        let persona = persona.unwrap_or_else(|| self.enter(&wish, origin));
        self.sessions[session].persona = Some(persona);
        self.appear(persona);
        self.take_name(persona, &wish);
        let restored = self.personas[persona].rooms.clone();
        let mut changed: Vec<_> = restored.iter().chain(&rooms).copied().collect();
        changed.retain(|room| restored.contains(room) != rooms.contains(room));
        changed.sort_by_key(|room| NameKey::of(&self.rooms[*room].name));
        for room in changed {
            if rooms.contains(&room) {
                self.put_into(session, conn, room);
            } else {
                self.take_out(session, conn, room);
            }
        }
        Ok("done".into())
    }

    // Lists

    fn page(&self, mut names: Vec<(NameKey, String)>, from: &str) -> (Vec<String>, String) {
        names.retain(|(key, _)| *key >= NameKey::of(from));
        names.sort();
        let most = self.limit(Limit::PageItems);
        let next = names.get(most).map_or(String::new(), |(_, name)| name.clone());
        (names.into_iter().take(most).map(|(_, name)| name).collect(), next)
    }

    fn members(&self, room: Option<&str>, from: &str) -> Granted {
        let room = match room {
            Some(name) => Some(self.room_named(name).ok_or("unknown_room")?),
            None => None,
        };
        let seen = self.personas.iter().filter(|p| p.alive && p.online);
        let there = seen.filter(|p| room.is_none_or(|room| p.rooms.contains(&room)));
        let names = there.map(|p| (NameKey::of(&p.name), p.name.clone())).collect();
        let (names, next) = self.page(names, from);
        Ok(format!("members {names:?} next {next}"))
    }

    fn list_rooms(&self, from: &str) -> String {
        let rooms = self.rooms.iter().filter(|room| room.alive);
        let rooms = rooms.map(|room| (NameKey::of(&room.name), room.name.clone())).collect();
        let (names, next) = self.page(rooms, from);
        let count = |name: &String| {
            let room = self.room_named(name).unwrap();
            let seen = self.personas.iter().filter(|p| p.alive && p.online);
            (name.clone(), seen.filter(|p| p.rooms.contains(&room)).count())
        };
        format!("rooms {:?} next {next}", names.iter().map(count).collect::<Vec<_>>())
    }

    fn history(
        &mut self,
        session: usize,
        place: &Place,
        (first, last): (u64, u64),
        latest: bool,
        most: u32,
    ) -> Granted {
        if first == 0 {
            return Err("invalid_request");
        }
        let at = self.find(session, place)?;
        let kept = self.limit(Limit::HistoryMessages);
        let page = self.limit(Limit::PageItems);
        let most = if most == 0 { page } else { page.min(most as usize) };
        let name = match at {
            Where::Everyone => "*".to_owned(),
            Where::Room(room) => format!("#{}", self.rooms[room].name),
            Where::Private(other) => format!("@{}", self.personas[other].name),
        };
        let log = self.log(session, at).ok_or("unknown_conversation")?;
        let total = log.said.len();
        let first_kept = total - total.min(kept) + 1;
        let numbers = first_kept as u64..=total as u64;
        let mut wanted: Vec<u64> = numbers.filter(|n| (first..=last).contains(n)).collect();
        if latest {
            wanted.drain(..wanted.len().saturating_sub(most));
        } else {
            wanted.truncate(most);
        }
        let item = |number: &u64| {
            let (author, text) = &log.said[usize::try_from(*number).unwrap() - 1];
            format!("{number} {author}: {text}")
        };
        let items: Vec<_> = wanted.iter().map(item).collect();
        Ok(format!("history {name} e{} {first_kept}..{total} {items:?}", log.epoch))
    }

    fn conversations(&mut self, session: usize) -> String {
        let mut all = vec![(0, NameKey::of(""), "*".to_owned(), &self.everyone)];
        for room in self.rooms_of(session) {
            let room = &self.rooms[room];
            all.push((1, NameKey::of(&room.name), format!("#{}", room.name), &room.log));
        }
        if let Some(own) = self.sessions[session].persona {
            for (one, two, log) in &self.pairs {
                let other = if *one == own { *two } else { *one };
                if [*one, *two].contains(&own) {
                    let name = &self.personas[other].name;
                    all.push((2, NameKey::of(name), format!("@{name}"), log));
                }
            }
        }
        all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        let show = |(_, _, name, log): &(i32, NameKey, String, &Log)| {
            format!("{name} e{} {}", log.epoch, log.said.len())
        };
        let most = self.limit(Limit::PageItems);
        let next = all.get(most).map(|(_, _, name, _)| name.clone());
        let shown: Vec<_> = all.iter().take(most).map(show).collect();
        format!("conversations {shown:?} next {next:?}")
    }
}
