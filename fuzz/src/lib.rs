//! What the fuzz targets do with their input.
//!
//! Each function takes any bytes and panics where a promise is broken. `cargo fuzz run TARGET`
//! looks for such bytes; the committed corpus is replayed by every `cargo test`.

mod connection;
mod differential;
mod heap;
mod router;
mod said;
mod server;
mod session;
mod support;
mod text_face;
mod traces;

pub use connection::connection;
pub use differential::differential;
pub use router::router;
pub use session::session;
pub use text_face::text_face;

use netcomm_core::command::{self, Line};
use netcomm_core::frame::{FrameDecoder, FrameError, HEADER, MAX_PAYLOAD};
use netcomm_core::preface::{self, ClientPreface, ServerPreface};
use netcomm_core::wire::{self, ClientMessage, Conversation, Message, RequestId, ServerMessage};

/// A name, and what is done with the input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("frame_split", frame_split),
    ("decode_client", decode_client),
    ("decode_server", decode_server),
    ("command", command),
    ("preface", preface),
    ("connection", connection),
    ("session", session),
    ("router", router),
    ("text_face", text_face),
    ("differential", differential),
];

/// Frames are the same however the stream is cut. The first byte says how long the pieces are.
pub fn frame_split(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else {
        return;
    };
    let piece = usize::from(piece).max(1);
    let whole = frames(std::iter::once(stream));
    let split = frames(stream.chunks(piece));
    assert_eq!(whole, split, "in pieces of {piece}");
    let bytes: usize = whole.0.iter().map(|payload| HEADER + payload.len()).sum();
    assert!(bytes <= stream.len(), "more came out than went in");
}

fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut decoder = FrameDecoder::new(MAX_PAYLOAD);
    let mut payloads = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.next_frame(&mut piece) {
                Ok(Some(payload)) => payloads.push(payload.to_vec()),
                Ok(None) => break,
                Err(error) => return (payloads, Some(error)),
            }
        }
    }
    (payloads, None)
}

/// What decodes as a client's message encodes again, to the same message.
pub fn decode_client(data: &[u8]) {
    if let Ok((id, message)) = wire::decode::<ClientMessage<'_>>(data) {
        let frame = encoded(id, &message, data.len());
        if let Some(frame) = frame {
            let again = wire::decode::<ClientMessage<'_>>(&frame[HEADER..]);
            assert_eq!(again, Ok((id, message)));
        }
    }
}

/// What decodes as a server's message encodes again, to the same message.
pub fn decode_server(data: &[u8]) {
    if let Ok((id, message)) = wire::decode::<ServerMessage<'_>>(data) {
        let frame = encoded(id, &message, data.len());
        if let Some(frame) = frame {
            let again = wire::decode::<ServerMessage<'_>>(&frame[HEADER..]);
            assert_eq!(again, Ok((id, message)));
        }
    }
}

/// The frame of a message that came in `length` bytes; `None` where it may not be sent.
fn encoded<'a, M: Message<'a>>(id: RequestId, message: &M, length: usize) -> Option<Vec<u8>> {
    let mut frame = Vec::new();
    let written = wire::encode(id, message, &mut frame);
    let sendable = !message.is_unknown() && length <= MAX_PAYLOAD as usize;
    if sendable {
        assert_eq!(written, Ok(()));
        assert!(frame.len() <= HEADER + length, "grew by being read");
    } else if written.is_err() {
        assert!(frame.is_empty(), "an error left bytes behind");
    }
    written.is_ok().then_some(frame)
}

/// Every line is a text, a command or an error, and no text is changed.
pub fn command(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = match command::parse(line) {
        Ok(parsed) => parsed,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let message = parsed.to_message(Conversation::EVERYONE, 7);
    if let Line::Text(text) = parsed {
        assert!(line.ends_with(text) && line.len() - text.len() <= 1);
        let expected = ClientMessage::Post {
            conversation: Conversation::EVERYONE,
            epoch: None,
            nonce: 7,
            text,
        };
        assert_eq!(message, Some(expected));
    } else {
        assert!(line.starts_with('/'));
        // Whatever it asks for, it can be asked.
        if let Some(message) = message.filter(|_| line.len() < MAX_PAYLOAD as usize / 2) {
            let written = wire::encode(RequestId(1), &message, &mut Vec::new());
            assert_eq!(written, Ok(()));
        }
    }
}

/// A preface that is read is written back as it came.
pub fn preface(data: &[u8]) {
    let Some(&bytes) = data.first_chunk::<{ preface::LENGTH }>() else {
        return;
    };
    if let Ok(client) = ClientPreface::from_bytes(bytes) {
        assert_eq!(client.to_bytes(), bytes);
        if let Some(version) = client.negotiate() {
            assert!((client.lowest..=client.highest).contains(&version.number()));
        }
    }
    if let Ok(server) = ServerPreface::from_bytes(bytes) {
        assert_eq!(ServerPreface::from_bytes(server.to_bytes()), Ok(server));
    }
}

/// The example of the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
