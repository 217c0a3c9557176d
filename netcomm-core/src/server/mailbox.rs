//! What waits for one connection, and who may send it.

/// What a push came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Push {
    /// It waits, and the pusher is now the one who must send.
    Claim,
    /// It waits; somebody else sends.
    Queued,
    /// There was no room: the mailbox is closing.
    Overflow,
    /// The mailbox takes nothing any more.
    Closed,
}

/// What a send came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Wrote {
    /// Nothing waits: the claim is over.
    Done,
    /// More waits: send again.
    More,
}

/// The bounded queue of one connection.
#[derive(Debug, Default)]
pub struct Mailbox {}
