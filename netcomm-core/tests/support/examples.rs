//! The messages whose bytes are published: each variant, and its edges.

use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, ConversationItem, Credential, CredentialScheme,
    Extension, HistoryItem, LimitValue, NoticeCode, Position, RefusalCode, ResumeToken, RoomItem,
    ServerMessage,
};

/// A name, a request's number and the message.
pub(crate) type Example<M> = (&'static str, u32, M);

const TOKEN: ResumeToken = ResumeToken([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 254, 255]);
const TIME: UnixMillis = UnixMillis(1_767_225_600_123);
const PLACE: Position = Position { epoch: 0x0123_4567_89AB_CDEF, seq: 300 };

/// What a client says.
pub(crate) fn client() -> Vec<Example<ClientMessage<'static>>> {
    let mut all = logins();
    all.extend(posts_and_changes());
    all.extend(questions());
    all
}

fn logins() -> Vec<Example<ClientMessage<'static>>> {
    use ClientMessage as M;
    let login = |nickname, hidden, resume| M::Login {
        nickname,
        hidden,
        resume,
        credential: Credential::NONE,
        features: 0,
        extensions: vec![],
    };
    vec![
        ("login", 1, login("ann", false, None)),
        ("login_hidden", 1, login("ann", true, None)),
        ("login_resume", 1, login("", false, Some(TOKEN))),
        (
            "login_everything",
            1,
            M::Login {
                nickname: "Zoë",
                hidden: false,
                resume: None,
                credential: Credential { scheme: CredentialScheme(1), data: &[0, 127, 128, 255] },
                features: u64::MAX,
                extensions: vec![
                    Extension { key: 1, value: &[] },
                    Extension { key: u16::MAX, value: &[1, 2] },
                ],
            },
        ),
    ]
}

fn posts_and_changes() -> Vec<Example<ClientMessage<'static>>> {
    use ClientMessage as M;
    let post = |conversation, epoch, nonce, text| M::Post { conversation, epoch, nonce, text };
    vec![
        ("post_everyone", 2, post(Conversation::EVERYONE, None, 1, "hello")),
        (
            "post_room",
            127,
            post(Conversation::room("lobby"), Some(PLACE.epoch), u64::MAX, "hi\nall"),
        ),
        ("post_private", 128, post(Conversation::private("bob"), None, 128, "привет 👋")),
        ("join", 3, M::Join { room: "lobby" }),
        ("create_room", 4, M::CreateRoom { room: "tea" }),
        ("leave", 5, M::Leave { room: "tea" }),
        ("rename", 6, M::Rename { nickname: "anna" }),
        ("hide", 7, M::Hide),
        ("reveal", 8, M::Reveal),
    ]
}

fn questions() -> Vec<Example<ClientMessage<'static>>> {
    use ClientMessage as M;
    vec![
        ("members", 9, M::Members { room: None, from: "" }),
        ("members_of_room", 10, M::Members { room: Some("lobby"), from: "bob" }),
        ("rooms", 11, M::Rooms { from: "" }),
        ("rooms_from", 12, M::Rooms { from: "m" }),
        (
            "history_range",
            13,
            M::History {
                conversation: Conversation::room("lobby"),
                epoch: Some(1),
                first: 128,
                last: 300,
                latest: false,
                most: 0,
            },
        ),
        (
            "history_latest",
            14,
            M::History {
                conversation: Conversation::EVERYONE,
                epoch: None,
                first: 1,
                last: u64::MAX,
                latest: true,
                most: 20,
            },
        ),
        ("conversations", 15, M::Conversations { from: Conversation::EVERYONE }),
        ("conversations_from", 16, M::Conversations { from: Conversation::room("m") }),
        ("ping", 17, M::Ping { nonce: 0 }),
        ("pong", 0, M::Pong { nonce: 16384 }),
        ("quit", u32::MAX, M::Quit),
    ]
}

/// What a server says.
pub(crate) fn server() -> Vec<Example<ServerMessage<'static>>> {
    let mut all = answers();
    all.extend(pages());
    all.extend(events());
    all
}

fn answers() -> Vec<Example<ServerMessage<'static>>> {
    use ServerMessage as M;
    let refused = |code, retry_after, text| M::Refused { code, retry_after, text };
    vec![
        (
            "welcome",
            1,
            M::Welcome {
                nickname: "ann",
                resumed: false,
                hidden: false,
                token: TOKEN,
                time: TIME,
                everyone: PLACE,
                limits: vec![
                    LimitValue { limit: 1, value: 16384 },
                    LimitValue { limit: 6000, value: u64::MAX },
                ],
                features: 0,
                extensions: vec![],
            },
        ),
        (
            "welcome_resumed",
            1,
            M::Welcome {
                nickname: "Zoë",
                resumed: true,
                hidden: true,
                token: TOKEN,
                time: UnixMillis(0),
                everyone: Position::default(),
                limits: vec![],
                features: 1 << 63,
                extensions: vec![Extension { key: 7, value: b"x" }],
            },
        ),
        ("done", 7, M::Done),
        ("refused", 3, refused(RefusalCode::UNKNOWN_ROOM, None, "there is no such room")),
        ("refused_for_now", 4, refused(RefusalCode::RATE_LIMITED, Some(1500), "too many requests")),
        ("refused_by_unknown_code", 5, refused(RefusalCode(u16::MAX), Some(0), "")),
        ("posted", 2, M::Posted { position: PLACE, time: TIME, earlier: 3 }),
        ("joined", 3, M::Joined { room: "Lobby", position: Position { epoch: 1, seq: 0 } }),
        ("pong", 17, M::Pong { nonce: 0 }),
    ]
}

fn pages() -> Vec<Example<ServerMessage<'static>>> {
    use ServerMessage as M;
    let lobby = Conversation::room("lobby");
    let history = |first_kept, last, items| M::History {
        conversation: lobby,
        epoch: 1,
        first_kept,
        last,
        items,
    };
    let item = |seq, author, nonce, text| HistoryItem { seq, time: TIME, author, nonce, text };
    let at = |conversation| ConversationItem { conversation, last: PLACE };
    vec![
        ("members_none", 9, M::Members { members: vec![], next: "" }),
        ("members", 10, M::Members { members: vec!["ann", "Bob"], next: "carol" }),
        ("rooms_none", 11, M::Rooms { rooms: vec![], next: "" }),
        (
            "rooms",
            12,
            M::Rooms {
                rooms: vec![
                    RoomItem { room: "lobby", members: 0 },
                    RoomItem { room: "tea", members: 128 },
                ],
                next: "",
            },
        ),
        ("history_none", 13, history(1, 0, vec![])),
        ("history_forgotten", 13, history(301, 300, vec![])),
        (
            "history",
            14,
            history(7, 300, vec![item(299, "ann", 1, "hello"), item(300, "Bob", u64::MAX, "a\nb")]),
        ),
        ("conversations_none", 15, M::Conversations { conversations: vec![], next: None }),
        (
            "conversations",
            16,
            M::Conversations {
                conversations: vec![at(Conversation::EVERYONE), at(lobby)],
                next: Some(Conversation::private("bob")),
            },
        ),
    ]
}

fn events() -> Vec<Example<ServerMessage<'static>>> {
    use ServerMessage as M;
    let message = |conversation, author, text| M::Message {
        conversation,
        position: PLACE,
        time: TIME,
        author,
        text,
    };
    let closing = |code, retry_after, text| M::Closing { code, retry_after, text };
    vec![
        ("message_to_everyone", 0, message(Conversation::EVERYONE, "bob", "hello")),
        ("message_in_room", 0, message(Conversation::room("lobby"), "bob", "a\nb")),
        ("message_private", 0, message(Conversation::private("bob"), "bob", "👋")),
        ("member_joined", 0, M::MemberJoined { room: "lobby", nickname: "bob" }),
        ("member_left", 0, M::MemberLeft { room: "lobby", nickname: "bob" }),
        ("online", 0, M::Online { nickname: "bob" }),
        ("offline", 0, M::Offline { nickname: "bob" }),
        ("renamed", 0, M::Renamed { from: "bob", to: "Robert" }),
        ("ping", 0, M::Ping { nonce: u64::MAX }),
        (
            "notice",
            0,
            M::Notice { code: NoticeCode::ROOM_CLOSED, subject: "tea", text: "the room has ended" },
        ),
        ("closing", 0, closing(CloseCode::QUIT, None, "as requested")),
        ("closing_for_now", 0, closing(CloseCode::SHUTTING_DOWN, Some(5000), "back soon")),
    ]
}
