//! What people do in a trace, and strategies for it.

use netcomm_core::limits::Limits;
use netcomm_core::server::{Face, Origin};
use netcomm_core::wire::{ClientMessage, Conversation};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::chat::{create, history, join, members, post};

/// One thing that a user does. Only what is said much has numbers: every request is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Logs in, on a new connection where there is none.
    Login(&'static str, Visibility),
    /// Comes back with its last token, on a new connection.
    Resume,
    /// Loses its connection.
    Lose,
    /// Is cut off, because it reads too slowly.
    Overflow,
    Quit,
    Hide,
    Reveal,
    Rename(&'static str),
    Create(&'static str),
    Join(&'static str),
    Leave(&'static str),
    Say(Conversation<'static>, &'static str),
    /// Says something long so many times, all of it read at once. Only observers do.
    SayMuch(Conversation<'static>, u32),
    Members(Option<&'static str>, &'static str),
    Rooms,
    History(Conversation<'static>),
    Conversations,
    /// Tries a name on a connection of its own, and quits. Only observers do.
    Probe(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Visible,
    Hidden,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The user who hides.
    Hider,
    /// Somebody else, by number.
    Observer(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    By(Who, Act),
    /// Milliseconds go by.
    Pass(u64),
}

/// The limits of one world, and who is in it.
#[derive(Clone, Debug)]
pub struct Setting {
    pub limits: Vec<(&'static str, u64)>,
    pub faces: Vec<Face>,
    pub exempt: bool,
}

pub const EVERYONE: Conversation<'static> = Conversation::EVERYONE;

/// How long a session can be resumed in these tests, in milliseconds.
pub const WINDOW: u64 = 1000;

/// The hider's name first, and two that look like it.
pub const NAMES: [&str; 6] = ["ann", "ANN", "\u{430}nn", "bob", "cat", "zoe"];
pub const ROOMS: [&str; 3] = ["lobby", "tea", "Tea"];

impl Act {
    /// The request, where it is one.
    pub fn request(self) -> Option<ClientMessage<'static>> {
        Some(match self {
            Self::Login(..)
            | Self::Resume
            | Self::Lose
            | Self::Overflow
            | Self::SayMuch(..)
            | Self::Probe(_) => return None,
            Self::Quit => ClientMessage::Quit,
            Self::Hide => ClientMessage::Hide,
            Self::Reveal => ClientMessage::Reveal,
            Self::Rename(nickname) => ClientMessage::Rename { nickname },
            Self::Create(room) => create(room),
            Self::Join(room) => join(room),
            Self::Leave(room) => ClientMessage::Leave { room },
            Self::Say(conversation, text) => post(conversation, text),
            Self::Members(room, "") => members(room),
            Self::Members(room, from) => ClientMessage::Members { room, from },
            Self::Rooms => ClientMessage::Rooms { from: "" },
            Self::History(conversation) => history(conversation),
            Self::Conversations => ClientMessage::Conversations { from: EVERYONE },
        })
    }

    /// Whether it makes a user a hidden one.
    pub fn hides(self) -> bool {
        matches!(self, Self::Hide | Self::Login(_, Visibility::Hidden))
    }
}

impl Setting {
    pub fn new(limits: &[(&'static str, u64)], observers: usize) -> Self {
        Self {
            limits: [&[("resume_ms", WINDOW)], limits].concat(),
            faces: [Face::Framed, Face::Text].repeat(2)[..observers].to_vec(),
            exempt: true,
        }
    }

    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for (name, value) in &self.limits {
            limits.set(name, *value).expect("a limit within its range");
        }
        limits
    }

    pub fn origin(&self, number: u64) -> Origin {
        if self.exempt {
            return Origin::Exempt;
        }
        let last = u8::try_from(number % 2).expect("a bit");
        Origin::Address([192, 0, 2, last].into())
    }

    /// Hidden users whose connections are lost share two limits: in all, and from one address.
    /// Where one is small, only one user hides: those limits are among the exceptions
    /// ("saturation").
    pub fn observers_may_hide(&self) -> bool {
        self.limits.iter().all(|(name, value)| match *name {
            "detached_sessions" => *value > 100,
            "detached_per_address" => self.exempt || *value > 100,
            _ => true,
        })
    }
}

/// Any world.
pub fn setting() -> impl Strategy<Value = Setting> {
    let limit = |name, values: &'static [u64]| select(values).prop_map(move |value| (name, value));
    let lives = (
        limit("detached_sessions", &[1, 2, 3, 4096, 4096]),
        limit("detached_per_address", &[1, 2, 1000]),
        limit("room_idle_ms", &[1000, 1001, 2500, 86_400_000]),
        limit("notice_audience", &[0, 1, 2, 3, 100]),
    );
    let counts = (
        limit("pairs", &[1, 2, 20_000]),
        limit("pairs_per_user", &[1, 2, 200]),
        limit("rooms", &[1, 2, 10_000]),
        limit("rooms_per_user", &[1, 2, 50]),
        limit("history_messages", &[1, 3, 1000]),
        limit("histories_bytes", &[65_536, 268_435_456]),
        limit("page_items", &[1, 2, 100]),
    );
    let faces = vec(select(&[Face::Framed, Face::Text][..]), 2..=4);
    (lives, counts, faces, any::<bool>()).prop_map(
        |((a, b, c, d), (e, f, g, h, i, j, k), faces, exempt)| Setting {
            limits: vec![("resume_ms", WINDOW), a, b, c, d, e, f, g, h, i, j, k],
            faces,
            exempt,
        },
    )
}

/// Any trace, after a beginning in which all log in and some share a room.
pub fn trace() -> impl Strategy<Value = Vec<Step>> {
    (any::<bool>(), vec(step(), 1..50)).prop_map(|(begun, steps)| {
        let mut trace = vec![
            Step::By(Who::Observer(0), Act::Login("bob", Visibility::Visible)),
            Step::By(Who::Observer(1), Act::Login("cat", Visibility::Visible)),
        ];
        if begun {
            trace.extend(BEGINNING);
        }
        trace.extend(steps);
        trace
    })
}

const BEGINNING: [Step; 4] = [
    Step::By(Who::Observer(0), Act::Create("lobby")),
    Step::By(Who::Hider, Act::Login("ann", Visibility::Visible)),
    Step::By(Who::Hider, Act::Join("lobby")),
    Step::By(Who::Observer(1), Act::Join("lobby")),
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => hider().prop_map(|act| Step::By(Who::Hider, act)),
        8 => (0..4_usize, observer()).prop_map(|(who, act)| Step::By(Who::Observer(who), act)),
        2 => select(&[0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW][..]).prop_map(Step::Pass),
    ]
}

fn hider() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Hide),
        4 => Just(Act::Reveal),
        2 => Just(Act::Lose),
        1 => Just(Act::Overflow),
        3 => Just(Act::Resume),
        3 => login(),
        8 => both(),
    ]
}

fn observer() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Hide),
        1 => Just(Act::Reveal),
        1 => Just(Act::Lose),
        1 => Just(Act::Resume),
        2 => login(),
        3 => select(&NAMES[..4]).prop_map(Act::Probe),
        1 => (conversation(), 2..8_u32).prop_map(|(to, times)| Act::SayMuch(to, times)),
        8 => both(),
    ]
}

fn login() -> impl Strategy<Value = Act> {
    let visibility = select(&[Visibility::Visible, Visibility::Hidden][..]);
    (select(&NAMES[..]), visibility).prop_map(|(name, visibility)| Act::Login(name, visibility))
}

fn conversation() -> impl Strategy<Value = Conversation<'static>> {
    prop_oneof![
        1 => Just(EVERYONE),
        2 => select(&ROOMS[..]).prop_map(Conversation::room),
        2 => select(&NAMES[..]).prop_map(Conversation::private),
    ]
}

/// What hidden users and others do alike.
fn both() -> impl Strategy<Value = Act> {
    let name = || select(&NAMES[..]);
    let room = || select(&ROOMS[..]);
    let in_some_room = proptest::option::of(room());
    prop_oneof![
        4 => (conversation(), select(&["hi", "a\nb"][..])).prop_map(|(to, text)| Act::Say(to, text)),
        1 => conversation().prop_map(|to| Act::Say(to, LONG)),
        3 => room().prop_map(Act::Join),
        2 => room().prop_map(Act::Create),
        2 => room().prop_map(Act::Leave),
        2 => name().prop_map(Act::Rename),
        1 => Just(Act::Quit),
        2 => (in_some_room, prop_oneof![3 => Just(""), 1 => name()])
            .prop_map(|(room, from)| Act::Members(room, from)),
        1 => Just(Act::Rooms),
        2 => conversation().prop_map(Act::History),
        1 => Just(Act::Conversations),
    ]
}

/// So long that a few fill the smallest history, or what is handed out at once.
pub const LONG: &str = match core::str::from_utf8(&[b'x'; 4096]) {
    Ok(text) => text,
    Err(_) => "",
};
