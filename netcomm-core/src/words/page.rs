//! Where a person reads.

use core::fmt;

use crate::time::UnixMillis;
use crate::wire::Conversation;

/// Shows lines to a person. Names and texts in them are as others wrote them: whoever draws them
/// sees to it that they disturb nothing (see [`crate::text::disturbs`]).
pub trait Page {
    /// A line of the program's own.
    fn system(&mut self, words: fmt::Arguments<'_>);

    /// A line of the program's own that lists `items`.
    fn list(&mut self, title: fmt::Arguments<'_>, items: &[&str]);

    /// A message.
    fn said(&mut self, said: Said<'_>);
}

/// A message as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Where.
    pub conversation: Conversation<'a>,
    /// When.
    pub time: UnixMillis,
    /// Who.
    pub author: &'a str,
    /// What.
    pub text: &'a str,
}
