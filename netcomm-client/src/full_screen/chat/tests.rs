//! What is sent, and what becomes of it, with a session whose server the test plays.

use netcomm_core::client::{Event, Output, SessionConfig};
use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::preface::{LENGTH, ServerPreface, Version};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{self, Position, RefusalCode, ResumeToken, ServerMessage};

use super::*;
use crate::full_screen::screen::entry::Body;
use crate::full_screen::tests::{press, screen, sends, shown};

/// A chat, its session, and what the session has sent.
struct World {
    chat: Chat,
    session: Session,
    sent: Vec<(RequestId, String)>,
    decoder: FrameDecoder,
    is_prefaced: bool,
}

impl World {
    fn new() -> Self {
        let now = Instant::EPOCH;
        let mut world = Self {
            chat: Chat::new(screen(80, 24)),
            session: Session::new(SessionConfig::new("ann"), now, 7),
            sent: Vec::new(),
            decoder: FrameDecoder::new(MAX_PAYLOAD),
            is_prefaced: false,
        };
        world.connects(false);
        world
    }

    /// The connection stands, and the server lets one in.
    fn connects(&mut self, resumed: bool) {
        self.goes_on();
        self.session.handle_connected(Instant::EPOCH);
        let preface = ServerPreface::Accepted(Version::V1).to_bytes();
        self.session.receive(Instant::EPOCH, &preface);
        self.goes_on();
        let welcome = ServerMessage::Welcome {
            nickname: "ann",
            resumed,
            hidden: false,
            token: ResumeToken([7; 16]),
            time: UnixMillis(0),
            everyone: Position { epoch: 5, seq: 0 },
            limits: Vec::new(),
            features: 0,
            extensions: Vec::new(),
        };
        self.answers("login", &welcome);
    }

    /// The connection is gone, and is tried anew.
    fn is_cut(&mut self) {
        self.session.handle_disconnected(Instant::EPOCH);
        self.decoder = FrameDecoder::new(MAX_PAYLOAD);
        self.is_prefaced = false;
        self.sent.clear();
        self.goes_on();
        let later = Instant::EPOCH + core::time::Duration::from_mins(10);
        self.session.handle_timeout(later);
    }

    fn goes_on(&mut self) {
        let now = Instant::EPOCH;
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.reads(&bytes),
                Output::Event(Event::Lost { .. }) => self.chat.screen.lost("cut", 1000),
                Output::Event(event) => self.chat.event(&self.session, now, &event),
                Output::Wait(_) => {
                    self.chat.wishes(&mut self.session, now);
                    if !self.chat.submit(&mut self.session, now) {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    fn reads(&mut self, bytes: &[u8]) {
        let skipped = if std::mem::replace(&mut self.is_prefaced, true) { 0 } else { LENGTH };
        let mut input = &bytes[skipped.min(bytes.len())..];
        while let Some(payload) = self.decoder.next_frame(&mut input).expect("frames") {
            let (id, message) = wire::decode::<ClientMessage<'_>>(payload).expect("messages");
            self.sent.push((id, message.name().into()));
        }
    }

    /// The oldest request of this kind that is not answered.
    fn request(&mut self, name: &str) -> Option<RequestId> {
        let index = self.sent.iter().position(|(_, sent)| sent == name)?;
        Some(self.sent.remove(index).0)
    }

    fn answers(&mut self, name: &str, answer: &ServerMessage<'_>) {
        let id = self.request(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.sent));
        let mut bytes = Vec::new();
        wire::encode(id, answer, &mut bytes).expect("it fits");
        self.session.receive(Instant::EPOCH, &bytes);
        self.goes_on();
    }

    fn hears(&mut self, event: &ServerMessage<'_>) {
        let mut bytes = Vec::new();
        wire::encode(RequestId(0), event, &mut bytes).expect("it fits");
        self.session.receive(Instant::EPOCH, &bytes);
        self.goes_on();
    }

    /// Answers all that the screen asks by itself: these are here.
    fn tells_who_is_here(&mut self, members: &[&str]) {
        loop {
            if self.sent.iter().any(|(_, name)| name == "members") {
                let members = members.to_vec();
                self.answers("members", &ServerMessage::Members { members, next: "" });
            } else if self.sent.iter().any(|(_, name)| name == "rooms") {
                self.answers("rooms", &ServerMessage::Rooms { rooms: Vec::new(), next: "" });
            } else if self.sent.iter().any(|(_, name)| name == "history") {
                self.answers("history", &refused(RefusalCode::UNKNOWN_ROOM, "none"));
            } else {
                return;
            }
        }
    }

    fn types(&mut self, line: &str) {
        sends(&mut self.chat.screen, line);
        self.goes_on();
    }

    fn shows(&self, words: &str) {
        let shown = shown(&self.chat.screen, 80, 24);
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
}

fn refused(code: RefusalCode, text: &str) -> ServerMessage<'_> {
    ServerMessage::Refused { code, retry_after: None, text }
}

#[test]
fn a_post_is_sent_and_accepted_or_refused_where_it_stands() {
    let mut world = World::new();
    world.types("one");
    world.types("two");
    world.shows("one [sending]");
    let position = Position { epoch: 5, seq: 1 };
    world.answers("post", &ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 });
    world.answers("post", &refused(RefusalCode::RATE_LIMITED, "too fast"));
    world.shows("two [not sent: too fast]");
    let buffer = &world.chat.screen.current().buffer;
    let seqs: Vec<u64> = (buffer.first()..buffer.end())
        .filter_map(|id| buffer.entry(id))
        .filter(|entry| matches!(entry.body, Body::Said(_)))
        .map(|entry| entry.seq)
        .collect();
    assert_eq!(seqs, [1, 0]);
}

#[test]
fn what_is_typed_without_a_connection_is_sent_later_and_in_order() {
    let mut world = World::new();
    world.is_cut();
    world.types("one");
    world.types("/join tea");
    world.types("two");
    world.shows("one [not sent yet]");
    world.connects(true);
    let names: Vec<&str> = world.sent.iter().map(|(_, name)| &**name).collect();
    let mine: Vec<&&str> = names.iter().filter(|name| ["post", "join"].contains(name)).collect();
    assert_eq!(mine, [&"post", &"join", &"post"], "{names:?}");
    world.shows("two [sending]");
}

#[test]
fn a_room_is_opened_when_it_is_entered_and_closed_when_it_is_left() {
    let mut world = World::new();
    world.types("/join tea");
    let position = Position { epoch: 9, seq: 3 };
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    assert_eq!(world.chat.screen.current().title(), "#tea");
    world.types("/join milk");
    world.answers("join", &refused(RefusalCode::UNKNOWN_ROOM, "no such room"));
    assert_eq!(world.chat.screen.current().title(), "#tea");
    world.shows("no such room");
    world.types("/close");
    world.answers("leave", &ServerMessage::Done);
    assert_eq!(world.chat.screen.current().title(), "everyone");
    world.shows("you left #tea");
}

#[test]
fn nothing_is_said_in_a_room_before_one_is_back_in_it() {
    let mut world = World::new();
    world.types("/join tea");
    let position = Position { epoch: 9, seq: 3 };
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    world.is_cut();
    world.types("wait for me");
    world.connects(false);
    assert_eq!(world.request("post"), None, "{:?}", world.sent);
    let joined = ServerMessage::Joined { room: "tea", position };
    world.answers("join", &joined);
    assert!(world.request("post").is_some(), "{:?}", world.sent);
}

#[test]
fn a_room_that_was_never_entered_holds_nothing_up_after_a_restart() {
    let mut world = World::new();
    world.types("/room nope hi");
    world.answers("post", &refused(RefusalCode::UNKNOWN_ROOM, "no such room"));
    world.is_cut();
    world.connects(false);
    world.types("hi again");
    world.answers("post", &refused(RefusalCode::UNKNOWN_ROOM, "there is none"));
    world.shows("hi again [not sent: there is none]");
    press(&mut world.chat.screen, "Alt-1");
    world.types("hello");
    assert!(world.request("post").is_some(), "{:?}", world.sent);
}

#[test]
fn a_room_that_is_being_entered_holds_up_only_what_is_for_it() {
    let mut world = World::new();
    world.types("/join tea");
    let position = Position { epoch: 9, seq: 3 };
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    world.is_cut();
    world.types("one");
    world.types("two");
    press(&mut world.chat.screen, "Alt-1");
    world.types("to all");
    world.types("/join milk");
    world.connects(false);
    let names: Vec<&str> = world.sent.iter().map(|(_, name)| &**name).collect();
    let mine: Vec<&&str> = names.iter().filter(|name| ["post", "join"].contains(name)).collect();
    assert_eq!(mine, [&"join", &"post", &"join"], "back in tea, to all, milk: {names:?}");
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    for expected in ["to all", "one", "two"] {
        let id = world.request("post").unwrap_or_else(|| panic!("no {expected}"));
        let said = world.session.posts().find(|(post, ..)| *post == id);
        assert_eq!(said.map(|(_, _, text)| text), Some(expected));
    }
}

#[test]
fn a_conversation_is_not_closed_before_what_was_said_in_it_is_sent() {
    let mut world = World::new();
    world.is_cut();
    world.types("/dm bob psst");
    world.types("/close");
    assert_eq!(world.chat.screen.current().title(), "@bob");
    world.shows("not closed: a message of yours here must be sent first");
    world.connects(true);
    let position = Position { epoch: 6, seq: 1 };
    world.answers("post", &ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 });
    world.types("/close");
    assert_eq!(world.chat.screen.current().title(), "everyone");
}

#[test]
fn what_is_not_sent_since_its_conversation_was_closed_is_told() {
    let mut world = World::new();
    world.is_cut();
    world.types("/dm bob psst");
    let place = world.chat.screen.current_place();
    world.chat.screen.close(place);
    world.connects(true);
    world.shows("not sent: psst: its conversation was");
    assert_eq!(world.request("post"), None, "{:?}", world.sent);
}

#[test]
fn a_room_that_was_never_entered_is_closed_without_asking_the_server() {
    let mut world = World::new();
    world.types("/room nope hi");
    world.answers("post", &refused(RefusalCode::UNKNOWN_ROOM, "no such room"));
    world.types("/close");
    assert_eq!(world.chat.screen.current().title(), "everyone");
    assert_eq!(world.request("leave"), None, "{:?}", world.sent);
}

#[test]
fn a_post_that_nobody_knows_of_says_so() {
    let mut world = World::new();
    world.types("lost?");
    world.is_cut();
    world.connects(false);
    world.shows("[not known whether this arrived]");
}

#[test]
fn hiding_is_shown_and_ends_with_revealing() {
    let mut world = World::new();
    world.types("/hide");
    world.answers("hide", &ServerMessage::Done);
    world.shows("ann (hidden)");
    world.types("psst");
    assert_eq!(world.request("post"), None, "warned first");
    press(&mut world.chat.screen, "Ctrl-u");
    world.types("/reveal");
    world.answers("reveal", &ServerMessage::Done);
    world.types("hello");
    assert!(world.request("post").is_some());
}

#[test]
fn who_comes_back_is_back_in_its_rooms() {
    let mut world = World::new();
    world.types("/join tea");
    let position = Position { epoch: 9, seq: 3 };
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    world.tells_who_is_here(&["ann", "bob"]);
    world.shows("#tea (2 here)");
    world.hears(&ServerMessage::Offline { nickname: "bob" });
    world.shows("bob went");
    world.shows("#tea (1 here)");
    world.hears(&ServerMessage::Online { nickname: "bob" });
    world.tells_who_is_here(&["bob"]);
    world.shows("bob went and came back");
    world.shows("#tea (2 here)");
    // Whoever was away when the list was made is found, too.
    world.hears(&ServerMessage::Online { nickname: "dora" });
    world.tells_who_is_here(&["dora"]);
    world.shows("#tea (3 here)");
    world.hears(&ServerMessage::MemberLeft { room: "tea", nickname: "dora" });
    // Gone for longer, one is in no room.
    world.hears(&ServerMessage::Offline { nickname: "bob" });
    world.hears(&ServerMessage::Online { nickname: "bob" });
    world.tells_who_is_here(&[]);
    world.shows("#tea (1 here)");
}

#[test]
fn who_is_here_is_asked_anew_after_a_lost_connection() {
    let mut world = World::new();
    world.types("/join tea");
    let position = Position { epoch: 9, seq: 3 };
    world.answers("join", &ServerMessage::Joined { room: "tea", position });
    world.tells_who_is_here(&["ann", "bob", "carol"]);
    world.shows("#tea (3 here)");
    world.is_cut();
    world.connects(true);
    world.tells_who_is_here(&["ann", "bob"]);
    world.shows("#tea (2 here)");
}

#[test]
fn what_was_not_sent_or_not_answered_is_told_at_the_end() {
    let mut world = World::new();
    assert!(world.chat.left().is_empty());
    world.types("one");
    world.types("two");
    let position = Position { epoch: 5, seq: 1 };
    world.answers("post", &ServerMessage::Posted { position, time: UnixMillis(0), earlier: 0 });
    world.is_cut();
    world.types("three");
    world.types("/join tea");
    let left = ["not sent: 1 message", "not known whether this arrived: 1 message"];
    assert_eq!(world.chat.left(), left);
    // A session that ends gives up what is not answered.
    world.session.quit(Instant::EPOCH);
    world.goes_on();
    assert_eq!(world.chat.left(), left);
}
