//! Lines out of a stream that may hold telnet options (PROTOCOL.md, "Text face").

use alloc::vec::Vec;

const IAC: u8 = 255;
const DONT: u8 = 254;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// Splits a stream into lines. LF, CR LF and CR NUL end one; telnet options are left out.
///
/// Whole lines are borrowed from the caller's chunk; only what is split across chunks, or holds
/// telnet options, is copied, and between lines no memory is held.
#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    /// The beginning of a line whose end has not come.
    carry: Vec<u8>,
    telnet: Telnet,
    /// Whether the last byte was a CR, of which it is not known what it means.
    after_cr: bool,
    /// Whether the line has grown too long: the rest of it is skipped.
    overlong: bool,
    /// What was found last.
    found: Found,
}

/// Where a line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'i> {
    /// In the caller's chunk.
    Chunk(&'i [u8]),
    /// In the carry.
    Carry,
    /// Nowhere: it was longer than the limit.
    TooLong,
}

/// Whether the carry is a whole line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It is not.
    No,
    /// It is, and the caller is done with it.
    Lent,
    /// It is, and will be found again.
    PutBack,
    /// The line that was too long will be found again.
    PutBackTooLong,
}

/// Where the stream stands in the telnet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telnet {
    Data,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

impl Lines {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            carry: Vec::new(),
            telnet: Telnet::Data,
            after_cr: false,
            overlong: false,
            found: Found::No,
        }
    }

    /// The longest line, in bytes.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// Finds the next line; where there is none, `input` is empty.
    pub(super) fn advance<'i>(&mut self, input: &mut &'i [u8]) -> Option<Place<'i>> {
        match core::mem::replace(&mut self.found, Found::No) {
            Found::No => {}
            Found::Lent => self.carry = Vec::new(),
            Found::PutBack => return Some(self.lend()),
            Found::PutBackTooLong => return Some(Place::TooLong),
        }
        self.in_chunk(input).or_else(|| {
            while let Some((byte, rest)) = input.split_first() {
                *input = rest;
                if self.push(*byte) {
                    return Some(self.end());
                }
            }
            None
        })
    }

    /// At the end of the stream: the last line, if it has no end of its own.
    pub(super) fn rest(&mut self) -> Option<Place<'static>> {
        self.after_cr = false;
        (self.overlong || !self.carry.is_empty()).then(|| self.end())
    }

    /// The line that was just found.
    pub(super) fn line<'a, 'i: 'a>(&'a self, place: Place<'i>) -> Option<&'a [u8]> {
        match place {
            Place::Chunk(line) => Some(line),
            Place::Carry => Some(&self.carry),
            Place::TooLong => None,
        }
    }

    /// Puts back the line that was just found: it will be found again. What was found in a chunk
    /// is put back by giving the same input again.
    pub(super) fn put_back(&mut self, place: Place<'_>) {
        self.found = match place {
            Place::Chunk(_) => Found::No,
            Place::Carry => Found::PutBack,
            Place::TooLong => Found::PutBackTooLong,
        };
    }

    /// The usual case: the whole line is here, and nothing in it is special.
    fn in_chunk<'i>(&mut self, input: &mut &'i [u8]) -> Option<Place<'i>> {
        if !self.carry.is_empty() || self.overlong || self.after_cr || self.telnet != Telnet::Data {
            return None;
        }
        let special = |byte: &u8| matches!(*byte, b'\n' | b'\r' | IAC);
        let (line, rest) = input.split_at(input.iter().position(special)?);
        let ([b'\n', rest @ ..] | [b'\r', b'\n' | 0, rest @ ..]) = rest else {
            return None;
        };
        *input = rest;
        if line.len() > self.limit {
            return Some(Place::TooLong);
        }
        Some(Place::Chunk(line))
    }

    /// Takes one byte: whether it ends a line.
    fn push(&mut self, byte: u8) -> bool {
        let (telnet, data) = match (self.telnet, byte) {
            (Telnet::Data, IAC) => (Telnet::Command, None),
            (Telnet::Data, _) => (Telnet::Data, Some(byte)),
            (Telnet::Command, IAC) => (Telnet::Data, Some(IAC)),
            (Telnet::Command, WILL..=DONT) => (Telnet::Option, None),
            (Telnet::Command, SB) | (Telnet::SubnegotiationCommand, IAC) => {
                (Telnet::Subnegotiation, None)
            }
            (Telnet::Command | Telnet::Option, _) | (Telnet::SubnegotiationCommand, SE) => {
                (Telnet::Data, None)
            }
            (Telnet::Subnegotiation, IAC) => (Telnet::SubnegotiationCommand, None),
            (Telnet::Subnegotiation | Telnet::SubnegotiationCommand, _) => {
                (Telnet::Subnegotiation, None)
            }
        };
        self.telnet = telnet;
        match data {
            None => false,
            Some(b'\n') => true,
            Some(0) if self.after_cr => true,
            Some(byte) => {
                if core::mem::take(&mut self.after_cr) {
                    self.keep(b'\r');
                }
                if byte == b'\r' {
                    self.after_cr = true;
                } else {
                    self.keep(byte);
                }
                false
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.overlong || self.carry.len() >= self.limit {
            self.overlong = true;
            self.carry = Vec::new();
        } else {
            self.carry.push(byte);
        }
    }

    fn end(&mut self) -> Place<'static> {
        self.after_cr = false;
        if core::mem::take(&mut self.overlong) { Place::TooLong } else { self.lend() }
    }

    fn lend(&mut self) -> Place<'static> {
        self.found = Found::Lent;
        Place::Carry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_line_is_held_and_none_between_lines() {
        let mut lines = Lines::new(64);
        for byte in core::iter::repeat_n(b'x', 1000) {
            assert_eq!(lines.advance(&mut &[byte][..]), None);
            assert!(lines.carry.capacity() <= 64);
        }
        assert_eq!(lines.carry.capacity(), 0, "what is skipped is not kept");
        let mut end = &b"\nrest"[..];
        assert_eq!(lines.advance(&mut end), Some(Place::TooLong));
        assert_eq!(lines.advance(&mut end), None);
        let mut end = &b"\r\nnext\n"[..];
        assert_eq!(lines.advance(&mut end), Some(Place::Carry));
        assert_eq!(lines.line(Place::Carry), Some(&b"rest"[..]));
        assert_eq!(lines.advance(&mut end), Some(Place::Chunk(b"next")));
        assert_eq!(lines.carry.capacity(), 0);
    }
}
