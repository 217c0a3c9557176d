//! What users do, and what breaks.

use std::time::Duration;

use netcomm_core::wire::{ClientMessage, Conversation};

use super::Sim;
use super::server::Server;

const ROOMS: [&str; 2] = ["lobby", "den"];

impl Sim {
    pub(super) fn act(&mut self) {
        let number = self.dice.index(self.users.len());
        match self.dice.below(100) {
            0..60 => self.say_somewhere(number),
            60..70 => self.ask_for_room(number),
            70..73 => self.rename(number),
            73..83 => self.cut(number),
            83..88 => {
                if let Some(link) = &mut self.users[number].link {
                    link.up.silent = true;
                    link.down.silent |= self.dice.below(2) == 0;
                }
            }
            88..98 => {
                let until = self.now + Duration::from_millis(self.dice.below(12_000));
                if let Some(link) = &mut self.users[number].link {
                    let up = self.dice.below(2) == 0;
                    let pipe = if up { &mut link.up } else { &mut link.down };
                    pipe.stall(until);
                }
            }
            98 => self.restart(),
            // A long loss: the session is over when its user comes back.
            _ => {
                self.cut(number);
                self.pass(Duration::from_secs(25));
            }
        }
    }

    pub(super) fn everybody_says(&mut self, text: &str) {
        for number in 0..self.users.len() {
            self.say(number, Conversation::EVERYONE, text);
            for room in ROOMS {
                self.say(number, Conversation::room(room), text);
            }
        }
    }

    fn say_somewhere(&mut self, number: usize) {
        let other = self.dice.index(self.users.len());
        let other = self.users[other].session.nickname().to_owned();
        let conversation = match self.dice.below(3) {
            0 => Conversation::EVERYONE,
            1 => Conversation::room(ROOMS[self.dice.index(2)]),
            _ => Conversation::private(&other),
        };
        for _ in 0..=self.dice.below(12) {
            self.say(number, conversation, "says");
        }
    }

    fn say(&mut self, number: usize, conversation: Conversation<'_>, what: &str) {
        let user = &mut self.users[number];
        user.said += 1;
        let text = format!("user{number} {what} {}", user.said);
        if let Ok(id) = user.session.post(self.now, conversation, &text) {
            self.checker.said(number, id, conversation.into(), text);
        }
    }

    fn ask_for_room(&mut self, number: usize) {
        let room = ROOMS[self.dice.index(2)];
        let message = match self.dice.below(3) {
            0 => ClientMessage::Join { room },
            1 => ClientMessage::CreateRoom { room },
            _ => ClientMessage::Leave { room },
        };
        let user = &mut self.users[number];
        if let Ok(id) = user.session.request(self.now, &message)
            && let ClientMessage::Leave { room } = message
        {
            self.checker.leaves(number, id, room);
        }
    }

    fn rename(&mut self, number: usize) {
        let user = &mut self.users[number];
        user.said += 1;
        let nickname = format!("user{number}.{}", user.said);
        let nickname = &nickname;
        // Where it is not logged in, it keeps its name.
        let message = ClientMessage::Rename { nickname };
        if user.session.request(self.now, &message).is_err() {
            user.said -= 1;
        }
    }

    pub(super) fn cut(&mut self, number: usize) {
        let (now, dice) = (self.now, &mut self.dice);
        if let Some(link) = &mut self.users[number].link {
            for pipe in [&mut link.up, &mut link.down] {
                pipe.lose_all();
                pipe.silent = true;
            }
            link.client_ends = Some(now + Duration::from_millis(dice.below(3_000)));
            link.server_ends = Some(now + Duration::from_millis(dice.below(3_000)));
            if link.stands.take().is_some() {
                link.server_ends = None;
            }
        }
    }

    fn restart(&mut self) {
        self.server = Server::new(self.limits, &mut self.dice);
        self.orphans.clear();
        for number in 0..self.users.len() {
            self.cut(number);
            if let Some(link) = &mut self.users[number].link {
                link.conn = None;
                link.server_ends = None;
            }
        }
    }
}
