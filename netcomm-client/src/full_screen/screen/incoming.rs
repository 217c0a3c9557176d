//! What a session tells, as far as it needs no answer.

use netcomm_core::client::{ConversationName, Event, HistoryMessage};
use netcomm_core::wire::{Conversation as Address, ConversationKind, NoticeCode};
use netcomm_core::words::{self, Why};

use super::conversation::{Conversation, Earlier, Key};
use super::entry::{Body, Delivery, Entry, Said};
use super::mention::mentions;
use super::scroll::Scroll;
use super::{Connection, Place, Screen};

impl Screen {
    /// Something happened.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others answer requests")]
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Message { conversation, position, time, author, text, .. } => {
                let place = self.open(conversation.as_ref());
                let at = (position.epoch, position.seq);
                self.hear(place, at, time.0, author, text);
            }
            Event::CaughtUp { conversation, count } => {
                let place = self.open(conversation.as_ref());
                let messages = if *count == 1 { "message" } else { "messages" };
                self.say_system(place, &format!("{count} {messages} while you were away"));
            }
            Event::Gone { conversation, first, last } => {
                let place = self.open(conversation.as_ref());
                let which = if first == last {
                    format!("message {first} is")
                } else {
                    format!("messages {first} to {last} are")
                };
                self.say_trouble(place, &format!("{which} missing: no longer kept"));
            }
            Event::Restarted { conversation } => self.restarted(conversation),
            Event::ConversationEnded { conversation } => self.ended(conversation),
            Event::RoomEntered { room, position } => {
                let is_new = self.place_of(&Key::of(Address::room(room))).is_none();
                let place = self.entered(room, position.epoch, position.seq);
                if is_new {
                    self.switch_to(place);
                }
            }
            Event::RoomRefused { room, code, text } => {
                let why = Why { text, code };
                let words = format!("could not enter #{room}: {why}");
                match self.place_of(&Key::of(Address::room(room))) {
                    Some(place) => {
                        self.end(place);
                        self.say_trouble(place, &words);
                    }
                    None => self.say_all(&words, true),
                }
            }
            Event::MemberJoined { room, nickname } => self.enters(room, nickname),
            Event::MemberLeft { room, nickname } => self.leaves(room, nickname),
            Event::Online { nickname } => self.arrives(nickname),
            Event::Offline { nickname } => self.departs(nickname),
            Event::Renamed { from, to } => self.is_renamed(from, to),
            Event::Notice { code, subject, text } => self.notified(*code, subject, text),
            Event::LoginRefused { code, text } => {
                let why = Why { text, code };
                self.connection = Connection::Naming;
                let words = format!("{}: {why}; type another nickname", self.me);
                self.say_all(&words, true);
            }
            _ => {}
        }
    }

    fn hear(&mut self, place: Place, at: (u64, u64), time: u64, author: &str, text: &str) {
        let mention = self.is_mention(text);
        let is_current = self.current_place() == place;
        let Some(conversation) = self.at_mut(place) else {
            return;
        };
        conversation.placed(at.0, at.1);
        conversation.heard(author);
        conversation.entered = true;
        conversation.ended = false;
        let (is_private, title) = (conversation.is_private(), conversation.title());
        let is_seen = is_current && conversation.scroll == Scroll::Bottom;
        if (mention || is_private) && !is_seen {
            conversation.mentions += 1;
            conversation.listed += usize::from(mention);
        }
        let said =
            |place| Said { author: author.into(), text: text.into(), place, mention, own: None };
        if mention {
            let list = self.open_key(Key::Mentions, "");
            let body = Body::Said(said(Some(title.into())));
            self.write(list, Entry { time, seq: 0, body });
        }
        self.rings |= (mention || is_private) && self.display.bell;
        self.write(place, Entry { time, seq: at.1, body: Body::Said(said(None)) });
    }

    /// Whether a text mentions one.
    fn is_mention(&self, text: &str) -> bool {
        let words = std::iter::once(&self.me).chain(&self.display.mention);
        mentions(text, words.map(String::as_str))
    }

    /// One is in a room now.
    pub(crate) fn entered(&mut self, room: &str, epoch: u64, seq: u64) -> Place {
        self.knows_room(room);
        let place = self.open(Address::room(room));
        let mut is_news = true;
        if let Some(conversation) = self.at_mut(place) {
            is_news = conversation.ended || conversation.epoch.is_none();
            conversation.entered = true;
            conversation.ended = false;
            if conversation.epoch.is_none() {
                conversation.placed(epoch, seq.saturating_add(1));
            }
        }
        if is_news {
            self.say_system(place, &format!("you are in #{room}"));
        }
        self.fill();
        place
    }

    fn restarted(&mut self, conversation: &ConversationName) {
        let place = self.open(conversation.as_ref());
        if let Some(one) = self.at_mut(place) {
            // What stands here is of an incarnation that is gone, and so is all before it.
            (one.epoch, one.oldest) = (None, None);
            one.earlier = Earlier::Exhausted;
        }
        let words = "this conversation began anew: what was said before is gone on the server";
        self.say_system(place, words);
    }

    fn ended(&mut self, conversation: &ConversationName) {
        let Some(place) = self.place_of(&Key::of(conversation.as_ref())) else {
            return;
        };
        self.end(place);
        match conversation.kind {
            ConversationKind::ROOM => {
                self.say_trouble(place, "you are no longer in this room; /close closes it");
            }
            _ => self.say_system(place, "this conversation ended"),
        }
    }

    fn end(&mut self, place: Place) {
        if let Some(one) = self.at_mut(place) {
            one.entered = false;
            one.ended = true;
            one.forget_people();
        }
    }

    fn notified(&mut self, code: NoticeCode, subject: &str, text: &str) {
        let why = Why { text, code: &code }.to_string();
        match self.place_of(&Key::of(Address::room(subject))) {
            Some(place) if code == NoticeCode::ROOM_CLOSED => {
                self.end(place);
                self.say_trouble(place, &why);
            }
            _ => self.say_all(&why, false),
        }
    }

    /// One is logged in.
    pub(crate) fn logged_in(&mut self, first: bool, resumed: bool) {
        self.connection = Connection::Up;
        let words = match (first, resumed) {
            (true, _) => format!("welcome, {}", self.me),
            (_, true) => format!("connected again as {}", self.me),
            (_, false) => {
                format!("connected again as {}; the server does not remember you", self.me)
            }
        };
        self.say_all(&words, false);
        if first {
            self.notice = Some(String::from("F1 explains the keys, /help the commands"));
            if self.hidden {
                let words = "you are hidden: nobody sees you; what you say still shows your name";
                self.say_all(words, false);
            }
            if self.look.ascii {
                let words = "the locale is not UTF-8: other characters are shown as ?";
                self.say_all(words, false);
            }
        }
        // What happened meanwhile is not told again: it is asked who is here.
        self.forget_people();
        self.fill();
    }

    /// There is no connection.
    pub(crate) fn lost(&mut self, why: &str, retry_ms: u64) {
        self.notice = None;
        if self.connection == Connection::Up {
            self.say_all(&format!("the connection is lost: {why}"), true);
        }
        let retry = self.clock.saturating_add(retry_ms);
        self.connection = Connection::Lost { why: why.into(), retry };
        for (_, one) in &mut self.conversations {
            if one.earlier == Earlier::Asked {
                one.earlier = Earlier::Unread;
            }
        }
    }

    /// Whether one is hidden.
    pub(crate) fn set_hidden(&mut self, hidden: bool) {
        self.warned &= hidden && self.hidden;
        self.hidden = hidden;
    }

    /// A page of what was said before.
    pub(crate) fn take_earlier(
        &mut self,
        place: Place,
        epoch: u64,
        first_kept: u64,
        items: &[HistoryMessage],
    ) {
        let me = self.me.clone();
        let room = self.room();
        let mentioned: Vec<bool> = items.iter().map(|item| self.is_mention(&item.text)).collect();
        let Some(one) = self.at_mut(place) else {
            return;
        };
        one.earlier = Earlier::Unread;
        if one.epoch.is_some_and(|now| now != epoch) {
            one.earlier = Earlier::Exhausted;
            return;
        }
        let before = one.oldest.unwrap_or(u64::MAX);
        let missing = items.iter().zip(mentioned).rev().filter(|(item, _)| item.seq < before);
        for (item, mention) in missing.take(room) {
            let own = (item.author == me).then_some(Delivery::Accepted);
            let mention = mention && own.is_none();
            let said = Said {
                author: item.author.as_str().into(),
                text: item.text.as_str().into(),
                place: None,
                mention,
                own,
            };
            let body = Body::Said(said);
            one.buffer.prepend(Entry { time: item.time.0, seq: item.seq, body });
            one.placed(epoch, item.seq);
        }
        let oldest = one.oldest.unwrap_or(1);
        if items.is_empty() || oldest <= first_kept.max(1) {
            one.earlier = Earlier::Exhausted;
            if first_kept > 1 && one.buffer.len() > 0 {
                let time = one.buffer.entry(one.buffer.first()).map_or(0, |entry| entry.time);
                let words = "what was said before is no longer kept";
                one.buffer.prepend(Entry::system(time, words, false));
            }
        }
        self.forget();
        self.fill();
    }

    /// What was said before cannot be had.
    pub(crate) fn no_earlier(&mut self, place: Place, why: Option<&str>) {
        if let Some(one) = self.at_mut(place) {
            one.earlier = if why.is_some() { Earlier::Unread } else { Earlier::Exhausted };
        }
        if let Some(why) = why {
            self.notice = Some(format!("no earlier messages now: {why}"));
        }
    }

    /// The rooms that one is in, as far as is known.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &str> {
        let rooms = self.conversations().filter(|one| one.is_entered());
        rooms.map(|one: &Conversation| &*one.name)
    }

    /// In how many seconds it is tried again to connect.
    pub(crate) fn retry_in(&self) -> Option<u64> {
        let Connection::Lost { retry, .. } = self.connection else {
            return None;
        };
        let left = retry.saturating_sub(self.clock);
        Some(words::seconds(std::time::Duration::from_millis(left)))
    }
}
