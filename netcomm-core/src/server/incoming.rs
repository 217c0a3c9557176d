//! What passes between a connection and the router.

use super::deliver::Face;
use crate::name::{Nickname, RoomName};
use crate::time::Instant;
use crate::wire::{
    ClientMessage, CloseCode, Conversation, Destination, Position, Post, RefusalCode, RequestId,
};

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

/// No more posts are handed over in one piece: as many as a run has at most where limits are as by default.
pub(super) const MOST_POSTS: usize = 64;

/// Posts for one conversation whose requests follow each other, as [`super::Connection::posts`] reads
/// them, for [`super::Router::handle_posts`].
#[derive(Clone, Debug)]
pub struct Posts<'a> {
    destination: &'a Destination,
    each: [Post<'a>; MOST_POSTS],
    count: usize,
}

/// Posts for one conversation whose requests follow each other, as the router goes through them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) conversation: Conversation<'a>,
    pub(super) epoch: Option<u64>,
    pub(super) posts: &'a [Post<'a>],
}

impl<'a> Posts<'a> {
    /// Begins with this one, if it is a request.
    pub(super) fn new(destination: &'a Destination, first: Post<'a>) -> Option<Self> {
        let each = [first; MOST_POSTS];
        (first.id != RequestId::NONE).then_some(Self { destination, each, count: 1 })
    }

    /// Takes the next one, if it is in the row and there is room.
    pub(super) fn push(&mut self, post: Post<'a>) -> bool {
        let Some([last, place]) = self.each.get_mut(self.count - 1..=self.count) else {
            return false;
        };
        // None comes after the last number.
        let is_next = Some(post.id.0) == last.id.0.checked_add(1);
        if is_next {
            *place = post;
            self.count += 1;
        }
        is_next
    }

    /// How many there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is one at least")]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Each by itself.
    pub fn iter(&self) -> impl Iterator<Item = Incoming<'_>> {
        let row = self.row();
        row.posts.iter().map(move |post| row.request(post))
    }

    pub(super) fn row(&self) -> Row<'_> {
        let (conversation, epoch) = (self.destination.conversation(), self.destination.epoch());
        Row { conversation, epoch, posts: self.each.get(..self.count).unwrap_or_default() }
    }
}

impl<'a> Row<'a> {
    /// The rest, without so many.
    pub(super) fn after(self, count: usize) -> Self {
        Self { posts: self.posts.get(count..).unwrap_or_default(), ..self }
    }

    /// One of them as a request.
    pub(super) const fn request(self, post: &Post<'a>) -> Incoming<'a> {
        let Self { conversation, epoch, .. } = self;
        let Post { id, nonce, text } = *post;
        let message = ClientMessage::Post { conversation, epoch, nonce, text };
        Incoming::Request { id, message }
    }
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
