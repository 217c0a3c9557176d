//! What must not be guessed, made from the entropy that comes with each connection.
//!
//! Nothing random comes from a stream that connections share: what one user is given would then
//! tell how often others were given something.

use core::fmt;

use hmac_sha256::HMAC;

use crate::time::Instant;
use crate::wire::ResumeToken;

/// A key for further secrets. Redacted in `Debug`.
#[derive(Clone, Copy)]
pub(super) struct Secret([u8; 32]);

/// What is kept of a resume token. Redacted in `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokenHash([u8; 32]);

impl Secret {
    pub(super) fn new(entropy: [u8; 16]) -> Self {
        Self(HMAC::mac(b"netcomm connection", entropy))
    }

    /// A secret for `purpose` at `now`.
    pub(super) fn derive(&self, purpose: &str, now: Instant, what: &[u8]) -> Self {
        let mut mac = HMAC::new(self.0);
        mac.update(purpose.as_bytes());
        mac.update(now.since_epoch().as_nanos().to_be_bytes());
        mac.update(what);
        Self(mac.finalize())
    }

    /// An epoch that was never used before.
    pub(super) fn epoch(&self, purpose: &str, now: Instant, what: &[u8]) -> u64 {
        let mut epoch = [0; 8];
        epoch.copy_from_slice(&self.derive(purpose, now, what).0[..8]);
        u64::from_be_bytes(epoch)
    }

    /// The epoch of the private conversation that this one begins with another.
    pub(super) fn pair_epoch(&self, other: &Self, now: Instant) -> u64 {
        self.epoch("pair", now, &other.0)
    }

    pub(super) fn token(&self, now: Instant) -> ResumeToken {
        let mut token = [0; 16];
        token.copy_from_slice(&self.derive("token", now, &[]).0[..16]);
        ResumeToken(token)
    }
}

impl TokenHash {
    /// Finding a token by its hash tells an attacker nothing by its time: who can choose hashes
    /// has the tokens.
    pub(super) fn of(token: ResumeToken) -> Self {
        Self(HMAC::mac(b"netcomm resume token", token.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn secrets_and_hashes_of_tokens_are_not_shown() {
        let hash = TokenHash::of(ResumeToken([7; 16]));
        let shown = format!("{:?} {hash:?}", Secret::new([7; 16]));
        assert_eq!(shown, "Secret(redacted) TokenHash(redacted)");
    }
}
