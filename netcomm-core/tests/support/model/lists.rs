//! What a logged-in user may look up.

use netcomm_core::limits::Limit;
use netcomm_core::name::NameKey;

use super::requests::{Granted, Where};
use super::{Log, Model};
use crate::support::trace::Place;

impl Model {
    fn page(&self, mut names: Vec<(NameKey, String)>, from: &str) -> (Vec<String>, String) {
        names.retain(|(key, _)| *key >= NameKey::of(from));
        names.sort();
        let most = self.limit(Limit::PageItems);
        let next = names.get(most).map_or(String::new(), |(_, name)| name.clone());
        (names.into_iter().take(most).map(|(_, name)| name).collect(), next)
    }

    pub(super) fn members(&self, room: Option<&str>, from: &str) -> Granted {
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

    pub(super) fn list_rooms(&self, from: &str) -> String {
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

    pub(super) fn history(
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

    pub(super) fn conversations(&mut self, session: usize) -> String {
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
        if let Some(own) = self.sessions[session].persona {
            for (_, name, log) in self.ended.iter().filter(|(who, ..)| *who == own) {
                let key = NameKey::of(name);
                if all.iter().all(|(kind, other, ..)| *kind != 2 || *other != key) {
                    all.push((2, key, format!("@{name}"), log));
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
