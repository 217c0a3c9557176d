//! What is said in a row is handed out in one piece, and everybody hears the same as if it were
//! not.

use std::collections::BTreeMap;
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::limits::Limits;
use netcomm_core::name::Nickname;
use netcomm_core::preface::{ClientPreface, ServerPreface, Version};
use netcomm_core::server::{
    After, ConnId, Connection, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients,
    Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, Position, RequestId, ResumeToken, ServerMessage,
};
use proptest::prelude::*;

use crate::support::chat::{login, post};
use crate::support::random;

/// Who is there at the beginning.
const SEATS: [(&str, Face); 4] =
    [("ann", Face::Framed), ("bob", Face::Text), ("cy", Face::Framed), ("dee", Face::Text)];

/// What a server says first to whoever speaks frames.
const ACCEPTED: [u8; 8] = ServerPreface::Accepted(Version::V1).to_bytes();

#[derive(Clone, Debug)]
enum Act {
    Post(&'static str, u8),
    Private(&'static str, u8),
    /// Several posts that are read at once; for an incarnation that never was, or from the number of the
    /// request before on.
    Row {
        room: &'static str,
        texts: Vec<String>,
        late: bool,
        again: bool,
    },
    Ask(ClientMessage<'static>),
    Everyone(u8),
    /// For an incarnation of the room that never was.
    Late(&'static str),
    /// The connection is lost, and another one logs in; hidden, if so.
    Lose(bool),
    /// Another connection takes over the session.
    Resume,
    /// The router is told to close the connection, and another one logs in.
    Close,
    /// The request before is sent again.
    Repeat(&'static str, u8),
    Pass(u64),
    Flush,
}

/// Bytes of each connection, how often something was handed out, and the most frames at once.
#[derive(Debug, Default)]
struct Ears {
    heard: BTreeMap<ConnId, Vec<u8>>,
    pieces: usize,
    longest: usize,
}

impl Deliver for Ears {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        self.pieces += 1;
        for to in to.iter() {
            let frames = message.frames(to.face);
            assert_eq!(frames.lengths().sum::<usize>(), frames.bytes().len());
            assert_eq!(frames.lengths().count(), frames.count());
            self.longest = self.longest.max(frames.count());
            assert!(frames.lengths().all(|length| length > 0));
            self.heard.entry(to.conn).or_default().extend_from_slice(frames.bytes());
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        self.heard.entry(to.conn).or_default().extend_from_slice(last.bytes(to.face));
    }
}

/// A router whose driver flushes at once, or when it likes.
struct Driven {
    router: Router,
    ears: Ears,
    seats: Vec<ConnId>,
    now: Instant,
    id: u32,
    at_once: bool,
    /// What each row came to.
    answers: Vec<After>,
}

impl Driven {
    fn new(limits: &Limits, at_once: bool) -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        let router = Router::new(limits.clone(), clock, [0; 16]);
        let mut driven = Self {
            router,
            ears: Ears::default(),
            seats: Vec::new(),
            now: Instant::EPOCH,
            id: 0,
            at_once,
            answers: Vec::new(),
        };
        for (nickname, face) in SEATS {
            let conn = driven.come(nickname, face, false, None);
            driven.seats.push(conn);
        }
        for seat in 0..SEATS.len() {
            driven.ask(seat, ClientMessage::Join { room: "hall" });
            driven.ask(seat, ClientMessage::CreateRoom { room: "hall" });
        }
        driven
    }

    fn come(
        &mut self,
        nickname: &str,
        face: Face,
        hidden: bool,
        resume: Option<ResumeToken>,
    ) -> ConnId {
        self.id += 1;
        let mut entropy = [0; 16];
        entropy[..4].copy_from_slice(&self.id.to_be_bytes());
        let ears = &mut self.ears;
        let conn = self.router.connect(self.now, Origin::Exempt, entropy, ears).expect("room");
        self.take(conn, &Incoming::Opened(face));
        let message = login(nickname, hidden, resume);
        self.take(conn, &Incoming::Request { id: RequestId(1), message });
        conn
    }

    /// Another connection takes a seat.
    fn come_instead(&mut self, seat: usize, hidden: bool, resume: Option<ResumeToken>) {
        let (_, face) = SEATS[seat];
        self.seats[seat] = self.come(["eve", "fay", "gus", "hal"][seat], face, hidden, resume);
        self.ask(seat, ClientMessage::Join { room: "hall" });
    }

    /// What resumes the session of a seat that speaks frames.
    fn token(&self, seat: usize) -> Option<ResumeToken> {
        let heard = self.ears.heard.get(&self.seats[seat])?;
        let mut frames = heard.strip_prefix(&ACCEPTED)?;
        let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
        match wire::decode(decoder.next_frame(&mut frames).ok()??).ok()? {
            (_, ServerMessage::Welcome { token, .. }) => Some(token),
            _ => None,
        }
    }

    fn take(&mut self, conn: ConnId, incoming: &Incoming<'_>) {
        let Self { router, ears, now, at_once, .. } = self;
        let _after = if *at_once {
            router.handle(*now, conn, incoming, ears)
        } else {
            router.handle_unflushed(*now, conn, incoming, ears)
        };
    }

    /// Says several things at once, as a connection reads them that has read a post for this room before.
    fn say(&mut self, conn: ConnId, room: &str, epoch: Option<u64>, first: u32, texts: &[String]) {
        let mut limits = Limits::default();
        limits.set("post_burst", 1000).expect("a limit");
        let mut connection = Connection::new(&limits, self.now);
        let _opened = connection.next(self.now, &mut &ClientPreface::OURS.to_bytes()[..]);
        connection.apply(self.now, After::LoggedIn(Nickname::new("ann").expect("a name")));
        let mut frames = Vec::new();
        let numbered = (first..).zip(texts.iter().map(String::as_str));
        for (id, text) in [(1, "before")].into_iter().chain(numbered) {
            let conversation = Conversation::room(room);
            let post = ClientMessage::Post { conversation, epoch, nonce: id.into(), text };
            wire::encode(RequestId(id), &post, &mut frames).expect("it fits");
        }
        let mut input = &frames[..];
        let _before = connection.next(self.now, &mut input);
        let Self { router, ears, now, at_once, .. } = self;
        while let Some(posts) = connection.posts(*now, &mut input, usize::MAX) {
            let mut last = After::Nothing;
            if *at_once {
                for incoming in posts.iter() {
                    last = router.handle(*now, conn, &incoming, ears);
                }
            } else {
                last = router.handle_posts(*now, conn, &posts, ears);
            }
            self.answers.push(last);
        }
        assert!(input.is_empty(), "all are read in rows");
    }

    fn ask(&mut self, seat: usize, message: ClientMessage<'_>) {
        self.id += 1;
        self.take(self.seats[seat], &Incoming::Request { id: RequestId(self.id), message });
    }

    /// What each connection heard, as if each post had a receipt of its own.
    fn heard(&self) -> BTreeMap<ConnId, Vec<u8>> {
        let heard = self.ears.heard.iter();
        heard.map(|(conn, bytes)| (*conn, with_all_receipts(bytes))).collect()
    }

    fn act(&mut self, seat: usize, act: &Act) {
        match act {
            Act::Post(room, text) => {
                self.ask(seat, post(Conversation::room(room), &text.to_string()));
            }
            Act::Private(name, text) => {
                self.ask(seat, post(Conversation::private(name), &text.to_string()));
            }
            Act::Row { room, texts, late, again } => {
                let first = self.id + u32::from(!again);
                self.id = first + u32::try_from(texts.len()).expect("few") - 1;
                self.say(self.seats[seat], room, late.then_some(7), first, texts);
            }
            Act::Ask(message) => self.ask(seat, message.clone()),
            Act::Everyone(text) => self.ask(seat, post(Conversation::EVERYONE, &text.to_string())),
            Act::Late(room) => {
                let (conversation, epoch) = (Conversation::room(room), Some(7));
                self.ask(seat, ClientMessage::Post { conversation, epoch, nonce: 0, text: "late" });
            }
            Act::Repeat(room, text) => {
                self.id -= 1;
                self.ask(seat, post(Conversation::room(room), &text.to_string()));
            }
            Act::Lose(hidden) => {
                self.router.disconnect(self.now, self.seats[seat], &mut self.ears);
                self.come_instead(seat, *hidden, None);
            }
            Act::Resume => {
                if let Some(token) = self.token(seat) {
                    self.come_instead(seat, false, Some(token));
                }
            }
            Act::Close => {
                self.take(self.seats[seat], &Incoming::Close(CloseCode::MALFORMED));
                self.come_instead(seat, false, None);
            }
            Act::Pass(seconds) => {
                self.now = self.now + Duration::from_secs(*seconds);
                self.router.handle_timeout(self.now, &mut self.ears);
            }
            Act::Flush => self.router.flush(&mut self.ears),
        }
    }
}

fn with_all_receipts(bytes: &[u8]) -> Vec<u8> {
    let Some(mut frames) = bytes.strip_prefix(&ACCEPTED) else {
        return bytes.to_vec();
    };
    let mut all = Vec::new();
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    while let Some(payload) = decoder.next_frame(&mut frames).expect("frames") {
        match wire::decode(payload).expect("a message") {
            (RequestId(last), ServerMessage::Posted { position, time, earlier }) => {
                for before in (0..=earlier).rev() {
                    let seq = position.seq - u64::from(before);
                    let position = Position { seq, ..position };
                    let one = ServerMessage::Posted { position, time, earlier: 0 };
                    wire::encode(RequestId(last - before), &one, &mut all).expect("it fits");
                }
            }
            (id, message) => wire::encode(id, &message, &mut all).expect("it fits"),
        }
    }
    all
}

/// A text, or what is none.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[a-z]{1,90}",
        2 => Just("two\nlines".to_owned()),
        1 => Just("\x1b[2J".to_owned()),
        1 => Just("\u{e9}".repeat(2000)),
        1 => Just("x".repeat(4097)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let names = || prop::sample::select(vec!["ann", "bob", "cy", "dee", "eve", "fay"]);
    let rooms = || prop::sample::select(vec!["hall", "yard"]);
    prop_oneof![
        20 => (rooms(), any::<u8>()).prop_map(|(room, text)| Act::Post(room, text)),
        4 => (names(), any::<u8>()).prop_map(|(name, text)| Act::Private(name, text)),
        6 => (rooms(), prop::collection::vec(text(), 1..40), 0_u8..8).prop_map(|(room, texts, how)| {
            Act::Row { room, texts, late: how == 0, again: how == 1 }
        }),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::Join { room })),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::CreateRoom { room })),
        1 => rooms().prop_map(|room| Act::Ask(ClientMessage::Leave { room })),
        1 => names().prop_map(|nickname| Act::Ask(ClientMessage::Rename { nickname })),
        1 => Just(Act::Ask(ClientMessage::Quit)),
        1 => Just(Act::Ask(ClientMessage::Hide)),
        1 => Just(Act::Ask(ClientMessage::Reveal)),
        1 => Just(Act::Ask(ClientMessage::Rooms { from: "" })),
        1 => Just(Act::Ask(ClientMessage::Ping { nonce: 7 })),
        2 => any::<u8>().prop_map(Act::Everyone),
        1 => any::<bool>().prop_map(Act::Lose),
        1 => rooms().prop_map(Act::Late),
        1 => Just(Act::Resume),
        1 => Just(Act::Close),
        1 => (rooms(), any::<u8>()).prop_map(|(room, text)| Act::Repeat(room, text)),
        1 => prop::sample::select(vec![0, 1, 40, 400]).prop_map(Act::Pass),
        1 => Just(Act::Flush),
    ]
}

proptest! {
    #![proptest_config(random(150))]

    #[test]
    fn everybody_hears_the_same(
        frames in prop::sample::select(vec![64_u64, 4096]),
        few in any::<bool>(),
        // Whoever is read says several things in a row.
        acts in prop::collection::vec((0..SEATS.len(), prop::collection::vec(act(), 1..8)), 1..30),
    ) {
        let mut limits = Limits::default();
        limits.set("mailbox_frames", frames).expect("a limit");
        if few {
            for (name, least) in [("detached_sessions", 1), ("room_idle_ms", 1000), ("pairs_per_user", 1)] {
                limits.set(name, least).expect("a limit");
            }
        }
        let [mut at_once, mut in_runs] = [true, false].map(|at_once| Driven::new(&limits, at_once));
        for (seat, acts) in &acts {
            for act in acts {
                at_once.act(*seat, act);
                in_runs.act(*seat, act);
            }
        }
        in_runs.router.flush(&mut in_runs.ears);
        prop_assert_eq!(in_runs.heard(), at_once.heard());
        prop_assert_eq!(in_runs.answers, at_once.answers);
        prop_assert!(in_runs.ears.pieces <= at_once.ears.pieces);
    }
}

/// What everybody hears of what is done from some seats, at once and in runs.
fn heard_of(acts: &[(usize, Act)]) -> [BTreeMap<ConnId, Vec<u8>>; 2] {
    [true, false].map(|at_once| {
        let mut driven = Driven::new(&Limits::default(), at_once);
        for (seat, act) in acts {
            driven.act(*seat, act);
        }
        driven.router.flush(&mut driven.ears);
        driven.heard()
    })
}

#[test]
fn what_ends_untold_ends_what_is_said_to_it() {
    let [at_once, in_runs] = heard_of(&[
        (1, Act::Lose(false)),
        (0, Act::Private("bob", 1)),
        (0, Act::Pass(100_000)),
        (0, Act::Private("bob", 2)),
    ]);
    assert_eq!(in_runs, at_once);
}

#[test]
fn a_room_and_a_user_of_one_name_are_told_apart() {
    let [at_once, in_runs] = heard_of(&[
        (0, Act::Ask(ClientMessage::CreateRoom { room: "bob" })),
        (2, Act::Ask(ClientMessage::Join { room: "bob" })),
        (0, Act::Post("bob", 1)),
        (0, Act::Private("bob", 2)),
        (0, Act::Post("bob", 3)),
    ]);
    assert_eq!(in_runs, at_once);
}

#[test]
fn what_is_said_in_a_row_is_one_piece_and_its_answers_are_another() {
    let mut limits = Limits::default();
    limits.set("mailbox_frames", 1024).expect("a limit");
    let mut driven = Driven::new(&limits, false);
    let said = |driven: &mut Driven, seat: usize, times: usize| {
        driven.router.flush(&mut driven.ears);
        let before = driven.ears.pieces;
        for _ in 0..times {
            driven.act(seat, &Act::Post("hall", 1));
        }
        driven.router.flush(&mut driven.ears);
        driven.ears.pieces - before
    };
    assert_eq!(said(&mut driven, 0, 1), 2);
    assert_eq!(said(&mut driven, 0, 64), 2);
    assert_eq!(said(&mut driven, 0, 0), 0);
    // The text face has no words for the answer.
    assert_eq!(said(&mut driven, 1, 64), 1);
    // No run is a large part of a mailbox.
    assert_eq!(said(&mut driven, 0, 1024 / 16 + 1), 4);
}

/// The number, place, extent and time of each receipt.
fn receipts_in(mut frames: &[u8]) -> impl Iterator<Item = (u32, u64, u32, u64)> {
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    let mut receipts = Vec::new();
    while let Some(payload) = decoder.next_frame(&mut frames).expect("frames") {
        if let (id, ServerMessage::Posted { position, time, earlier }) =
            wire::decode(payload).expect("a message")
        {
            receipts.push((id.0, position.seq, earlier, time.0));
        }
    }
    receipts.into_iter()
}

#[test]
fn posts_in_a_row_have_one_receipt() {
    let mut driven = Driven::new(&Limits::default(), false);
    let ann = driven.seats[0];
    // The number of each request of ann's, and what she asks.
    let posts = |ids: &[u32]| ids.iter().map(|id| (*id, true)).collect::<Vec<_>>();
    let receipts = |driven: &mut Driven, asked: &[(u32, bool)]| {
        driven.router.flush(&mut driven.ears);
        driven.ears.heard.clear();
        for (id, is_post) in asked {
            let room = Conversation::room("hall");
            let message =
                if *is_post { post(room, "hi") } else { ClientMessage::Ping { nonce: 7 } };
            driven.take(ann, &Incoming::Request { id: RequestId(*id), message });
        }
        driven.router.flush(&mut driven.ears);
        let receipts = receipts_in(&driven.ears.heard[&ann]);
        receipts.map(|(id, seq, earlier, _)| (id, seq, earlier)).collect::<Vec<_>>()
    };
    assert_eq!(receipts(&mut driven, &posts(&[101])), [(101, 1, 0)]);
    assert_eq!(receipts(&mut driven, &posts(&[102, 103, 104])), [(104, 4, 2)]);
    // A number is missing.
    assert_eq!(receipts(&mut driven, &posts(&[105, 107])), [(105, 5, 0), (107, 6, 0)]);
    // One that was answered before is answered as it was, for itself.
    assert_eq!(
        receipts(&mut driven, &posts(&[108, 104, 109])),
        [(108, 7, 0), (104, 4, 0), (109, 8, 0)]
    );
    // Another answer comes between.
    let asked = [(110, true), (111, false), (112, true)];
    assert_eq!(receipts(&mut driven, &asked), [(110, 9, 0), (112, 10, 0)]);
}

#[test]
fn a_receipt_tells_one_time() {
    let mut driven = Driven::new(&Limits::default(), false);
    driven.router.flush(&mut driven.ears);
    driven.ears.heard.clear();
    driven.act(0, &Act::Post("hall", 1));
    driven.now = driven.now + Duration::from_secs(1);
    driven.act(0, &Act::Post("hall", 2));
    driven.router.flush(&mut driven.ears);
    let receipts = receipts_in(&driven.ears.heard[&driven.seats[0]]);
    let times: Vec<_> = receipts.map(|(_, _, _, time)| time).collect();
    assert_eq!(times, [0, 1000]);
}

#[test]
fn a_run_ends_by_the_bytes_that_either_face_may_take() {
    // With what is around them, both take 512 bytes of 16 KiB: a line feed takes two more.
    for text in ["x".repeat(320), ["x\n".repeat(32), "x".repeat(192)].concat()] {
        let mut driven = Driven::new(&Limits::default(), false);
        driven.router.flush(&mut driven.ears);
        driven.ears.heard.clear();
        for _ in 0..64 {
            driven.ask(0, post(Conversation::room("hall"), &text));
        }
        driven.router.flush(&mut driven.ears);
        let receipts = receipts_in(&driven.ears.heard[&driven.seats[0]]);
        let lengths: Vec<_> = receipts.map(|(_, _, earlier, _)| earlier + 1).collect();
        assert_eq!(lengths, [32, 32]);
    }
}

#[test]
fn a_run_ends_by_its_answers_too() {
    let mut driven = Driven::new(&Limits::default(), false);
    driven.act(0, &Act::Post("hall", 1));
    for _ in 0..100 {
        driven.act(0, &Act::Ask(ClientMessage::Ping { nonce: 7 }));
    }
    driven.router.flush(&mut driven.ears);
    assert!((60..=1024 / 16 + 1).contains(&driven.ears.longest), "{}", driven.ears.longest);
}
