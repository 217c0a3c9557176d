//! What the server answers.

use alloc::vec::Vec;
use core::time::Duration;

use super::pending::{Enter, Pending, Purpose};
use super::session::Output;
use super::stage::Stage;
use super::{Answer, Ending, Event, Loss, Session};
use crate::limits::Limit;
use crate::name::NameKey;
use crate::wire::{CodeClass, Conversation, Position, RefusalCode, RequestId, ServerMessage};

/// The most posts that nobody knows the fate of; of older ones it is not told if they arrived.
const UNKNOWN: usize = 1024;

impl Session {
    pub(super) fn take_answer(&mut self, id: RequestId, answer: ServerMessage<'_>) {
        if let ServerMessage::Posted { position, time, earlier: earlier @ 1.. } = answer {
            let first = id.0.saturating_sub(earlier);
            let is_earlier = |one: &&Pending| {
                (first..id.0).contains(&one.id.0) && matches!(one.purpose, Purpose::Post(_))
            };
            let earlier: Vec<_> =
                self.pending.iter().filter(is_earlier).map(|one| one.id).collect();
            for one in earlier {
                let seq = position.seq.saturating_sub((id.0 - one.0).into());
                let position = Position { seq, ..position };
                self.take_one(one, ServerMessage::Posted { position, time, earlier: 0 });
            }
        }
        self.take_one(id, answer);
    }

    fn take_one(&mut self, id: RequestId, answer: ServerMessage<'_>) {
        let Some(index) = self.pending.iter().position(|one| one.id == id) else {
            return;
        };
        let Pending { purpose, .. } = self.pending.remove(index);
        match purpose {
            Purpose::Login => self.take_welcome(answer),
            Purpose::Ping | Purpose::Quit => {}
            Purpose::Enter(enter) => self.take_entered(enter, answer),
            Purpose::List => self.take_list(&answer),
            Purpose::Repair(gap) => self.take_history(&gap, answer),
            Purpose::Asked
            | Purpose::Post(_)
            | Purpose::Leave(_)
            | Purpose::Rename(_)
            | Purpose::Hide(_) => self.take_users(id, purpose, answer),
        }
        self.go_on();
    }

    fn take_welcome(&mut self, answer: ServerMessage<'_>) {
        if let ServerMessage::Welcome {
            nickname, resumed, hidden, token, everyone, limits, ..
        } = answer
        {
            let leaving = self.stage_deadline().filter(|_| self.is_quitting());
            self.stage = Stage::Up { since: self.now, heard: self.now, pinged: None, quit: None };
            self.token = Some(token);
            self.is_resumed = resumed;
            self.hidden = hidden;
            self.config.nickname = nickname.into();
            self.limits.clone_from(&limits);
            self.tell(Event::LoggedIn {
                nickname: nickname.into(),
                resumed,
                hidden,
                first: !self.logged_in_once,
                limits,
            });
            self.logged_in_once = true;
            if resumed {
                let frames = self.pending.iter().map(|one| one.frame.clone());
                self.output.extend(frames.map(Output::Transmit));
            } else {
                self.forget_pending();
                let rooms = self.config.rooms.iter();
                self.entering = rooms.map(|room| Enter::new(room)).collect();
            }
            self.take_place(Conversation::EVERYONE, everyone);
            self.begin_track(Conversation::EVERYONE, everyone);
            self.begin_listing();
            if let Some(due) = leaving {
                self.say_quit(due);
            }
        } else if let ServerMessage::Refused { code, retry_after, text } = answer {
            let retry_after = retry_after.map(Duration::from_millis);
            self.take_login_refusal(code, retry_after, text);
        } else {
            self.end(Ending::Malformed, true);
        }
    }

    fn take_login_refusal(&mut self, code: RefusalCode, retry_after: Option<Duration>, text: &str) {
        if self.is_quitting() {
            return self.end(Ending::Quit, true);
        }
        let text = text.into();
        // One's own session from before may still hold the name.
        let window = Duration::from_millis(self.limit(Limit::ResumeMs));
        let is_held = code == RefusalCode::NAME_TAKEN
            && (self.lost_at).is_some_and(|lost| self.now.since(lost) <= window);
        match code.class() {
            CodeClass::Terminal => self.end(Ending::Refused { code, text }, true),
            CodeClass::Request if !is_held => {
                self.drop_link(true);
                self.stage = Stage::Refused;
                self.tell(Event::LoginRefused { code, text });
            }
            CodeClass::Request | CodeClass::Retry | CodeClass::Unknown => {
                self.lose(Loss::Refused { code, text }, retry_after, true);
            }
        }
    }

    fn take_users(&mut self, id: RequestId, purpose: Purpose, answer: ServerMessage<'_>) {
        match (purpose, &answer) {
            (Purpose::Post(post), ServerMessage::Posted { position, .. }) => {
                self.take_message(post.conversation.as_ref(), *position, None);
            }
            (Purpose::Leave(room), ServerMessage::Done) => self.leave(&room),
            (Purpose::Leave(room), ServerMessage::Refused { code, .. })
                if matches!(*code, RefusalCode::NOT_A_MEMBER | RefusalCode::UNKNOWN_ROOM) =>
            {
                self.leave(&room);
            }
            (Purpose::Rename(nickname), ServerMessage::Done) => self.config.nickname = nickname,
            (Purpose::Hide(hidden), ServerMessage::Done) => self.hidden = hidden,
            (Purpose::Asked, ServerMessage::Joined { room, position }) => {
                self.take_place(Conversation::room(room), *position);
                let key = NameKey::of(room);
                if !self.config.rooms.iter().any(|one| NameKey::of(one) == key) {
                    self.config.rooms.push((*room).into());
                }
            }
            _ => {}
        }
        let answer = Answer::from(answer);
        let entered = if let Answer::Joined { room, position } = &answer {
            Some((room.clone(), *position))
        } else {
            None
        };
        self.tell(Event::Answered { id, answer });
        if let Some((room, position)) = entered {
            self.begin_track(Conversation::room(&room), position);
        }
    }

    /// The user has left a room.
    fn leave(&mut self, room: &str) {
        self.tracks.end(Conversation::room(room));
        self.forget_room(room);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else answers this")]
    fn take_entered(&mut self, mut enter: Enter, answer: ServerMessage<'_>) {
        match Answer::from(answer) {
            Answer::Joined { room, position } => {
                self.take_place(Conversation::room(&room), position);
                let entered = room.clone();
                self.tell(Event::RoomEntered { room, position });
                self.begin_track(Conversation::room(&entered), position);
            }
            Answer::Refused { code, retry_after, text } => {
                if code == RefusalCode::RATE_LIMITED {
                    self.entering.push_front(enter);
                    return self.be_patient(retry_after);
                }
                enter.tries += 1;
                // It was refused before, and nobody heard why: it is asked anew.
                let again = code == RefusalCode::STALE_REQUEST;
                let other = match code {
                    RefusalCode::UNKNOWN_ROOM => !enter.create && !self.hidden,
                    RefusalCode::ROOM_EXISTS => enter.create,
                    _ => false,
                };
                if (other || again) && enter.tries < 4 {
                    enter.create ^= other;
                    self.entering.push_front(enter);
                } else {
                    let room = enter.room;
                    self.tell(Event::RoomRefused { room, code, text });
                }
            }
            _ => self.tell(Event::RoomRefused {
                room: enter.room,
                code: RefusalCode::UNSUPPORTED,
                text: "the server's answer makes no sense".into(),
            }),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the session's own requests are no matter of the user's"
    )]
    /// Tells the user that no answers to what is pending will come.
    pub(super) fn forget_pending(&mut self) {
        for Pending { id, purpose, .. } in core::mem::take(&mut self.pending) {
            match purpose {
                Purpose::Post(post) => {
                    self.tell(Event::Unknown {
                        id,
                        conversation: post.conversation.clone(),
                        text: post.text.clone(),
                    });
                    if self.unknown.len() >= UNKNOWN {
                        self.unknown.pop_front();
                    }
                    self.unknown.push_back((id, post));
                }
                // The new session is in no room, and is not to go back to this one.
                Purpose::Leave(room) => {
                    self.forget_room(&room);
                    let answer = Answer::Lost;
                    self.tell(Event::Answered { id, answer });
                }
                purpose if purpose.is_users() => {
                    self.tell(Event::Answered { id, answer: Answer::Lost });
                }
                _ => {}
            }
        }
    }
}
