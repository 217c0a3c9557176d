//! Random traces of what may happen to a chat.

use proptest::prelude::*;

use super::trace::{Action, LIMITS, NAMES, Place, ROOMS};

/// A choice of limits.
pub fn limits() -> impl Strategy<Value = Vec<(&'static str, u64)>> {
    let rows = LIMITS
        .iter()
        .map(|(name, values)| prop::sample::select(*values).prop_map(move |value| (*name, value)));
    rows.collect::<Vec<_>>()
}

/// A trace that begins with a few users, so that most of it is talk.
pub fn actions(length: usize) -> impl Strategy<Value = Vec<(Action, bool)>> {
    let users = prop::collection::vec(0..3_u8, 2..5).prop_map(|origins| {
        let mut actions = Vec::new();
        for (conn, origin) in origins.into_iter().enumerate() {
            actions.push((Action::Connect { origin }, false));
            let name = NAMES[conn % NAMES.len()].to_owned();
            actions.push((Action::Login { conn, name, hidden: false, token: None }, false));
        }
        actions
    });
    let rest = prop::collection::vec((action(), prop::bool::weighted(0.05)), 1..length);
    (users, rest).prop_map(|(mut actions, rest)| {
        actions.extend(rest);
        actions
    })
}

fn conn() -> impl Strategy<Value = usize> {
    0..7_usize
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn room() -> impl Strategy<Value = String> {
    prop::sample::select(&ROOMS[..]).prop_map(str::to_owned)
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::Everyone),
        room().prop_map(Place::Room),
        name().prop_map(Place::Private),
    ]
}

fn cursor() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => name(), 1 => room()]
}

fn action() -> impl Strategy<Value = Action> {
    let token = prop::option::weighted(0.6, 0..8_usize);
    let login = (conn(), name(), prop::bool::weighted(0.3), token);
    let epoch = prop::option::weighted(0.2, 0..5_usize);
    let text = prop::sample::select(&["hi", "what?", "so long"][..]).prop_map(str::to_owned);
    let most = prop::sample::select(&[0, 1, 2, 100][..]);
    prop_oneof![
        2 => (0..3_u8).prop_map(|origin| Action::Connect { origin }),
        2 => conn().prop_map(|conn| Action::Lose { conn }),
        3 => prop::sample::select(&[1, 500, 999, 1000, 1001, 4000, 5000, 9000][..])
            .prop_map(|ms| Action::Pass { ms }),
        4 => login.prop_map(|(conn, name, hidden, token)| Action::Login { conn, name, hidden, token }),
        1 => conn().prop_map(|conn| Action::Quit { conn }),
        6 => (conn(), place(), epoch, text)
            .prop_map(|(conn, place, epoch, text)| Action::Post { conn, place, epoch, text }),
        3 => (conn(), room()).prop_map(|(conn, room)| Action::Join { conn, room }),
        3 => (conn(), room()).prop_map(|(conn, room)| Action::Create { conn, room }),
        2 => (conn(), room()).prop_map(|(conn, room)| Action::Leave { conn, room }),
        2 => (conn(), name()).prop_map(|(conn, name)| Action::Rename { conn, name }),
        2 => conn().prop_map(|conn| Action::Hide { conn }),
        2 => conn().prop_map(|conn| Action::Reveal { conn }),
        1 => (conn(), prop::option::of(room()), cursor())
            .prop_map(|(conn, room, from)| Action::Members { conn, room, from }),
        1 => (conn(), cursor()).prop_map(|(conn, from)| Action::Rooms { conn, from }),
        2 => (conn(), place(), 0..4_u64, prop_oneof![0..5_u64, Just(u64::MAX)], any::<bool>(), most)
            .prop_map(|(conn, place, first, last, latest, most)| {
                Action::History { conn, place, first, last, latest, most }
            }),
        1 => conn().prop_map(|conn| Action::Conversations { conn }),
    ]
}
