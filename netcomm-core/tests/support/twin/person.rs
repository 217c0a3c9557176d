//! One run of a world, and the people in it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use netcomm_core::server::{After, ConnId, Face, Incoming, Origin, Router};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, RequestId, ResumeToken, ServerMessage,
};

use super::act::{Act, LONG, Setting, Visibility};
use crate::support::chat::{Ears, Heard, login, post};

/// A router with its time, and what it says.
pub struct Run {
    pub router: Router,
    now: Instant,
    ears: Ears,
}

/// Somebody in one run.
pub struct Person {
    number: u8,
    face: Face,
    opened: u64,
    /// The connections whose bytes it still gets, by the order of their opening.
    conns: BTreeMap<u64, ConnId>,
    current: Option<u64>,
    pub is_logged_in: bool,
    token: Option<ResumeToken>,
    heard: BTreeMap<u64, Heard>,
    /// How many of its requests had a number.
    numbered: u32,
}

/// What a login came to.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub nickname: String,
    pub is_resumed: bool,
    pub is_hidden: bool,
    pub token: ResumeToken,
}

impl Run {
    pub fn new(setting: &Setting) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(1_000_000));
        Self {
            router: Router::new(setting.limits(), clock, [0; 16]),
            now: Instant::EPOCH,
            ears: Ears::default(),
        }
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn ears(&mut self) -> (&mut Router, &mut Ears) {
        (&mut self.router, &mut self.ears)
    }

    pub fn open(&mut self, face: Face, origin: Origin, entropy: [u8; 16]) -> ConnId {
        let conn =
            self.router.connect(self.now, origin, entropy, &mut self.ears).expect("a connection");
        let after = self.router.handle(self.now, conn, &Incoming::Opened(face), &mut self.ears);
        assert_eq!(after, After::Nothing);
        if face == Face::Framed {
            self.ears.take(conn);
        }
        conn
    }

    /// Asks, and answers what the connection is sent from then on.
    pub fn ask(&mut self, conn: ConnId, message: ClientMessage<'_>) -> (After, Heard) {
        self.ears.take(conn);
        let incoming = Incoming::Request { id: RequestId::NONE, message };
        let after = self.router.handle(self.now, conn, &incoming, &mut self.ears);
        (after, self.ears.take(conn))
    }

    /// Asks for the same several times at once, each time with the next number.
    fn ask_all(&mut self, conn: ConnId, ids: RangeInclusive<u32>, message: &ClientMessage<'_>) {
        for id in ids {
            let incoming = Incoming::Request { id: RequestId(id), message: message.clone() };
            let _after = self.router.handle_unflushed(self.now, conn, &incoming, &mut self.ears);
        }
        self.router.flush(&mut self.ears);
    }

    pub fn lose(&mut self, conn: ConnId) {
        self.router.disconnect(self.now, conn, &mut self.ears);
        self.ears.lose(conn);
    }

    /// Closes a connection whose mailbox is full.
    pub fn cut(&mut self, conn: ConnId) {
        let full = Incoming::Close(CloseCode::SLOW_CONSUMER);
        let after = self.router.handle(self.now, conn, &full, &mut self.ears);
        assert_eq!(after, After::Closed);
    }

    pub fn pass(&mut self, millis: u64) -> Result<(), String> {
        let end = self.now + Duration::from_millis(millis);
        while let Some(at) = self.router.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.router.handle_timeout(self.now, &mut self.ears);
            if self.router.poll_timeout().is_some_and(|at| at <= self.now) {
                return Err("a timer never gives up".to_owned());
            }
        }
        self.now = end;
        Ok(())
    }

    /// The rooms that the user of a framed connection is in, in order.
    pub fn rooms_of(&mut self, conn: ConnId) -> Vec<String> {
        let mut rooms = Vec::new();
        let mut from = Some(String::new());
        while let Some(name) = from.take() {
            let from_room = Conversation::room(&name);
            let (_, heard) = self.ask(conn, ClientMessage::Conversations { from: from_room });
            if let Some((_, ServerMessage::Conversations { conversations, next })) =
                heard.messages().first()
            {
                let is_room = |it: &Conversation<'_>| it.kind == from_room.kind;
                let page = conversations.iter().map(|item| item.conversation);
                rooms.extend(page.filter(is_room).map(|it| it.name.to_owned()));
                from = (next.filter(is_room)).map(|it| it.name.to_owned());
            }
        }
        rooms
    }
}

impl Person {
    pub fn new(number: u8, face: Face) -> Self {
        Self {
            number,
            face,
            opened: 0,
            conns: BTreeMap::new(),
            current: None,
            is_logged_in: false,
            token: None,
            heard: BTreeMap::new(),
            numbered: 0,
        }
    }

    pub fn conn(&self) -> Option<ConnId> {
        self.conns.get(&self.current?).copied()
    }

    /// Where its newest connection came from, and the entropy of it.
    pub fn origin(&self, setting: &Setting) -> (Origin, [u8; 16]) {
        let mut entropy = [self.number; 16];
        entropy[..8].copy_from_slice(&self.opened.to_be_bytes());
        (setting.origin(self.opened / 2 + u64::from(self.number)), entropy)
    }

    /// Does something; answers what it hears of it on the connection that it uses.
    pub fn act(&mut self, run: &mut Run, setting: &Setting, act: Act) -> Heard {
        match act {
            Act::Login(name, visibility) => {
                if self.conn().is_none() {
                    self.open(run, setting);
                }
                self.login(run, name, visibility == Visibility::Hidden, None)
            }
            Act::Resume => {
                if self.token.is_none() {
                    return Heard::default();
                }
                if !self.is_logged_in {
                    self.lose(run);
                }
                self.open(run, setting);
                self.login(run, "ann", false, self.token)
            }
            Act::Lose => {
                self.lose(run);
                Heard::default()
            }
            Act::Overflow => {
                if let Some(conn) = self.conn() {
                    run.cut(conn);
                }
                self.lose(run);
                Heard::default()
            }
            Act::Probe(name) => {
                let (current, is_logged_in) = (self.current, self.is_logged_in);
                let token = self.token;
                self.open(run, setting);
                let heard = self.login(run, name, false, None);
                let _after = self.ask(run, ClientMessage::Quit);
                self.lose(run);
                (self.current, self.is_logged_in, self.token) = (current, is_logged_in, token);
                heard
            }
            Act::SayMuch(conversation, times) => {
                if let Some(conn) = self.conn() {
                    let first = self.numbered + 1;
                    self.numbered += times;
                    let message = post(conversation, LONG);
                    run.ask_all(conn, first..=self.numbered, &message);
                    self.listen(run);
                }
                Heard::default()
            }
            _ => match act.request() {
                Some(request) => self.ask(run, request).1,
                None => Heard::default(),
            },
        }
    }

    /// Takes what its connections were sent; forgets those that were closed.
    pub fn listen(&mut self, run: &mut Run) {
        let mut closed = Vec::new();
        for (number, conn) in &self.conns {
            let heard = run.ears.take(*conn);
            if heard.closed {
                closed.push(*number);
            }
            note(&mut self.heard, *number, heard);
        }
        for number in closed {
            self.forget(run, number);
        }
    }

    /// What it has heard since it was last asked, connection by connection.
    pub fn heard(&mut self) -> BTreeMap<u64, Heard> {
        core::mem::take(&mut self.heard)
    }

    /// What was said to it, one line each, requests' numbers left out.
    pub fn told(&self, heard: &BTreeMap<u64, Heard>) -> Vec<String> {
        let of = |heard: &Heard| match self.face {
            Face::Framed => heard.events().iter().map(|it| format!("{it:?}")).collect(),
            _ => vec![String::from_utf8_lossy(&heard.bytes).into_owned()],
        };
        heard.values().flat_map(of).collect()
    }

    /// What bytes say, for people.
    pub fn explain(&self, heard: &BTreeMap<u64, Heard>) -> String {
        let lines = heard.iter().map(|(number, heard)| {
            let said = match self.face {
                Face::Framed => format!("{:#?}", heard.messages()),
                _ => String::from_utf8_lossy(&heard.bytes).into_owned(),
            };
            format!("connection {number}, closed {}: {said}\n", heard.closed)
        });
        lines.collect()
    }

    fn open(&mut self, run: &mut Run, setting: &Setting) {
        self.opened += 1;
        let (origin, entropy) = self.origin(setting);
        let conn = run.open(self.face, origin, entropy);
        self.conns.insert(self.opened, conn);
        self.current = Some(self.opened);
        self.is_logged_in = false;
    }

    fn login(
        &mut self,
        run: &mut Run,
        name: &str,
        hidden: bool,
        resume: Option<ResumeToken>,
    ) -> Heard {
        let (after, heard) = self.ask(run, login(name, hidden, resume));
        if let After::LoggedIn(_) = after {
            self.is_logged_in = true;
            self.token = admitted(self.face, &heard).map(|admitted| admitted.token);
        }
        heard
    }

    fn ask(&mut self, run: &mut Run, message: ClientMessage<'_>) -> (After, Heard) {
        let (Some(number), Some(conn)) = (self.current, self.conn()) else {
            return (After::Nothing, Heard::default());
        };
        self.listen(run);
        let (after, heard) = run.ask(conn, message);
        note(&mut self.heard, number, heard.clone());
        if heard.closed {
            self.forget(run, number);
        }
        (after, heard)
    }

    fn lose(&mut self, run: &mut Run) {
        self.listen(run);
        if let Some(number) = self.current {
            self.forget(run, number);
        }
    }

    fn forget(&mut self, run: &mut Run, number: u64) {
        if let Some(conn) = self.conns.remove(&number) {
            run.lose(conn);
        }
        if self.current == Some(number) {
            self.current = None;
            self.is_logged_in = false;
        }
    }
}

/// Whether an answer is a welcome, and which.
pub fn admitted(face: Face, heard: &Heard) -> Option<Admitted> {
    if face != Face::Framed {
        return None;
    }
    heard.messages().iter().find_map(|(_, message)| match message {
        ServerMessage::Welcome { nickname, resumed, hidden, token, .. } => Some(Admitted {
            nickname: (*nickname).to_owned(),
            is_resumed: *resumed,
            is_hidden: *hidden,
            token: *token,
        }),
        _ => None,
    })
}

fn note(all: &mut BTreeMap<u64, Heard>, number: u64, heard: Heard) {
    if heard.is_silent() {
        return;
    }
    let so_far = all.entry(number).or_default();
    so_far.bytes.extend(heard.bytes);
    so_far.closed |= heard.closed;
}
