//! Lists of people and of rooms.

use std::time::{Duration, Instant};

use netcomm_core::client::{Answer, Event, Session};
use netcomm_core::wire::{ClientMessage, CodeClass, RequestId};
use netcomm_core::words::Why;

use super::desk::{Desk, Errand, aside};
use super::json::Object;
use crate::exit;

/// A list that is read page by page.
pub(super) struct Lister {
    of: List,
    /// The cursor of the next page.
    from: String,
    asked: Option<RequestId>,
    /// Not before.
    again: Option<Instant>,
}

/// What is listed.
pub(super) enum List {
    /// Who is online.
    Online,
    /// Who is in this room.
    Members(String),
    /// The rooms.
    Rooms,
}

impl Lister {
    pub(super) const fn new(of: List) -> Self {
        Self { of, from: String::new(), asked: None, again: None }
    }

    fn answered(&mut self, desk: &mut Desk, answer: &Answer) {
        let next = match answer {
            Answer::Members { members, next } => {
                let conversation = if let List::Members(room) = &self.of {
                    format!("#{room}")
                } else {
                    "*".into()
                };
                for nickname in members {
                    let (conversation, member) = (conversation.clone(), nickname.clone());
                    let object = Object::Member { conversation, nickname: member };
                    desk.output.item(object, nickname);
                }
                next
            }
            Answer::Rooms { rooms, next } => {
                for room in rooms {
                    let conversation = format!("#{}", room.room);
                    let words = format!("{conversation} {}", room.members);
                    let object = Object::Room { conversation, members: room.members };
                    desk.output.item(object, &words);
                }
                next
            }
            // It is asked again after the next login.
            Answer::Lost => return,
            Answer::Refused { code, retry_after, .. } if code.class() == CodeClass::Retry => {
                let wait = retry_after.unwrap_or(Duration::from_secs(1));
                self.again = Instant::now().checked_add(wait);
                desk.wake = self.again;
                return;
            }
            Answer::Refused { code, text, .. } => {
                aside(format_args!("refused: {}", Why { text, code }));
                return desk.leave(exit::TROUBLE);
            }
            _ => {
                aside("the server answered what this version does not know");
                return desk.leave(exit::TROUBLE);
            }
        };
        // A page that begins where the one before did would be asked for again and again.
        if next.is_empty() || *next == self.from {
            desk.leave(exit::OK);
        }
        self.from.clone_from(next);
    }
}

impl Errand for Lister {
    fn event(&mut self, desk: &mut Desk, event: &Event) {
        if let Event::Answered { id, answer } = event
            && self.asked.take_if(|asked| asked == id).is_some()
        {
            self.answered(desk, answer);
        }
    }

    fn go_on(&mut self, desk: &mut Desk) -> bool {
        if self.asked.is_some() || self.again.is_some_and(|again| again > Instant::now()) {
            return false;
        }
        self.again = None;
        let from = &self.from;
        let request = match &self.of {
            List::Online => ClientMessage::Members { room: None, from },
            List::Members(room) => ClientMessage::Members { room: Some(room), from },
            List::Rooms => ClientMessage::Rooms { from },
        };
        self.asked = desk.driver.act(|session, now| session.request(now, &request)).ok();
        self.asked.is_some()
    }

    fn is_content(&self, _session: &Session) -> bool {
        false
    }
}
