//! Between the screen and the session: what was typed is sent when it can be, and what is answered
//! is told where it was asked.

mod answers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use netcomm_core::client::{Event, SendError, Session};
use netcomm_core::command;
use netcomm_core::time::Instant;
use netcomm_core::wire::{ClientMessage, Conversation as Address, RequestId};
use netcomm_core::words::Asked;

use super::screen::conversation::Conversation;
use super::screen::entry::Delivery;
use super::screen::{Connection, Place, Screen, Wish};

/// So many pages of a list are read without being asked for.
const PAGES: u32 = 10;

/// What is to be done outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Quit(u8),
    Suspend,
    Redraw,
}

/// Something to be sent, in order.
#[derive(Debug)]
enum Waiting {
    Say { place: Place, entry: i64, text: String },
    Command { place: Place, line: String },
}

/// Something that the screen wants to know by itself; one is under way at a time.
#[derive(Clone, Debug)]
enum Query {
    /// Who is in a room, or anywhere; from this name on.
    People {
        room: Option<Place>,
        from: String,
        page: u32,
    },
    Rooms {
        from: String,
        page: u32,
    },
    Earlier {
        place: Place,
    },
}

/// What a request was for.
#[derive(Debug)]
enum Purpose {
    Say { place: Place, entry: i64 },
    Command { place: Place, asked: Asked<String> },
    Query(Query),
}

/// The screen, and what is under way.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) screen: Screen,
    waiting: VecDeque<Waiting>,
    queries: VecDeque<Query>,
    /// What was asked for, and when.
    asked: BTreeMap<RequestId, (Purpose, Instant, u64)>,
    /// Messages of which nobody knows whether they arrived.
    unknown: BTreeMap<RequestId, (Place, i64)>,
}

impl Chat {
    pub(crate) const fn new(screen: Screen) -> Self {
        Self {
            screen,
            waiting: VecDeque::new(),
            queries: VecDeque::new(),
            asked: BTreeMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// Takes what the screen wants; gives what is to be done outside.
    pub(crate) fn wishes(&mut self, session: &mut Session, now: Instant) -> Vec<Deed> {
        let mut deeds = Vec::new();
        while let Some(wish) = self.screen.wish() {
            match wish {
                Wish::Say { place, entry, text } => {
                    self.waiting.push_back(Waiting::Say { place, entry, text });
                }
                Wish::Command { place, line } => {
                    if !session.is_logged_in() {
                        self.screen.notice = Some("not connected: this is sent later".into());
                    }
                    self.waiting.push_back(Waiting::Command { place, line });
                }
                Wish::Earlier { place } => self.queries.push_front(Query::Earlier { place }),
                Wish::Rooms => {
                    self.queries.retain(|one| !matches!(one, Query::Rooms { .. }));
                    self.queries.push_back(Query::Rooms { from: String::new(), page: 1 });
                }
                Wish::Nickname(nickname) => match session.set_nickname(now, &nickname) {
                    Ok(()) => {
                        self.screen.me = nickname;
                        self.screen.connection = Connection::Connecting;
                    }
                    Err(why) => self.screen.refuse(&nickname, &why.to_string()),
                },
                Wish::Quit(code) => deeds.push(Deed::Quit(code)),
                Wish::Suspend => deeds.push(Deed::Suspend),
                Wish::Redraw => deeds.push(Deed::Redraw),
            }
        }
        deeds
    }

    /// Sends what can be sent; whether anything was.
    pub(crate) fn submit(&mut self, session: &mut Session, now: Instant) -> bool {
        if !session.is_logged_in() {
            return false;
        }
        let mut sent = false;
        // What is for a room that is being entered holds up nothing else.
        let mut held = VecDeque::new();
        while let Some(next) = self.waiting.pop_front() {
            if self.is_held(session, &next) {
                held.push_back(next);
            } else if self.send(session, now, &next) {
                sent = true;
            } else {
                held.push_back(next);
                break;
            }
        }
        held.append(&mut self.waiting);
        self.waiting = held;
        let is_asking = self.asked.values().any(|(what, ..)| matches!(what, Purpose::Query(_)));
        if !is_asking && let Some(query) = self.queries.pop_front() {
            sent |= self.ask(session, now, query);
        }
        self.screen.awaiting = self.asked.values().map(|(_, _, clock)| *clock).min();
        sent
    }

    /// What is still to be told of messages when it ends.
    pub(crate) fn left(&self) -> Vec<String> {
        let count = |count: usize| match count {
            1 => String::from("1 message"),
            _ => format!("{count} messages"),
        };
        let is_said = |one: &&Waiting| matches!(one, Waiting::Say { .. });
        let unsent = self.waiting.iter().filter(is_said).count();
        let is_said = |purpose: &&Purpose| matches!(purpose, Purpose::Say { .. });
        let asked = self.asked.values().map(|(purpose, ..)| purpose);
        let open = asked.filter(is_said).count() + self.unknown.len();
        let mut left = Vec::new();
        if unsent > 0 {
            left.push(format!("not sent: {}", count(unsent)));
        }
        if open > 0 {
            left.push(format!("not known whether this arrived: {}", count(open)));
        }
        left
    }

    /// Whether it is for a room that the session is about to be in again: it would be refused.
    fn is_held(&self, session: &Session, waiting: &Waiting) -> bool {
        let Waiting::Say { place, .. } = waiting else {
            return false;
        };
        let room = self.screen.at(*place).filter(|one| one.is_room());
        room.is_some_and(|room| session.is_entering(&room.name))
    }

    /// Whether it is dealt with, and need not wait.
    fn send(&mut self, session: &mut Session, now: Instant, waiting: &Waiting) -> bool {
        match waiting {
            Waiting::Say { place, entry, text } => {
                let Some(address) = self.screen.at(*place).and_then(Conversation::address) else {
                    let here = self.screen.current_place();
                    let words = format!("not sent: {text}: its conversation was closed");
                    self.screen.say_trouble(here, &words);
                    return true;
                };
                let delivery = match session.post(now, address, text) {
                    Ok(id) => {
                        let (place, entry) = (*place, *entry);
                        self.note(id, Purpose::Say { place, entry }, now);
                        Delivery::Sent
                    }
                    Err(SendError::NotLoggedIn | SendError::TooManyUnanswered { .. }) => {
                        return false;
                    }
                    Err(why) => Delivery::Failed(why.to_string().into()),
                };
                self.screen.deliver(*place, *entry, delivery);
                true
            }
            Waiting::Command { place, line } => {
                let here = self.screen.at(*place).and_then(Conversation::address);
                let here = here.unwrap_or(Address::EVERYONE);
                let Ok(parsed) = command::parse(line) else {
                    return true;
                };
                let Some(message) = parsed.to_message(here, 0) else {
                    return true;
                };
                match session.request(now, &message) {
                    Ok(id) => {
                        let asked = Asked::of(&message).kept();
                        self.note(id, Purpose::Command { place: *place, asked }, now);
                    }
                    Err(SendError::NotLoggedIn | SendError::TooManyUnanswered { .. }) => {
                        return false;
                    }
                    Err(why) => {
                        let words = format!("refused: {line}: {why}");
                        self.screen.say_trouble(*place, &words);
                    }
                }
                true
            }
        }
    }

    /// Whether it was asked.
    fn ask(&mut self, session: &mut Session, now: Instant, query: Query) -> bool {
        let message = match &query {
            Query::People { room, from, .. } => {
                let room = match room {
                    None => None,
                    Some(place) => match self.screen.at(*place) {
                        Some(room) => Some(&*room.name),
                        None => return false,
                    },
                };
                ClientMessage::Members { room, from }
            }
            Query::Rooms { from, .. } => ClientMessage::Rooms { from },
            Query::Earlier { place } => {
                let Some(one) = self.screen.at(*place) else {
                    return false;
                };
                let Some(conversation) = one.address() else {
                    return false;
                };
                if one.oldest.is_some_and(|oldest| oldest <= 1) {
                    self.screen.no_earlier(*place, None);
                    return false;
                }
                ClientMessage::History {
                    conversation,
                    epoch: one.epoch,
                    first: 1,
                    last: one.oldest.map_or(u64::MAX, |oldest| oldest - 1),
                    latest: true,
                    most: 0,
                }
            }
        };
        if let Ok(id) = session.request(now, &message) {
            self.note(id, Purpose::Query(query), now);
            return true;
        }
        self.queries.push_front(query);
        false
    }

    fn note(&mut self, id: RequestId, purpose: Purpose, now: Instant) {
        self.asked.insert(id, (purpose, now, self.screen.clock));
    }

    /// Something happened.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are the screen's")]
    pub(crate) fn event(&mut self, session: &Session, now: Instant, event: &Event) {
        match event {
            Event::LoggedIn { nickname, resumed, hidden, first, .. } => {
                self.screen.me.clone_from(nickname);
                self.screen.set_hidden(*hidden);
                self.screen.logged_in(*first, *resumed);
                self.queries.retain(|one| matches!(one, Query::Earlier { .. }));
                let from = String::new;
                self.queries.push_back(Query::People { room: None, from: from(), page: 1 });
                self.queries.push_back(Query::Rooms { from: from(), page: 1 });
                if *resumed {
                    let rooms: Vec<String> = self.screen.rooms().map(Into::into).collect();
                    for room in rooms {
                        self.ask_who_is_in(&room);
                    }
                }
            }
            Event::Answered { id, answer } => {
                if let Some((purpose, sent, _)) = self.asked.remove(id) {
                    let lag = now.since(sent).as_millis();
                    self.screen.lag = u64::try_from(lag).ok();
                    self.answered(session, *id, purpose, answer);
                }
            }
            Event::Unknown { id, .. } => {
                if let Some((Purpose::Say { place, entry }, ..)) = self.asked.remove(id) {
                    self.screen.deliver(place, entry, Delivery::Unknown);
                    self.unknown.insert(*id, (place, entry));
                }
            }
            Event::Arrived { id, position } => {
                if let Some((place, entry)) = self.unknown.remove(id) {
                    let at = (position.epoch, position.seq);
                    self.screen.accept(place, entry, at, None);
                }
            }
            Event::RoomEntered { room, .. } => {
                self.screen.event(event);
                self.ask_who_is_in(room);
            }
            Event::Online { nickname } => {
                self.screen.event(event);
                // Rooms are come back to without a word: only the server knows to which.
                for place in self.screen.may_be_back_in(nickname) {
                    let (room, from) = (Some(place), nickname.clone());
                    self.queries.push_back(Query::People { room, from, page: PAGES });
                }
            }
            _ => self.screen.event(event),
        }
    }
}
