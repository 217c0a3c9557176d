//! What must be true of all that users were told, whatever happened. It knows nothing of the
//! system but its events.

use std::collections::{BTreeMap, BTreeSet};

use netcomm_core::client::{Answer, ConversationName, Event};
use netcomm_core::wire::{ConversationKind, Position, RequestId};

#[derive(Default)]
pub struct Checker {
    users: Vec<User>,
    posts: Vec<Post>,
    by_text: BTreeMap<String, usize>,
    /// What was said at each place, by all accounts.
    said: BTreeMap<(u64, u64), usize>,
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
    lost_identity: bool,
}

struct Post {
    author: usize,
    conversation: ConversationName,
    text: String,
    accepted: Option<Position>,
    fate: u32,
}

/// Up to where a user has everything.
struct Place {
    name: ConversationName,
    epoch: u64,
    next: u64,
    open: bool,
}

/// `user3.17` is user 3.
fn number_of(nickname: &str) -> usize {
    let digits = nickname.trim_start_matches("user");
    let digits = digits.split('.').next().expect("a number");
    digits.parse().expect("a user's name")
}

impl Checker {
    pub fn new(users: usize) -> Self {
        Self { users: (0..users).map(|_| User::default()).collect(), ..Self::default() }
    }

    pub fn events(&self) -> usize {
        self.trace.len()
    }

    pub fn said(&mut self, author: usize, id: RequestId, to: ConversationName, text: String) {
        let index = self.posts.len();
        self.by_text.insert(text.clone(), index);
        self.posts.push(Post { author, conversation: to, text, accepted: None, fate: 0 });
        self.users[author].asked.insert(id, index);
    }

    pub fn leaves(&mut self, number: usize, id: RequestId, room: &str) {
        self.users[number].leaves.insert(id, room.into());
    }

    pub fn event(&mut self, number: usize, event: Event) {
        let mut line = format!("{number}: {event:?}");
        if let Some(at) = line.find(", limits") {
            line.truncate(at);
        }
        self.trace.push(line);
        match event {
            Event::LoggedIn { resumed, first, .. } => {
                self.users[number].lost_identity |= !resumed && !first;
            }
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
                user.excuse(&conversation);
                user.skip_own();
                let Some(place) = user.open(&conversation) else {
                    let key = (conversation.kind, conversation.name);
                    let next = user.anew.insert(key, last + 1);
                    assert_eq!(next, Some(first), "a gap in what is known");
                    return;
                };
                assert_eq!(place.next, first, "a gap begins where knowledge ends");
                place.next = last + 1;
            }
            Event::Restarted { conversation } => {
                let user = &mut self.users[number];
                user.excuse(&conversation);
                let known = user.open(&conversation).map(|place| place.open = false);
                let key = (conversation.kind, conversation.name);
                let known = known.is_some() || user.anew.contains_key(&key);
                assert!(known, "what restarts is known");
                if key.0 != ConversationKind::PRIVATE {
                    user.anew.insert(key, 1);
                }
            }
            Event::ConversationEnded { conversation } => {
                let user = &mut self.users[number];
                user.excuse(&conversation);
                user.anew.remove(&(conversation.kind, conversation.name.clone()));
                if let Some(place) = user.open(&conversation) {
                    place.open = false;
                }
            }
            Event::RoomEntered { room, position } => self.entered(number, room, position),
            Event::Renamed { from, to } => {
                for place in &mut self.users[number].places {
                    let private = place.name.kind == ConversationKind::PRIVATE;
                    if place.open && private && place.name.name == from {
                        place.name.name.clone_from(&to);
                    }
                }
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
        match answer {
            Answer::Posted { position, .. } => self.accepted(number, id, position),
            Answer::Joined { room, position } => self.entered(number, room, position),
            Answer::Done => {
                if let Some(name) = self.users[number].leaves.remove(&id) {
                    let kind = ConversationKind::ROOM;
                    let room = ConversationName { kind, name };
                    if let Some(place) = self.users[number].open(&room) {
                        place.open = false;
                    }
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
        user.places.push(Place {
            name: room,
            epoch: position.epoch,
            next: anew.unwrap_or(position.seq + 1),
            open: true,
        });
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

    fn message(
        &mut self,
        number: usize,
        conversation: &ConversationName,
        position: Position,
        author: &str,
        text: &str,
    ) {
        let index = *self.by_text.get(text).expect("somebody said it");
        let post = &self.posts[index];
        assert_eq!(post.author, number_of(author), "who said {text}");
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

    /// All is quiet: nothing may be missing.
    pub fn finish(&mut self) {
        for (number, user) in self.users.iter_mut().enumerate() {
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
            if post.conversation.kind != ConversationKind::PRIVATE || post.accepted.is_none() {
                continue;
            }
            let to = number_of(&post.conversation.name);
            let reader = &self.users[to];
            let excused = reader.lost_identity || reader.excused.contains(&post.author);
            assert!(
                reader.heard.contains(&index) || excused || self.users[post.author].lost_identity,
                "{to} never heard {}",
                post.text
            );
        }
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        let places: BTreeMap<usize, (u64, u64)> =
            self.said.iter().map(|(at, index)| (*index, *at)).collect();
        for (index, (epoch, seq)) in places {
            let before = last.insert((self.posts[index].author, epoch), seq);
            assert!(before.is_none_or(|before| before < seq), "first said, first heard");
        }
        assert!(self.posts.iter().all(|post| post.fate == 1), "an answer for each");
    }
}

impl User {
    fn open(&mut self, name: &ConversationName) -> Option<&mut Place> {
        let mut places = self.places.iter_mut();
        places.find(|place| place.open && place.name == *name)
    }

    fn skip_own(&mut self) {
        for place in &mut self.places {
            place.skip(&self.own);
        }
    }

    fn excuse(&mut self, conversation: &ConversationName) {
        if conversation.kind == ConversationKind::PRIVATE {
            self.excused.insert(number_of(&conversation.name));
        }
    }

    fn place(&mut self, name: &ConversationName, position: Position, own: bool) -> &mut Place {
        let known = self.places.iter().position(|place| {
            place.open && place.epoch == position.epoch && place.name.kind == name.kind
        });
        if let Some(index) = known {
            let place = &mut self.places[index];
            assert!(own || place.name == *name, "{name} is {}", place.name);
            return place;
        }
        let private = name.kind == ConversationKind::PRIVATE;
        let anew = self.anew.remove(&(name.kind, name.name.clone()));
        let mut places = self.places.iter();
        let open = places.any(|place| place.open && place.name == *name);
        assert!(!open || private, "{name} has another epoch, and nobody said so");
        let room = name.kind == ConversationKind::ROOM;
        assert!(!room || anew.is_some(), "{name} was never entered");
        self.places.push(Place {
            name: name.clone(),
            epoch: position.epoch,
            next: match anew {
                Some(next) => next,
                None if private => 1,
                None => position.seq,
            },
            open: true,
        });
        self.places.last_mut().expect("just pushed")
    }
}

impl Place {
    fn skip(&mut self, own: &BTreeSet<(u64, u64)>) {
        while own.contains(&(self.epoch, self.next)) {
            self.next += 1;
        }
    }
}
