//! What the first bytes say (PROTOCOL.md, "Preface" and "Text face").

use crate::preface::{self, ClientPreface, PrefaceRefusal, ServerPreface};
use crate::wire::CloseCode;

/// The first byte of a framed connection.
pub(super) const FRAMED: u8 = preface::MAGIC[0];

/// The first byte of a TLS record with a handshake.
pub(super) const TLS: u8 = 0x16;

/// The first bytes of a framed connection, as far as they have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Preface {
    bytes: [u8; preface::LENGTH],
    length: u8,
}

impl Preface {
    /// Takes what belongs to the preface off `input`. `None` while more is needed.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Option<Result<(), CloseCode>> {
        while usize::from(self.length) < preface::LENGTH {
            let (byte, rest) = input.split_first()?;
            self.bytes[usize::from(self.length)] = *byte;
            self.length += 1;
            *input = rest;
        }
        Some(match ClientPreface::from_bytes(self.bytes) {
            Ok(offer) if offer.negotiate().is_some() => Ok(()),
            Ok(_) => Err(CloseCode::NO_COMMON_VERSION),
            Err(_) => Err(CloseCode::BAD_PREFACE),
        })
    }
}

/// A refusal in the framed face's preface.
pub(super) fn in_preface(code: CloseCode) -> &'static [u8] {
    const fn bytes(reason: PrefaceRefusal) -> [u8; preface::LENGTH] {
        ServerPreface::Refused(reason).to_bytes()
    }
    const NONE_IN_COMMON: &[u8] = &bytes(PrefaceRefusal::NONE_IN_COMMON);
    const FULL: &[u8] = &bytes(PrefaceRefusal::FULL);
    const REFUSED: &[u8] = &bytes(PrefaceRefusal::REFUSED);
    const SHUTTING_DOWN: &[u8] = &bytes(PrefaceRefusal::SHUTTING_DOWN);
    const ADDRESS_LIMIT: &[u8] = &bytes(PrefaceRefusal::ADDRESS_LIMIT);
    const TOO_LATE: &[u8] = &bytes(PrefaceRefusal::TOO_LATE);
    match code {
        CloseCode::NO_COMMON_VERSION => NONE_IN_COMMON,
        CloseCode::FULL => FULL,
        CloseCode::SHUTTING_DOWN => SHUTTING_DOWN,
        CloseCode::ADDRESS_LIMIT => ADDRESS_LIMIT,
        CloseCode::LOGIN_TIMEOUT => TOO_LATE,
        _ => REFUSED,
    }
}

/// Whether a first line is that of an HTTP request: `VERB target HTTP/x`.
pub(super) fn is_http(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let (verb, target, version, rest) = (words.next(), words.next(), words.next(), words.next());
    verb.is_some_and(|verb| !verb.is_empty() && verb.iter().all(u8::is_ascii_uppercase))
        && target.is_some_and(|target| !target.is_empty())
        && version.is_some_and(|version| version.starts_with(b"HTTP/"))
        && rest.is_none()
}
