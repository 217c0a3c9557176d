//! What users do, and what breaks.

use std::time::Duration;

use netcomm_core::wire::{ClientMessage, Conversation};

use super::Sim;
use super::server::Server;

const ROOMS: [&str; 2] = ["lobby", "den"];

/// More than half a mailbox, in a few messages.
const LONG: usize = 3_500;

impl Sim {
    pub(super) fn act(&mut self) {
        let seat = self.dice.index(self.seats.len());
        if self.seats[seat].over && self.dice.once_in(2) {
            return self.replace(seat);
        }
        match self.dice.below(100) {
            0..44 => self.say_somewhere(seat),
            44..53 => self.ask_for_room(seat),
            53..57 => self.rename(seat),
            57..64 => self.hide_or_reveal(seat),
            64..70 => self.ask_for_page(seat),
            70..74 => self.leave_for_good(seat),
            74..82 => self.cut(seat),
            82..86 => {
                if let Some(link) = &mut self.seats[seat].link {
                    link.up.silent = true;
                    link.down.silent |= self.dice.once_in(2);
                }
            }
            86..93 => {
                let up = self.dice.once_in(2);
                let time = Duration::from_millis(self.dice.below(12_000));
                self.stall(seat, up, time);
            }
            93..95 => self.flood(seat),
            95 => self.restart(),
            96 => self.drain_server(),
            // A long loss: the session is over when its user comes back.
            _ => {
                self.cut(seat);
                if self.dice.once_in(2) {
                    self.everybody_says("says");
                }
                self.pass(self.longer_than_any_session());
            }
        }
    }

    pub(super) fn everybody_says(&mut self, text: &str) {
        for seat in 0..self.seats.len() {
            self.say(seat, Conversation::EVERYONE, text);
            for room in ROOMS {
                self.say(seat, Conversation::room(room), text);
            }
        }
    }

    /// Somebody else takes the place of who has gone.
    pub(super) fn replace(&mut self, seat: usize) {
        if self.seats[seat].over {
            let person = self.person(self.seats[seat].is_lines());
            self.seats[seat] = person;
        }
    }

    fn say_somewhere(&mut self, seat: usize) {
        let other = self.dice.index(self.seats.len());
        let other = self.seats[other].nickname().to_owned();
        let conversation = match self.dice.below(3) {
            0 => Conversation::EVERYONE,
            1 => Conversation::room(ROOMS[self.dice.index(2)]),
            _ => Conversation::private(&other),
        };
        for _ in 0..=self.dice.below(12) {
            self.say(seat, conversation, "says");
        }
    }

    fn say(&mut self, seat: usize, conversation: Conversation<'_>, what: &str) {
        let now = self.now;
        let at = &mut self.seats[seat];
        at.said += 1;
        let (number, said) = (at.number, at.said);
        let text = format!("user{number} {what} {said}");
        if at.is_lines() {
            let line = match conversation {
                Conversation::EVERYONE => format!("/broadcast {text}"),
                Conversation { name, .. } if conversation == Conversation::room(name) => {
                    format!("/room {name} {text}")
                }
                Conversation { name, .. } => format!("/dm {name} {text}"),
            };
            if self.types(seat, &line) {
                self.checker.said(number, None, conversation.into(), text);
            }
        } else if let Some(Ok(id)) = at.act(|session| session.post(now, conversation, &text)) {
            self.checker.said(number, Some(id), conversation.into(), text);
        }
    }

    fn ask_for_room(&mut self, seat: usize) {
        let room = ROOMS[self.dice.index(2)];
        let (message, command) = match self.dice.below(3) {
            0 => (ClientMessage::Join { room }, "join"),
            1 => (ClientMessage::CreateRoom { room }, "create_room"),
            _ => (ClientMessage::Leave { room }, "leave"),
        };
        self.types(seat, &format!("/{command} {room}"));
        let (now, number) = (self.now, self.seats[seat].number);
        if let Some(Ok(id)) = self.seats[seat].act(|session| session.request(now, &message))
            && let ClientMessage::Leave { room } = message
        {
            self.checker.leaves(number, id, room);
        }
    }

    fn rename(&mut self, seat: usize) {
        let nickname = &self.wish(self.seats[seat].number);
        self.types(seat, &format!("/nick {nickname}"));
        // Where it is not logged in, it keeps its name.
        self.ask(seat, &ClientMessage::Rename { nickname });
    }

    fn hide_or_reveal(&mut self, seat: usize) {
        let hide = self.dice.once_in(2);
        self.types(seat, if hide { "/hide" } else { "/reveal" });
        let message = if hide { ClientMessage::Hide } else { ClientMessage::Reveal };
        self.ask(seat, &message);
        // Now and then for so long that the name is free again.
        if hide && self.dice.once_in(4) {
            if self.dice.once_in(2) {
                let wait = Duration::from_millis(self.dice.below(15_000));
                self.pass(wait);
                self.cut(seat);
            }
            self.say_somewhere(seat);
            self.pass(self.longer_than_any_session());
        }
    }

    fn ask_for_page(&mut self, seat: usize) {
        let room = ROOMS[self.dice.index(2)];
        let conversation =
            if self.dice.once_in(2) { Conversation::EVERYONE } else { Conversation::room(room) };
        let message = match self.dice.below(4) {
            0 => ClientMessage::Members { room: None, from: "" },
            1 => ClientMessage::Members { room: Some(room), from: "" },
            2 => ClientMessage::Rooms { from: "" },
            _ => ClientMessage::History {
                conversation,
                epoch: None,
                first: 1,
                last: u64::MAX,
                latest: true,
                most: 0,
            },
        };
        self.ask(seat, &message);
    }

    fn ask(&mut self, seat: usize, message: &ClientMessage<'_>) {
        let now = self.now;
        // Who is not logged in, or has too much unanswered, asks for nothing.
        let _asked = self.seats[seat].act(|session| session.request(now, message).is_ok());
    }

    fn leave_for_good(&mut self, seat: usize) {
        let now = self.now;
        self.types(seat, "/quit");
        self.seats[seat].act(|session| session.quit(now));
    }

    fn stall(&mut self, seat: usize, up: bool, time: Duration) {
        let until = self.now + time;
        if let Some(link) = &mut self.seats[seat].link {
            let pipe = if up { &mut link.up } else { &mut link.down };
            pipe.stall(until);
        }
    }

    /// Somebody reads nothing while others say more than is kept for it.
    fn flood(&mut self, seat: usize) {
        let time = Duration::from_millis(4_000 + self.dice.below(12_000));
        self.stall(seat, false, time);
        let length = if self.dice.once_in(2) { LONG } else { 40 };
        let what = "x".repeat(length);
        let name = self.seats[seat].nickname().to_owned();
        for turn in 0..24 {
            let other = self.dice.index(self.seats.len());
            let private = Conversation::private(&name);
            let to = if turn % 4 == 0 { private } else { Conversation::EVERYONE };
            self.say(other, to, &what);
            self.pass(Duration::from_millis(100));
        }
    }

    pub(super) fn cut(&mut self, seat: usize) {
        if let Some(link) = &mut self.seats[seat].link {
            link.cut(self.now, &mut self.dice);
        }
    }

    /// The server tells everybody to come back, and ends a little later.
    fn drain_server(&mut self) {
        if self.drains.is_none() {
            self.server.shut_down(self.now, Duration::from_secs(1));
            self.drains = Some(self.now + Duration::from_secs(2));
        }
    }

    /// The server dies, with all that it knew.
    pub(super) fn restart(&mut self) {
        self.drains = None;
        self.server = Server::new(&self.limits, &mut self.dice, Some(&self.server));
        self.orphans.clear();
        self.checker.restart(self.now);
        for seat in 0..self.seats.len() {
            self.cut(seat);
            if let Some(link) = &mut self.seats[seat].link {
                link.socket = None;
                link.server_ends = None;
            }
        }
    }
}
