//! What reading and writing version 1 costs at least: by hand, for two messages only.

use netcomm_core::frame::HEADER;

/// A post, as far as it is looked at.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    pub(crate) id: u32,
    pub(crate) kind: u16,
    pub(crate) name: &'a str,
    pub(crate) epoch: Option<u64>,
    pub(crate) nonce: u64,
    pub(crate) text: &'a str,
}

/// Takes the next frame off `input`, and a post out of it.
pub(crate) fn decode<'a>(input: &mut &'a [u8]) -> Option<Post<'a>> {
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
    let mut value = 0;
    for (index, byte) in cursor.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            *cursor = &cursor[index + 1..];
            return Some(value);
        }
    }
    None
}

fn string<'a>(cursor: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(varint(cursor)?).ok()?;
    std::str::from_utf8(take(cursor, length)?).ok()
}

/// A message as it is delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) kind: u16,
    pub(crate) name: &'a str,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) time: u64,
    pub(crate) author: &'a str,
    pub(crate) text: &'a str,
}

/// Writes its frame to the beginning of `out`; answers how long it is. The variant is `number`.
pub(crate) fn encode(number: u8, said: &Said<'_>, out: &mut [u8]) -> usize {
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
