//! Somebody at the text face.

use std::hint::black_box;

use netcomm_core::limits::Limits;
use netcomm_core::name::Nickname;
use netcomm_core::server::{After, Connection, Face, Incoming, Next};
use netcomm_core::time::Instant;

/// The connection of one who is logged in, and may type as fast as a machine.
#[derive(Debug)]
pub struct Typist(Connection);

impl Default for Typist {
    fn default() -> Self {
        let mut limits = Limits::default();
        for limit in ["post_burst", "posts_per_minute"] {
            limits.set(limit, 1_000_000_000).expect("a limit");
        }
        let mut connection = Connection::new(&limits, Instant::EPOCH);
        let mut line = &b"alice\n"[..];
        let opened = connection.next(Instant::EPOCH, &mut line);
        assert!(matches!(opened, Next::Message(Incoming::Opened(Face::Text))), "{opened:?}");
        let login = connection.next(Instant::EPOCH, &mut line);
        assert!(matches!(login, Next::Message(Incoming::Request { .. })), "{login:?}");
        let nickname = Nickname::new("alice").expect("a nickname");
        connection.apply(Instant::EPOCH, After::LoggedIn(nickname));
        Self(connection)
    }
}

impl Typist {
    /// What whole lines become; answers how many requests.
    pub fn read(&mut self, mut lines: &[u8]) -> u64 {
        let mut requests = 0;
        while let Next::Message(Incoming::Request { id, message }) =
            self.0.next(Instant::EPOCH, black_box(&mut lines))
        {
            black_box((id, message));
            requests += 1;
        }
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_request() {
        let mut typist = Typist::default();
        assert_eq!(typist.read(&b"hello\n".repeat(1000)), 1000);
    }
}
