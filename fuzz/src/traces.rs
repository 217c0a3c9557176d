//! Traces of what may happen to a chat, put together from a fuzzer's choices.

use arbitrary::{Result, Unstructured};

use crate::support::trace::{Action, LIMITS, NAMES, Place, ROOMS};

/// A choice of limits.
pub(crate) fn limits(choices: &mut Unstructured<'_>) -> Result<Vec<(&'static str, u64)>> {
    LIMITS.iter().map(|(name, values)| Ok((*name, pick(values, choices)?))).collect()
}

/// What happens next.
pub(crate) fn action(choices: &mut Unstructured<'_>) -> Result<Action> {
    let choice: u8 = choices.arbitrary()?;
    let conn = usize::from(choice / 32);
    Ok(match choice % 32 {
        0 | 1 => Action::Connect { origin: choice / 32 % 3 },
        2 | 3 => Action::Lose { conn },
        4 => Action::Pass { ms: pick(&[1, 500, 999, 1000, 1001, 4000, 5000, 9000], choices)? },
        5..=8 => {
            let more: u8 = choices.arbitrary()?;
            let token = more.checked_sub(128).map(|token| usize::from(token % 16));
            Action::Login { conn, name: name(choices)?, hidden: more.is_multiple_of(4), token }
        }
        9 => Action::Quit { conn },
        10..=14 => {
            let more: u8 = choices.arbitrary()?;
            let epoch = more.checked_sub(192).map(|epoch| usize::from(epoch % 8));
            let text = pick(&["hi", "what?", "so long"], choices)?.into();
            Action::Post { conn, place: place(choices)?, epoch, text }
        }
        15..=17 => Action::Join { conn, room: room(choices)? },
        18 | 19 => Action::Create { conn, room: room(choices)? },
        20 | 21 => Action::Leave { conn, room: room(choices)? },
        22 | 23 => Action::Rename { conn, name: name(choices)? },
        24 => Action::Hide { conn },
        25 => Action::Reveal { conn },
        26 => Action::Members { conn, room: Some(room(choices)?), from: cursor(choices)? },
        27 => Action::Members { conn, room: None, from: cursor(choices)? },
        28 => Action::Rooms { conn, from: cursor(choices)? },
        29 | 30 => Action::History {
            conn,
            place: place(choices)?,
            first: pick(&[0, 1, 2, 3], choices)?,
            last: pick(&[0, 1, 2, 4, u64::MAX], choices)?,
            latest: choices.arbitrary()?,
            most: pick(&[0, 1, 2, 100], choices)?,
        },
        _ => Action::Conversations { conn },
    })
}

/// A nickname.
pub(crate) fn name(choices: &mut Unstructured<'_>) -> Result<String> {
    pick(&NAMES, choices).map(str::to_owned)
}

/// A room's name.
pub(crate) fn room(choices: &mut Unstructured<'_>) -> Result<String> {
    pick(&ROOMS, choices).map(str::to_owned)
}

fn place(choices: &mut Unstructured<'_>) -> Result<Place> {
    let choice: u8 = choices.arbitrary()?;
    Ok(match choice % 3 {
        0 => Place::Everyone,
        1 => Place::Room(room(choices)?),
        _ => Place::Private(name(choices)?),
    })
}

fn cursor(choices: &mut Unstructured<'_>) -> Result<String> {
    let choice: u8 = choices.arbitrary()?;
    match choice % 4 {
        0 => name(choices),
        1 => room(choices),
        _ => Ok(String::new()),
    }
}

/// By one byte, from the front: so that a change of one choice leaves the others.
fn pick<T: Copy>(values: &[T], choices: &mut Unstructured<'_>) -> Result<T> {
    let choice: u8 = choices.arbitrary()?;
    Ok(values[usize::from(choice) % values.len()])
}
