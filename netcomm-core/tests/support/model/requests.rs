//! What a logged-in user may ask for, and what changes then.

use netcomm_core::limits::Limit;
use netcomm_core::name::NameKey;

use super::{Hidden, Log, Model, Room, same};
use crate::support::trace::{Action, Place};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Where {
    Everyone,
    Room(usize),
    Private(usize),
}

pub(super) type Granted = Result<String, &'static str>;

impl Model {
    pub(super) fn request(&mut self, action: &Action, id: u32) {
        let conn = action.conn();
        let Some(session) = self.conns.get(conn).and_then(|conn| conn.session) else {
            return self.not_logged_in(conn);
        };
        if !std::mem::replace(&mut self.conns[conn].has_asked, true) {
            self.sessions[session].tokens.truncate(1);
            self.sessions[session].released = None;
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
                if kept.iter().any(|(other, _)| id < *other) {
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

    pub(super) fn find(&self, session: usize, place: &Place) -> Result<Where, &'static str> {
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

    pub(super) fn log(&mut self, session: usize, at: Where) -> Option<&mut Log> {
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
            self.supersede(author);
            self.supersede(other);
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
        let Some(hidden) = &self.sessions[session].hidden else {
            return Ok(persona.unwrap());
        };
        let wish = hidden.wish.clone();
        if self.named(&wish).is_some_and(|bearer| Some(bearer) != persona) {
            return Err("name_lost");
        }
        let origin = self.sessions[session].origin;
        let persona = persona.unwrap_or_else(|| self.enter(&wish, origin));
        self.sessions[session].persona = Some(persona);
        self.personas[persona].name = wish;
        self.supersede(persona);
        self.personas[persona].until = self.now + self.limits[Limit::ResumeMs];
        Ok(persona)
    }

    fn join(&mut self, session: usize, conn: usize, name: &str) -> Granted {
        let room = self.room_named(name).ok_or("unknown_room")?;
        let rooms = self.rooms_of(session);
        if !rooms.contains(&room) {
            if !self.counted_rooms(session).contains(&room) && self.has_most_rooms(session) {
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

    fn has_most_rooms(&self, session: usize) -> bool {
        self.counted_rooms(session).len() >= self.limit(Limit::RoomsPerUser)
    }

    /// Those that it is in, and those that it owns.
    fn counted_rooms(&self, session: usize) -> Vec<usize> {
        let (rooms, persona) = (self.rooms_of(session), self.sessions[session].persona);
        let owns = |id: usize| persona.is_some() && self.rooms[id].owner == persona;
        let all = 0..self.rooms.len();
        all.filter(|id| self.rooms[*id].alive && (owns(*id) || rooms.contains(id))).collect()
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
        if self.has_most_rooms(session) {
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
        self.supersede(persona);
        if before != name {
            self.tell_others(persona, &format!("renamed {before} {name}"));
        }
    }

    /// To whom it has private conversations with, its name means nobody who is gone.
    fn supersede(&mut self, persona: usize) {
        let name = &self.personas[persona].name;
        let pairs = &self.pairs;
        let with = |who: usize| {
            pairs.iter().any(|(a, b, _)| (*a, *b) == (who, persona) || (*a, *b) == (persona, who))
        };
        self.ended.retain(|(who, gone, _)| !(with(*who) && same(gone, name)));
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
        let Some(hidden) = &self.sessions[session].hidden else {
            return Ok("done".into());
        };
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
        changed.sort_by_key(|room| (rooms.contains(room), NameKey::of(&self.rooms[*room].name)));
        for room in changed {
            if rooms.contains(&room) {
                self.put_into(session, conn, room);
            } else {
                self.take_out(session, conn, room);
            }
        }
        Ok("done".into())
    }
}
