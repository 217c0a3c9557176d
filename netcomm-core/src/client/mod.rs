//! The client's side: [`Session`] keeps a user in a chat over whatever connections it takes.
//!
//! # The drain contract
//!
//! 1. After [`Session::new`] and after every other `&mut` call, call [`Session::poll_output`]
//!    until it answers [`Output::Wait`]; it does so after finitely many outputs.
//! 2. On [`Output::Connect`] open a connection. Call [`Session::handle_connected`] once it
//!    stands, or [`Session::handle_disconnected`] where it could not be had.
//! 3. Write the bytes of each [`Output::Transmit`] in order. Where writing fails, or the peer
//!    ends, call [`Session::handle_disconnected`].
//! 4. Give what is read to [`Session::receive`].
//! 5. On [`Output::Disconnect`] close the connection, or give up the attempt, without reporting
//!    it: nothing of the old connection may reach the session any more.
//! 6. [`Output::Wait`] tells when to call [`Session::handle_timeout`] at the latest; too early
//!    does no harm.
//! 7. After [`Event::Ended`] nothing follows; the session can be dropped.
//!
//! # Memory
//!
//! Beside what the user has asked for and is not answered, a session holds less than 8 MiB,
//! whatever a server says: so much takes the place of each of 4096 conversations, and what was
//! said in them too early. What is told to the user is not counted: the caller drains it.
//!
//! ```
//! use netcomm_core::client::{Output, Session, SessionConfig};
//! use netcomm_core::preface::ClientPreface;
//! use netcomm_core::time::Instant;
//!
//! let now = Instant::EPOCH;
//! let mut session = Session::new(SessionConfig::new("ann"), now, 7);
//! assert_eq!(session.poll_output(), Output::Connect);
//! assert!(matches!(session.poll_output(), Output::Wait(Some(_))));
//!
//! session.handle_connected(now);
//! let preface = ClientPreface::OURS.to_bytes().to_vec();
//! assert_eq!(session.poll_output(), Output::Transmit(preface));
//! assert!(matches!(session.poll_output(), Output::Wait(Some(_))));
//! ```

mod answers;
mod backoff;
mod conversation;
mod event;
mod incoming;
mod pending;
mod repair;
mod request;
mod session;
mod stage;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing here")
)]
mod talk;
mod told;
mod track;
mod tracks;

pub use conversation::ConversationName;
pub use event::{Answer, ConversationPlace, Ending, Event, HistoryMessage, Loss, RoomSummary};
pub use request::SendError;
pub use session::{Output, Session, SessionConfig};
pub use talk::{Step, Talk};
