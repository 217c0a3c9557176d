//! What the test of "hidden means absent" needs, and nobody else.
//!
//! That test compares a run in which a user hides with its *twin*, in which the user has lost its
//! connection instead. What the hidden user said is the one thing that the twin cannot do by
//! itself: nobody is there to say it. So it is put in, by the functions that a post goes through.

use alloc::format;
use alloc::string::String;

use super::{Router, posts::Target};
use crate::name::{NameKey, Nickname};
use crate::server::deliver::Deliver;
use crate::server::origin::{Address, Origin};
use crate::server::secret::{Secret, TokenHash};
use crate::server::session::{Answers, Session, SessionId, Tokens};
use crate::text::Text;
use crate::time::Instant;
use crate::wire::{Conversation, ConversationKind, ResumeToken};

/// Who speaks without being there.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Absent<'a> {
    /// The name that it speaks by.
    pub nickname: &'a str,
    /// The token of its session, if it had one that may have ended since.
    pub token: Option<ResumeToken>,
    /// The address and the entropy of its connection in the other run.
    pub origin: Origin,
    /// See `origin`.
    pub entropy: [u8; 16],
}

impl Router {
    /// A message of somebody who is not here; nothing is checked. Answers the token of its
    /// session, or `None` where no such message is possible.
    #[doc(hidden)]
    pub fn inject(
        &mut self,
        now: Instant,
        author: &Absent<'_>,
        conversation: Conversation<'_>,
        nonce: u64,
        text: &str,
        out: &mut impl Deliver,
    ) -> Option<ResumeToken> {
        let name = Nickname::new(author.nickname).ok()?;
        let text = Text::new(text, usize::MAX).ok()?;
        let key = NameKey::of(conversation.name);
        let target = match conversation.kind {
            ConversationKind::EVERYONE => Target::Everyone,
            ConversationKind::ROOM => Target::Room(self.public.room_named(&key)?),
            _ => Target::Private(self.public.persona_named(&key)?),
        };
        let known =
            author.token.and_then(|token| Some((token, *self.tokens.get(&TokenHash::of(token))?)));
        let (token, session) = known.unwrap_or_else(|| self.lost_session(now, author));
        let persona = self.appear(now, session, name)?;
        self.say(now, None, None, persona, target, nonce, text, out).ok().map(|_| token)
    }

    /// All that one user may learn of another, for comparing two runs.
    #[doc(hidden)]
    #[must_use]
    pub fn public_state(&self) -> String {
        format!("{:?}", self.public)
    }

    /// A session that waits to be resumed.
    fn lost_session(&mut self, now: Instant, author: &Absent<'_>) -> (ResumeToken, SessionId) {
        let secret = Secret::new(author.entropy);
        let token = secret.token(now);
        let newest = TokenHash::of(token);
        let session = self.sessions.insert(Session {
            conn: None,
            persona: None,
            hidden: None,
            lost_until: None,
            released: None,
            secret,
            origin: Address::of(author.origin, &self.limits),
            tokens: Tokens { newest, retiring: None },
            answers: Answers::default(),
        });
        self.tokens.insert(newest, session);
        (token, session)
    }
}
