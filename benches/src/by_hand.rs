//! What reading and writing version 1 costs at least: by hand, for two messages only.

use netcomm_core::frame::HEADER;

/// A post, as far as it is looked at.
#[derive(Debug)]
pub struct Post<'a> {
    /// The request's number.
    pub id: u32,
    /// The kind of conversation.
    pub kind: u16,
    /// Its name.
    pub name: &'a str,
    /// The incarnation that is meant.
    pub epoch: Option<u64>,
    /// To know it again.
    pub nonce: u64,
    /// What is said.
    pub text: &'a str,
}

/// Takes the next frame off `input`, and a post out of it.
#[must_use]
pub fn decode<'a>(input: &mut &'a [u8]) -> Option<Post<'a>> {
    let (header, rest) = input.split_first_chunk::<HEADER>()?;
    let (mut payload, rest) = rest.split_at_checked(u32::from_be_bytes(*header) as usize)?;
    *input = rest;
    let cursor = &mut payload;
    let id = u32::try_from(varint(cursor)?).ok()?;
    if varint(cursor)? != 1 {
        return None;
    }
    let kind = u16::try_from(varint(cursor)?).ok()?;
    let name = string(cursor)?;
    let epoch = match take(cursor, 1)? {
        [0] => None,
        [1] => Some(varint(cursor)?),
        _ => return None,
    };
    let post = Post { id, kind, name, epoch, nonce: varint(cursor)?, text: string(cursor)? };
    cursor.is_empty().then_some(post)
}

fn take<'a>(cursor: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = cursor.split_at_checked(count)?;
    *cursor = rest;
    Some(taken)
}

fn varint(cursor: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = cursor.split_first()?;
        *cursor = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

fn string<'a>(cursor: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(varint(cursor)?).ok()?;
    std::str::from_utf8(take(cursor, length)?).ok()
}

/// Takes the next line off `input`, without its end.
#[must_use]
pub fn line<'a>(input: &mut &'a [u8]) -> Option<&'a str> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(take(input, end)?).ok()?;
    take(input, 1)?;
    Some(line.strip_suffix('\r').unwrap_or(line))
}

/// A message as it is delivered.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The kind of conversation.
    pub kind: u16,
    /// Its name.
    pub name: &'a str,
    /// Its incarnation.
    pub epoch: u64,
    /// The place in it.
    pub seq: u64,
    /// In milliseconds since 1970.
    pub time: u64,
    /// Who has said it.
    pub author: &'a str,
    /// What.
    pub text: &'a str,
}

/// Writes its frame to the beginning of `out`; answers how long it is. The variant is `number`.
///
/// # Panics
///
/// If `out` is too short.
pub fn encode(number: u8, said: &Said<'_>, out: &mut [u8]) -> usize {
    let mut at = HEADER;
    out[at..at + 2].copy_from_slice(&[0, number]);
    at += 2;
    put(out, &mut at, said.kind.into());
    put_string(out, &mut at, said.name);
    put(out, &mut at, said.epoch);
    put(out, &mut at, said.seq);
    put(out, &mut at, said.time);
    put_string(out, &mut at, said.author);
    put_string(out, &mut at, said.text);
    let length = u32::try_from(at - HEADER).unwrap_or(u32::MAX);
    out[..HEADER].copy_from_slice(&length.to_be_bytes());
    at
}

fn put(out: &mut [u8], at: &mut usize, mut value: u64) {
    while value >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits of it")]
        let low = value as u8 | 0x80;
        out[*at] = low;
        *at += 1;
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    let last = value as u8;
    out[*at] = last;
    *at += 1;
}

fn put_string(out: &mut [u8], at: &mut usize, text: &str) {
    put(out, at, text.len() as u64);
    out[*at..*at + text.len()].copy_from_slice(text.as_bytes());
    *at += text.len();
}
