//! What may happen to a chat.

/// One thing that happens. Connections go by the order in which they were tried.
#[derive(Clone, Debug)]
pub enum Action {
    Connect {
        origin: u8,
    },
    Lose {
        conn: usize,
    },
    Pass {
        ms: u64,
    },
    /// `token`: of all that were given out, this one.
    Login {
        conn: usize,
        name: String,
        hidden: bool,
        token: Option<usize>,
    },
    Quit {
        conn: usize,
    },
    Post {
        conn: usize,
        place: Place,
        epoch: Option<usize>,
        text: String,
    },
    Join {
        conn: usize,
        room: String,
    },
    Create {
        conn: usize,
        room: String,
    },
    Leave {
        conn: usize,
        room: String,
    },
    Rename {
        conn: usize,
        name: String,
    },
    Hide {
        conn: usize,
    },
    Reveal {
        conn: usize,
    },
    Members {
        conn: usize,
        room: Option<String>,
        from: String,
    },
    Rooms {
        conn: usize,
        from: String,
    },
    History {
        conn: usize,
        place: Place,
        first: u64,
        last: u64,
        latest: bool,
        most: u32,
    },
    Conversations {
        conn: usize,
    },
}

/// A conversation.
#[derive(Clone, Debug)]
pub enum Place {
    Everyone,
    Room(String),
    Private(String),
}

impl Action {
    pub fn conn(&self) -> usize {
        match self {
            Self::Connect { .. } | Self::Pass { .. } => usize::MAX,
            Self::Lose { conn }
            | Self::Login { conn, .. }
            | Self::Quit { conn }
            | Self::Post { conn, .. }
            | Self::Join { conn, .. }
            | Self::Create { conn, .. }
            | Self::Leave { conn, .. }
            | Self::Rename { conn, .. }
            | Self::Hide { conn }
            | Self::Reveal { conn }
            | Self::Members { conn, .. }
            | Self::Rooms { conn, .. }
            | Self::History { conn, .. }
            | Self::Conversations { conn } => *conn,
        }
    }
}

/// Some look alike: the third is Cyrillic where the first is Latin.
pub const NAMES: [&str; 6] = ["ann", "bob", "аnn", "BOB", "cy", "dee"];
pub const ROOMS: [&str; 4] = ["den", "Den", "bar", "out"];

/// Small limits, so that traces run into them: each has one of the values.
pub const LIMITS: &[(&str, &[u64])] = &[
    ("notice_audience", &[0, 2, 100]),
    ("resume_ms", &[1000, 5000]),
    ("room_idle_ms", &[1000, 4000]),
    ("rooms_per_user", &[1, 2, 50]),
    ("rooms", &[2, 3, 50]),
    ("pairs_per_user", &[1, 2, 50]),
    ("pairs", &[1, 3, 50]),
    ("detached_sessions", &[1, 2, 50]),
    ("detached_per_address", &[1, 2]),
    ("history_messages", &[1, 3, 100]),
    ("page_items", &[1, 2, 100]),
    ("unanswered", &[1, 3, 64]),
    ("pending_logins", &[1, 3]),
    ("connections", &[4, 50]),
    ("connections_per_address", &[2, 3]),
];
