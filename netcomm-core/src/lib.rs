//! A chat protocol without I/O.
//!
//! `netcomm-core` knows what a chat says and when; it opens no socket, starts no thread, reads
//! no clock and draws no random number. Bytes go in, messages and bytes come out.
//!
//! # Layers
//!
//! Each uses only what stands below it:
//!
//! - [`server`] and [`client`]: who is where and who hears what; how a user stays connected;
//! - [`words`]: what people are told; [`command`]: what they type, as requests;
//! - [`wire`]: requests, answers and events, and their bytes;
//! - [`frame`] and [`preface`]: how a stream is cut, and how it begins;
//! - [`name`] and [`text`]: what may be called and said; [`limits`] and [`time`].
//!
//! # A server
//!
//! A [`server::Connection`] for each socket, outside any lock, and one [`server::Router`] for all,
//! behind a short one:
//!
//! 1. `connect` with the peer's address and 16 random bytes, when a socket is accepted.
//! 2. What is read goes to `Connection::next`; each message that comes of it to `Router::handle`,
//!    with a [`server::Deliver`] that takes what anybody is to be sent; what `handle` answers goes
//!    to `Connection::apply`.
//! 3. When a `poll_timeout` has passed, `handle_timeout`: of the connection, or of the router.
//! 4. `end_of_input`, then `disconnect`, when the peer has gone.
//!
//! The steps in full are in [`server`].
//!
//! # A client
//!
//! One [`client`] session for each user: it is told of connections made and lost, of bytes and of
//! time, and tells when to connect, what to send and what has been heard. It resumes by itself,
//! re-sends what was under way, and asks for what it has missed.
//!
//! # An embedded chat
//!
//! Without sockets the router is all that is needed. Here a program speaks to itself, in the text
//! face:
//!
//! ```
//! use netcomm_core::limits::Limits;
//! use netcomm_core::server::{
//!     Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients, Router,
//! };
//! use netcomm_core::time::{Instant, UnixMillis, WallClock};
//! use netcomm_core::wire::{ClientMessage, Credential, RequestId};
//!
//! /// All that anybody hears.
//! #[derive(Default)]
//! struct Heard(Vec<u8>);
//!
//! impl Deliver for Heard {
//!     fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
//!         for recipient in to.iter() {
//!             self.0.extend_from_slice(message.bytes(recipient.face));
//!         }
//!     }
//!
//!     fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
//!         self.0.extend_from_slice(last.bytes(to.face));
//!     }
//! }
//!
//! let now = Instant::EPOCH;
//! let clock = WallClock::new(now, UnixMillis(0));
//! // Real programs take these bytes from the system's random numbers.
//! let mut router = Router::new(Limits::default(), clock, [0; 16]);
//! let mut heard = Heard::default();
//! let alice = router.connect(now, Origin::Exempt, [1; 16], &mut heard)?;
//! let login = ClientMessage::Login {
//!     nickname: "alice",
//!     hidden: false,
//!     resume: None,
//!     credential: Credential::NONE,
//!     features: 0,
//!     extensions: Vec::new(),
//! };
//! for incoming in [
//!     Incoming::Opened(Face::Text),
//!     Incoming::Request { id: RequestId(1), message: login },
//! ] {
//!     let _ = router.handle(now, alice, &incoming, &mut heard);
//! }
//! assert!(heard.0.starts_with(b"* welcome, alice\n"));
//! # Ok::<(), netcomm_core::wire::CloseCode>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod client;
pub mod command;
pub mod frame;
pub mod limits;
pub mod name;
pub mod preface;
pub mod server;
pub mod text;
pub mod time;
pub mod wire;
pub mod words;
