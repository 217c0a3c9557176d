//! Arbitrary messages of both directions. Every variant has a strategy; a variant that is missing
//! here is found by the test that counts them in `codec.rs`.
//!
//! Messages borrow, and a strategy has to own: what it makes lives until the test process ends.

use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, ConversationItem, ConversationKind, Credential,
    CredentialScheme, Extension, HistoryItem, LimitValue, NoticeCode, Position, RefusalCode,
    RequestId, ResumeToken, RoomItem, ServerMessage,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Any string, the empty one and every kind of character included.
pub(crate) fn string() -> BoxedStrategy<&'static str> {
    prop_oneof![
        "[a-z]{0,12}".prop_map(|text| &*text.leak()),
        any::<String>().prop_map(|text| &*text.leak()),
    ]
    .boxed()
}

/// Any bytes.
pub(crate) fn bytes() -> BoxedStrategy<&'static [u8]> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| &*bytes.leak()).boxed()
}

/// Any number, with a liking for the ends of varints.
pub(crate) fn number() -> BoxedStrategy<u64> {
    prop_oneof![
        Just(0),
        Just(127),
        Just(128),
        Just(u64::MAX),
        any::<u32>().prop_map(u64::from),
        any::<u64>(),
    ]
    .boxed()
}

/// Any request's number, 0 included.
pub(crate) fn request_id() -> BoxedStrategy<RequestId> {
    any::<u32>().prop_map(RequestId).boxed()
}

/// Any conversation, of unknown kinds too.
pub(crate) fn conversation() -> BoxedStrategy<Conversation<'static>> {
    (prop_oneof![0_u16..4, any::<u16>()], string())
        .prop_map(|(kind, name)| Conversation { kind: ConversationKind(kind), name })
        .boxed()
}

fn token() -> BoxedStrategy<ResumeToken> {
    any::<[u8; 16]>().prop_map(ResumeToken).boxed()
}

fn extensions() -> BoxedStrategy<Vec<Extension<'static>>> {
    vec((any::<u16>(), bytes()).prop_map(|(key, value)| Extension { key, value }), 0..4).boxed()
}

fn position() -> BoxedStrategy<Position> {
    (number(), number()).prop_map(|(epoch, seq)| Position { epoch, seq }).boxed()
}

fn time() -> BoxedStrategy<UnixMillis> {
    number().prop_map(UnixMillis).boxed()
}

/// Any message of a client.
pub(crate) fn client_message() -> BoxedStrategy<ClientMessage<'static>> {
    use ClientMessage as M;
    prop_oneof![
        login(),
        (conversation(), of(number()), number(), string()).prop_map(
            |(conversation, epoch, nonce, text)| M::Post { conversation, epoch, nonce, text }
        ),
        string().prop_map(|room| M::Join { room }),
        string().prop_map(|room| M::CreateRoom { room }),
        string().prop_map(|room| M::Leave { room }),
        string().prop_map(|nickname| M::Rename { nickname }),
        Just(M::Hide),
        Just(M::Reveal),
        (of(string()), string()).prop_map(|(room, from)| M::Members { room, from }),
        string().prop_map(|from| M::Rooms { from }),
        history_request(),
        conversation().prop_map(|from| M::Conversations { from }),
        number().prop_map(|nonce| M::Ping { nonce }),
        number().prop_map(|nonce| M::Pong { nonce }),
        Just(M::Quit),
    ]
    .boxed()
}

fn login() -> BoxedStrategy<ClientMessage<'static>> {
    (string(), any::<bool>(), of(token()), (any::<u16>(), bytes()), number(), extensions())
        .prop_map(|(nickname, hidden, resume, (scheme, data), features, extensions)| {
            ClientMessage::Login {
                nickname,
                hidden,
                resume,
                credential: Credential { scheme: CredentialScheme(scheme), data },
                features,
                extensions,
            }
        })
        .boxed()
}

fn history_request() -> BoxedStrategy<ClientMessage<'static>> {
    let range = (of(number()), number(), number());
    (conversation(), range, any::<bool>(), any::<u32>())
        .prop_map(|(conversation, (epoch, first, last), latest, most)| ClientMessage::History {
            conversation,
            epoch,
            first,
            last,
            latest,
            most,
        })
        .boxed()
}

/// Any message of a server.
pub(crate) fn server_message() -> BoxedStrategy<ServerMessage<'static>> {
    prop_oneof![answer(), page(), event()].boxed()
}

fn answer() -> BoxedStrategy<ServerMessage<'static>> {
    use ServerMessage as M;
    prop_oneof![
        welcome(),
        Just(M::Done),
        (any::<u16>(), of(number()), string()).prop_map(|(code, retry_after, text)| M::Refused {
            code: RefusalCode(code),
            retry_after,
            text
        }),
        (position(), time(), any::<u32>()).prop_map(|(position, time, earlier)| M::Posted {
            position,
            time,
            earlier
        }),
        (string(), position()).prop_map(|(room, position)| M::Joined { room, position }),
        number().prop_map(|nonce| M::Pong { nonce }),
    ]
    .boxed()
}

fn welcome() -> BoxedStrategy<ServerMessage<'static>> {
    let limits =
        vec((any::<u16>(), number()).prop_map(|(limit, value)| LimitValue { limit, value }), 0..40);
    (
        (string(), any::<bool>(), any::<bool>(), token()),
        (time(), position(), limits),
        (number(), extensions()),
    )
        .prop_map(
            |(
                (nickname, resumed, hidden, token),
                (time, everyone, limits),
                (features, extensions),
            )| {
                ServerMessage::Welcome {
                    nickname,
                    resumed,
                    hidden,
                    token,
                    time,
                    everyone,
                    limits,
                    features,
                    extensions,
                }
            },
        )
        .boxed()
}

fn page() -> BoxedStrategy<ServerMessage<'static>> {
    use ServerMessage as M;
    let room = (string(), any::<u32>()).prop_map(|(room, members)| RoomItem { room, members });
    let item = (number(), time(), string(), number(), string()).prop_map(
        |(seq, time, author, nonce, text)| HistoryItem { seq, time, author, nonce, text },
    );
    let standing = (conversation(), position())
        .prop_map(|(conversation, last)| ConversationItem { conversation, last });
    let numbers = (number(), number(), number());
    prop_oneof![
        (vec(string(), 0..6), string()).prop_map(|(members, next)| M::Members { members, next }),
        (vec(room, 0..6), string()).prop_map(|(rooms, next)| M::Rooms { rooms, next }),
        (conversation(), numbers, vec(item, 0..6)).prop_map(
            |(conversation, (epoch, first_kept, last), items)| M::History {
                conversation,
                epoch,
                first_kept,
                last,
                items
            }
        ),
        (vec(standing, 0..6), of(conversation()))
            .prop_map(|(conversations, next)| { M::Conversations { conversations, next } }),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<ServerMessage<'static>> {
    use ServerMessage as M;
    prop_oneof![
        (conversation(), position(), time(), string(), string()).prop_map(
            |(conversation, position, time, author, text)| M::Message {
                conversation,
                position,
                time,
                author,
                text
            }
        ),
        (string(), string()).prop_map(|(room, nickname)| M::MemberJoined { room, nickname }),
        (string(), string()).prop_map(|(room, nickname)| M::MemberLeft { room, nickname }),
        string().prop_map(|nickname| M::Online { nickname }),
        string().prop_map(|nickname| M::Offline { nickname }),
        (string(), string()).prop_map(|(from, to)| M::Renamed { from, to }),
        number().prop_map(|nonce| M::Ping { nonce }),
        (any::<u16>(), string(), string()).prop_map(|(code, subject, text)| M::Notice {
            code: NoticeCode(code),
            subject,
            text
        }),
        (any::<u16>(), of(number()), string()).prop_map(|(code, retry_after, text)| M::Closing {
            code: CloseCode(code),
            retry_after,
            text
        }),
    ]
    .boxed()
}
