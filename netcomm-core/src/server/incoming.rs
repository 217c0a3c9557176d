//! What passes between a connection and the router.

use super::deliver::Face;
use crate::name::{Nickname, RoomName};
use crate::time::Instant;
use crate::wire::{ClientMessage, CloseCode, Position, RefusalCode, RequestId};

/// What [`super::Connection`] makes of bytes and time, for [`super::Router::handle`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming<'a> {
    /// The first bytes have told which face the peer speaks.
    Opened(Face),
    /// A request.
    Request {
        /// Its number.
        id: RequestId,
        /// What is asked.
        message: ClientMessage<'a>,
    },
    /// A request that is refused before it reaches the router's state: too many, not readable as
    /// a command.
    Refuse {
        /// Its number.
        id: RequestId,
        /// Why.
        code: RefusalCode,
        /// When it may work, in milliseconds from now.
        retry_after: Option<u64>,
        /// Why, for people.
        text: &'a str,
    },
    /// The text face asks for help with a command, or for the list of them.
    Help(Option<&'a str>),
    /// Silence: a ping is due.
    PingDue,
    /// The peer broke the protocol or ran out of time: close.
    Close(CloseCode),
}

/// What [`super::Router::handle`] tells the connection that the message came from, for
/// [`super::Connection::apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum After {
    /// Nothing that it needs to know.
    Nothing,
    /// It is logged in, by this name.
    LoggedIn(Nickname),
    /// Its user took this name.
    Renamed(Nickname),
    /// What its user said was accepted, and stands here in its conversation.
    Posted(Position),
    /// Its user entered a room.
    Joined(RoomName),
    /// Its user left a room.
    Left(RoomName),
    /// It is closed: whatever still comes is to be discarded.
    Closed,
}

/// What a connection wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Next<'a> {
    /// That the router handles this; then ask again.
    Message(Incoming<'a>),
    /// Bytes or time: all input is consumed.
    NeedsBytes,
    /// That nothing is read before this instant; the rest of the input is kept by the caller and
    /// given again.
    PausedUntil(Instant),
    /// That these bytes are sent and sending is shut down; then go on as before: what still comes
    /// is discarded. The router has not been told of this peer, and need not be.
    Farewell(&'a [u8]),
    /// That the socket is closed.
    Finished,
}
