//! The server's side: a [`Connection`] per socket, outside any lock, and one [`Router`] for all.
//!
//! 1. Accept a socket; give [`Router::connect`] its address and 16 random bytes, and make a
//!    [`Connection`]. Where the router refuses, use [`Connection::refusing`].
//! 2. Read; feed the bytes to [`Connection::next`] until it wants more. Each [`Incoming`] goes
//!    to [`Router::handle`] as it is, and what that answers to [`Connection::apply`].
//! 3. At the end of input call [`Connection::end_of_input`] until it has no more, then
//!    [`Router::disconnect`].
//! 4. When [`Connection::poll_timeout`] has passed, call [`Connection::handle_timeout`]; the same
//!    for the router.
//! 5. Whatever anybody is to be sent arrives at the [`Deliver`] that the router is given. Push it
//!    into mailboxes before the router's lock is released, so that all see one order; send it
//!    after. Where much was read, [`Router::handle_unflushed`] makes fewer and larger pieces of it;
//!    and [`Connection::posts`] with [`Router::handle_posts`] take what is said in a row at once.

mod audience;
mod connection;
mod deliver;
mod incoming;
mod mailbox;
mod memory;
mod origin;
mod outgoing;
mod piece;
mod public;
mod receipt;
mod refusal;
mod render;
mod router;
mod run;
mod secret;
mod session;
mod speech;

pub use connection::Connection;
pub use deliver::{ConnId, Deliver, Face, Recipient, Recipients};
pub use incoming::{After, Incoming, Next, Posts};
pub use mailbox::{Budget, Buffer, Mailbox, Push, Wrote};
pub use memory::{Memory, Part};
pub use origin::Origin;
pub use outgoing::{Frames, Outgoing, farewell};
#[doc(hidden)]
pub use router::Absent;
pub use router::Router;
