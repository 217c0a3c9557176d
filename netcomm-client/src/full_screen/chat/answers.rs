//! What the server answers.

use netcomm_core::client::{Answer, RoomSummary, Session};
use netcomm_core::wire::{CodeClass, Conversation as Address, RequestId};
use netcomm_core::words::{self, Asked, Why};

use super::{Chat, PAGES, Purpose, Query};
use crate::full_screen::screen::Place;
use crate::full_screen::screen::conversation::Key;
use crate::full_screen::screen::entry::Delivery;

impl Chat {
    pub(super) fn answered(
        &mut self,
        session: &Session,
        id: RequestId,
        purpose: Purpose,
        answer: &Answer,
    ) {
        match purpose {
            Purpose::Say { place, entry } => self.said(id, place, entry, answer),
            Purpose::Command { place, asked } => {
                self.done(session, place, asked.as_deref(), answer);
            }
            Purpose::Query(query) => self.told(query, answer),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else answers a post")]
    fn said(&mut self, id: RequestId, place: Place, entry: i64, answer: &Answer) {
        match answer {
            Answer::Posted { position, time } => {
                let at = (position.epoch, position.seq);
                self.screen.accept(place, entry, at, Some(time.0));
            }
            Answer::Refused { code, text, retry_after } => {
                let mut why = Why { text, code }.to_string();
                if let Some(after) = retry_after {
                    why = format!("{why}; try again in {} s", words::seconds(*after));
                }
                if self.screen.at(place).is_none() {
                    let here = self.screen.current_place();
                    let words = format!("not sent, to a conversation that was closed: {why}");
                    self.screen.say_trouble(here, &words);
                }
                self.screen.deliver(place, entry, Delivery::Failed(why.into()));
            }
            Answer::Lost => {
                self.screen.deliver(place, entry, Delivery::Unknown);
                self.unknown.insert(id, (place, entry));
            }
            _ => {
                let why = "the server answered what this version does not know";
                self.screen.deliver(place, entry, Delivery::Failed(why.into()));
            }
        }
    }

    /// A command was done, or not.
    fn done(&mut self, session: &Session, place: Place, asked: Asked<&str>, answer: &Answer) {
        let trouble = matches!(answer, Answer::Refused { .. } | Answer::Unsupported | Answer::Lost);
        // What was typed in a conversation that is closed is answered where one is.
        let place =
            if self.screen.at(place).is_some() { place } else { self.screen.current_place() };
        match (answer, asked) {
            (Answer::Joined { room, position }, _) => {
                let entered = self.screen.entered(room, position.epoch, position.seq);
                self.screen.switch_to(entered);
                self.ask_who_is_in(room);
                return;
            }
            (Answer::Done, Asked::Leave(room)) => {
                if let Some(left) = self.screen.place_of(&Key::of(Address::room(room))) {
                    self.screen.close(left);
                }
                let here = self.screen.current_place();
                self.screen.say_system(here, &format!("you left #{room}"));
                return;
            }
            (Answer::Done, Asked::Hide) => self.screen.set_hidden(true),
            (Answer::Done, Asked::Reveal) => self.screen.set_hidden(false),
            (Answer::Done, Asked::Rename(_)) => session.nickname().clone_into(&mut self.screen.me),
            (Answer::Rooms { rooms, .. }, _) => {
                self.knows_rooms(rooms);
            }
            (Answer::Members { members, .. }, _) => {
                for nickname in members {
                    self.screen.is_here(nickname);
                }
            }
            (Answer::Unsupported | Answer::Lost, _) => {
                let words = format!("not known whether this was done: {asked}");
                self.screen.say_trouble(place, &words);
            }
            _ => {}
        }
        if let Some(message) = answer.to_message() {
            let page = self.screen.page(place);
            let mut page = if trouble { page.troubled() } else { page };
            words::tell(&mut page, &message, asked);
        }
    }

    /// What the screen wanted to know.
    fn told(&mut self, query: Query, answer: &Answer) {
        match (query, answer) {
            (Query::People { room, page, .. }, Answer::Members { members, next }) => {
                for nickname in members {
                    match room {
                        Some(place) => self.screen.is_in(place, nickname),
                        None => self.screen.is_here(nickname),
                    }
                }
                if !next.is_empty() && page < PAGES {
                    let (from, page) = (next.clone(), page + 1);
                    self.queries.push_back(Query::People { room, from, page });
                }
            }
            (Query::Rooms { page, .. }, Answer::Rooms { rooms, next }) => {
                self.knows_rooms(rooms);
                if !next.is_empty() && page < PAGES {
                    self.queries.push_back(Query::Rooms { from: next.clone(), page: page + 1 });
                }
            }
            (Query::Earlier { place }, Answer::History { epoch, first_kept, items, .. }) => {
                self.screen.take_earlier(place, *epoch, *first_kept, items);
            }
            (Query::Earlier { place }, Answer::Refused { code, text, .. }) => {
                let why = Why { text, code }.to_string();
                let again = code.class() == CodeClass::Retry;
                self.screen.no_earlier(place, again.then_some(&*why));
            }
            (Query::Earlier { place }, Answer::Lost) => {
                self.screen.no_earlier(place, Some("the connection was lost"));
            }
            // What Tab offers is not worth a word where the server does not tell it.
            _ => {}
        }
    }

    fn knows_rooms(&mut self, rooms: &[RoomSummary]) {
        for room in rooms {
            self.screen.knows_room(&room.room);
        }
    }

    pub(super) fn ask_who_is_in(&mut self, room: &str) {
        let place = self.screen.place_of(&Key::of(Address::room(room)));
        let (from, page) = (String::new(), 1);
        self.queries.push_back(Query::People { room: place, from, page });
    }
}
