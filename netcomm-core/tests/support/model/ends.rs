//! What ends by itself as time passes.

use netcomm_core::limits::Limit;

use super::Model;

impl Model {
    pub(super) fn pass(&mut self, ms: u64) {
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
}
