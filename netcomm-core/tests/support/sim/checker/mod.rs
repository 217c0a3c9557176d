//! What must be true of all that users were told, whatever happened. It knows nothing of the
//! system but its events.

mod lines;
mod names;
mod place;
mod presence;

use std::collections::{BTreeMap, BTreeSet};

use netcomm_core::client::{Answer, ConversationName, Ending, Event};
use netcomm_core::time::Instant;
use netcomm_core::wire::{ConversationKind, NoticeCode, Position, RefusalCode, RequestId};

use self::lines::Heard;
use self::names::Names;
use self::place::Place;
use self::presence::Presence;

#[derive(Default)]
pub struct Checker {
    users: Vec<User>,
    posts: Vec<Post>,
    by_text: BTreeMap<String, usize>,
    /// What was said at each place, by all accounts.
    said: BTreeMap<(u64, u64), usize>,
    names: Names,
    /// Where everyone stood when a socket was welcomed.
    welcomes: BTreeMap<u64, Position>,
    /// Requests whose answers must be the same for all, and the answers.
    compared: BTreeSet<(usize, RequestId)>,
    answers: Vec<Answer>,
    /// Everything that was told, for whoever looks for a failure's cause.
    pub trace: Vec<String>,
}

#[derive(Default)]
struct User {
    asked: BTreeMap<RequestId, usize>,
    leaves: BTreeMap<RequestId, String>,
    places: Vec<Place>,
    own: BTreeSet<(u64, u64)>,
    /// Places that nothing was told of: only own posts may turn out to be there.
    owed: BTreeSet<(u64, u64)>,
    /// Conversations that have begun anew and were not heard of since, and where they go on.
    anew: BTreeMap<(ConversationKind, String), u64>,
    heard: BTreeSet<usize>,
    /// Private conversations that were declared incomplete, by the other's number.
    excused: BTreeSet<usize>,
    /// Whether all that was private has ended, and was declared to have.
    lost_identity: bool,
    was_welcomed: bool,
    /// Of how many posts its private ones were declared to be over.
    released: usize,
    /// Whether the person has gone.
    over: bool,
    presence: Presence,
    /// What a person at the text face has heard.
    lines: Option<Heard>,
}

struct Post {
    author: usize,
    conversation: ConversationName,
    text: String,
    accepted: Option<Position>,
    fate: u32,
    /// Whether somebody waits for an answer to it; nobody does at the text face.
    awaited: bool,
}

impl Checker {
    /// Somebody who was never here before.
    pub fn person(&mut self, with_lines: bool) -> usize {
        let lines = with_lines.then(Heard::default);
        self.users.push(User { lines, ..User::default() });
        self.users.len() - 1
    }

    /// This person may be called so from now on.
    pub fn wishes(&mut self, number: usize, nickname: &str) {
        self.names.wish(number, nickname);
    }

    pub fn messages(&self) -> usize {
        self.said.len()
    }

    /// Somebody says something; at the text face it has no number.
    pub fn said(
        &mut self,
        author: usize,
        id: Option<RequestId>,
        conversation: ConversationName,
        text: String,
    ) {
        let index = self.posts.len();
        self.by_text.insert(text.clone(), index);
        let awaited = id.is_some();
        self.posts.push(Post { author, conversation, text, accepted: None, fate: 0, awaited });
        self.users[author].asked.extend(id.map(|id| (id, index)));
    }

    pub fn leaves(&mut self, number: usize, id: RequestId, room: &str) {
        self.users[number].leaves.insert(id, room.into());
    }

    /// The server has forgotten everything.
    pub fn restart(&mut self, now: Instant) {
        self.note_down(now, "the server begins anew");
    }

    /// Takes a line into the trace.
    fn note_down(&mut self, now: Instant, what: &str) {
        let what = what.split(", limits").next().unwrap_or(what);
        let what = what.replace(&"x".repeat(100), "");
        self.trace.push(format!("{:9.3} {what}", now.since_epoch().as_secs_f64()));
    }

    pub fn event(&mut self, now: Instant, number: usize, event: Event) {
        self.note_down(now, &format!("{number}: {event:?}"));
        assert!(!self.users[number].over, "the last event is the end");
        match event {
            Event::Message { conversation, position, author, text, .. } => {
                self.message(number, &conversation, position, &author, &text);
            }
            Event::Answered { id, answer } => self.answered(number, id, answer),
            Event::Arrived { id, position } => self.accepted(number, id, position),
            Event::Unknown { id, .. } => {
                let index = self.users[number].asked[&id];
                self.posts[index].fate += 1;
                assert_eq!(self.posts[index].fate, 1, "one fate");
            }
            Event::Gone { conversation, first, last } => {
                let user = &mut self.users[number];
                user.excuse(&self.names, &conversation);
                user.skip_own();
                let Some(place) = user.open(&conversation) else {
                    let key = (conversation.kind, conversation.name);
                    let private = key.0 == ConversationKind::PRIVATE;
                    let next = user.anew.insert(key, last + 1);
                    let known = next == Some(first) || (private && next.is_none() && first == 1);
                    assert!(known, "a gap in what is known: {first}, and not {next:?}");
                    return;
                };
                assert_eq!(place.next, first, "a gap begins where knowledge ends");
                place.next = last + 1;
            }
            Event::Restarted { conversation } => {
                let user = &mut self.users[number];
                user.excuse(&self.names, &conversation);
                let known = user.oldest(&conversation).map(|place| place.open = false);
                let key = (conversation.kind, conversation.name);
                // Of a private conversation it may have read in a list, and nothing more.
                let private = key.0 == ConversationKind::PRIVATE;
                let known = known.is_some() || private || user.anew.contains_key(&key);
                assert!(known, "what restarts is known");
                if private {
                    user.anew.remove(&key);
                } else {
                    user.anew.insert(key, 1);
                }
            }
            Event::ConversationEnded { conversation } => {
                let user = &mut self.users[number];
                user.excuse(&self.names, &conversation);
                user.anew.remove(&(conversation.kind, conversation.name.clone()));
                if let Some(place) = user.oldest(&conversation) {
                    place.open = false;
                }
            }
            Event::RoomEntered { room, position } => self.entered(number, room, position),
            Event::Renamed { from, to } => {
                let from = ConversationName { kind: ConversationKind::PRIVATE, name: from };
                self.users[number].rename(&from, to);
            }
            Event::Notice { code: NoticeCode::NAME_RELEASED, .. } => {
                self.users[number].released = self.posts.len();
            }
            Event::Ended { why } => {
                assert_eq!(why, Ending::Quit, "nobody has to go");
                self.users[number].over = true;
            }
            _ => {}
        }
    }

    fn answered(&mut self, number: usize, id: RequestId, answer: Answer) {
        if let Some(index) = self.users[number].asked.get(&id) {
            let post = &mut self.posts[*index];
            post.fate += 1;
            assert_eq!(post.fate, 1, "one answer: {}", post.text);
        }
        if self.compared.remove(&(number, id)) {
            self.answers.push(answer);
            return;
        }
        match answer {
            Answer::Posted { position, .. } => self.accepted(number, id, position),
            Answer::Joined { room, position } => self.entered(number, room, position),
            Answer::Done
            | Answer::Refused {
                code: RefusalCode::NOT_A_MEMBER | RefusalCode::UNKNOWN_ROOM, ..
            } => {
                if let Some(name) = self.users[number].leaves.remove(&id) {
                    let kind = ConversationKind::ROOM;
                    let room = ConversationName { kind, name };
                    if let Some(place) = self.users[number].open(&room) {
                        place.open = false;
                    }
                }
            }
            Answer::History { epoch, items, .. } => {
                for item in items {
                    let index = self.post(&item.author, &item.text);
                    self.note(Position { epoch, seq: item.seq }, index);
                }
            }
            _ => {}
        }
    }

    fn entered(&mut self, number: usize, name: String, position: Position) {
        let kind = ConversationKind::ROOM;
        let user = &mut self.users[number];
        let anew = user.anew.remove(&(kind, name.clone()));
        let room = ConversationName { kind, name };
        if let Some(place) = user.open(&room) {
            assert_eq!(place.epoch, position.epoch, "a new epoch is told");
            return;
        }
        let next = anew.unwrap_or(position.seq + 1);
        user.begin(room, position.epoch, next);
    }

    fn accepted(&mut self, number: usize, id: RequestId, position: Position) {
        let index = self.users[number].asked[&id];
        let post = &mut self.posts[index];
        assert_eq!(post.accepted, None, "accepted once: {}", post.text);
        post.accepted = Some(position);
        let conversation = post.conversation.clone();
        self.note(position, index);
        let user = &mut self.users[number];
        user.own.insert((position.epoch, position.seq));
        // A post may be accepted before the answer to the join that allowed it comes again.
        if conversation.kind != ConversationKind::ROOM {
            user.place(&conversation, position, true);
        }
    }

    fn note(&mut self, position: Position, index: usize) {
        let at = (position.epoch, position.seq);
        let before = *self.said.entry(at).or_insert(index);
        assert_eq!(before, index, "one order for all");
    }

    /// What was said in these words, by somebody who may be called so.
    fn post(&self, author: &str, text: &str) -> usize {
        let index = *self.by_text.get(text).expect("somebody said it");
        let by = self.posts[index].author;
        assert!(self.names.is_of(author, by), "{author} did not say {text}");
        index
    }

    fn message(
        &mut self,
        number: usize,
        conversation: &ConversationName,
        position: Position,
        author: &str,
        text: &str,
    ) {
        let index = self.post(author, text);
        let post = &self.posts[index];
        assert_ne!(post.author, number, "no echo of {text}");
        assert_eq!(post.conversation.kind, conversation.kind, "where: {text}");
        self.note(position, index);
        let user = &mut self.users[number];
        assert!(user.heard.insert(index), "{number} heard {text} twice");
        user.place(conversation, position, false);
        user.skip_own();
        let place = user.place(conversation, position, false);
        assert!(place.next <= position.seq, "{number} hears {text} late");
        // What is left out must be own posts whose answers have not come yet.
        let left_out = (place.next..position.seq).map(|seq| (position.epoch, seq));
        place.next = position.seq + 1;
        user.owed.extend(left_out);
    }

    /// The answer to this request must be the same for all.
    pub fn compares(&mut self, number: usize, id: RequestId) {
        self.compared.insert((number, id));
    }

    /// Everybody sees the same people, and those who are visible among them.
    pub fn compare(&self, visible: &[String]) {
        assert_eq!(self.compared.len(), 0, "everybody is answered");
        for answer in &self.answers {
            assert_eq!(Some(answer), self.answers.first(), "everybody sees the same");
            let Answer::Members { members, next } = answer else { panic!("{answer:?}") };
            let unseen = visible.iter().find(|name| !members.contains(name));
            assert!(unseen.is_none() || !next.is_empty(), "{unseen:?} is not seen");
        }
    }

    /// All is quiet: nothing may be missing.
    pub fn finish(&mut self) {
        for (number, user) in self.users.iter_mut().enumerate().filter(|(_, user)| !user.over) {
            let mut owed = user.owed.difference(&user.own);
            assert_eq!(owed.next(), None, "{number} was not told of it");
            user.skip_own();
            for place in user.places.iter().filter(|place| place.open) {
                let range = (place.epoch, 0)..=(place.epoch, u64::MAX);
                let last = self.said.range(range).next_back();
                let last = last.map_or(0, |((_, seq), _)| *seq);
                assert!(
                    place.next > last,
                    "{number} has {} up to {}, and not {last}",
                    place.name,
                    place.next - 1
                );
            }
        }
        for (index, post) in self.posts.iter().enumerate() {
            if post.conversation.kind == ConversationKind::PRIVATE && post.accepted.is_some() {
                self.arrived(index, post);
            }
        }
        let places: BTreeMap<usize, (u64, u64)> =
            self.said.iter().map(|(at, index)| (*index, *at)).collect();
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for (index, (epoch, seq)) in &places {
            let before = last.insert((self.posts[*index].author, *epoch), *seq);
            assert!(before.is_none_or(|before| before < *seq), "first said, first heard");
        }
        for (number, user) in self.users.iter().enumerate() {
            if let Some(heard) = &user.lines {
                let is_own = |index: &usize| self.posts[*index].author == number;
                heard.check(number, &places, &self.said, is_own, |index| {
                    self.is_for_everyone(*index)
                });
            }
        }
        assert!(
            self.posts.iter().all(|post| post.fate == u32::from(post.awaited)),
            "an answer for each"
        );
    }

    /// A private message that was accepted was heard, or declared to be lost.
    fn arrived(&self, index: usize, post: &Post) {
        let is_excused = |number: usize| {
            let user = &self.users[number];
            let is_declared = user.excused.contains(&post.author) || index < user.released;
            user.over || user.lost_identity || is_declared
        };
        // Who has gone takes what it said with it, and so does who was hidden for too long. It is
        // declared to who was not there, unless the same two have begun another conversation by
        // then: a list names only the latest of one name.
        let author = &self.users[post.author];
        let has_gone = author.over || author.lost_identity || index < author.released;
        let mut readers = self.names.of(&post.conversation.name);
        assert!(
            has_gone || readers.any(|to| self.users[to].heard.contains(&index) || is_excused(to)),
            "nobody called {} heard {}",
            post.conversation.name,
            post.text
        );
    }
}
