//! A chat written for obviousness: lists, and a scan for everything. What it says is words, with
//! numbers in the place of epochs and tokens.

mod ends;
mod lists;
mod requests;

use std::collections::BTreeMap;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::name::NameKey;

use super::trace::Action;

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
    /// Private conversations whose other is gone, by who is left.
    ended: Vec<(usize, String, Log)>,
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
    /// The name that it may not know to have lost.
    released: Option<String>,
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
            ended: vec![],
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
            Action::Login { conn, ref name, hidden, token } => {
                self.login(conn, name, hidden, token);
            }
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
        let Some(known) = self.conns.get_mut(conn) else {
            return;
        };
        known.known = false;
        known.closed = true;
        let Some(session) = known.session.take() else {
            return;
        };
        self.sessions[session].conn = None;
        let until = self.now + self.limits[Limit::ResumeMs];
        if self.sessions[session].hidden.is_some() {
            self.sessions[session].lost_until = Some(until);
            self.end_lost(self.sessions[session].origin);
        } else if let Some(persona) = self.sessions[session].persona {
            self.reserve(persona, until);
        }
    }

    /// Ends the oldest hidden session that has lost its connection, where there are too many.
    fn end_lost(&mut self, origin: u8) {
        let lost = self.sessions.iter().enumerate().filter(|(_, session)| session.alive);
        let lost: Vec<_> =
            lost.filter_map(|(index, session)| Some((session.lost_until?, index))).collect();
        let here = |&&(_, index): &&(u64, usize)| self.sessions[index].origin == origin;
        let from: Vec<_> = lost.iter().filter(here).collect();
        let oldest = if origin != 0 && from.len() > self.limit(Limit::DetachedPerAddress) {
            from.into_iter().min()
        } else if lost.len() > self.limit(Limit::DetachedSessions) {
            lost.iter().min()
        } else {
            None
        };
        if let Some(&(_, oldest)) = oldest {
            self.end_session(oldest);
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
        let name = self.personas[id].name.clone();
        for (one, other, log) in std::mem::take(&mut self.pairs) {
            if one != id && other != id {
                self.pairs.push((one, other, log));
            } else {
                let left = if one == id { other } else { one };
                self.ended.retain(|(who, with, _)| *who != left || !same(with, &name));
                self.ended.push((left, name.clone(), log));
            }
        }
        let bearer = self.sessions.iter().position(|s| s.alive && s.persona == Some(id));
        let Some(bearer) = bearer else { return };
        self.sessions[bearer].persona = None;
        if self.sessions[bearer].hidden.is_none() {
            self.end_session(bearer);
        } else {
            self.sessions[bearer].released = Some(name);
            self.tell_released(bearer);
        }
    }

    fn tell_released(&mut self, session: usize) {
        let Session { released, conn, .. } = &self.sessions[session];
        if let (Some(name), Some(conn)) = (released, conn) {
            self.tell(*conn, format!("notice name_released {name}"));
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
                    released: None,
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
        self.sessions[session].origin = self.conns[conn].origin;
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
        self.tell_released(session);
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
}
