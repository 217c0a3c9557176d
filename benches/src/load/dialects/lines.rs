//! What protocols of lines have in common.

use std::io::BufRead;

use super::Kind;
use crate::texts;

/// The length of the first whole line of `bytes`, with its end.
pub(super) fn line(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // Reading from memory does not fail.
    let length = rest.skip_until(b'\n').ok()?;
    bytes[..length].ends_with(b"\n").then_some(length)
}

/// The text that a line ends in.
pub(super) fn text(line: &[u8]) -> Option<Kind<'_>> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let start = line.len().checked_sub(texts::LENGTH)?;
    let text = &line[start..];
    texts::is_one(text).then_some(Kind::Text(text))
}

/// The number that `digits` begin with, and what follows.
pub(super) fn number(digits: &[u8]) -> Option<(usize, &[u8])> {
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let number = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
    Some((number, &digits[end..]))
}
