//! The same message through several codecs: written by hand, netcomm's, and others that one could
//! take instead.

mod mqtt;
mod others;
mod ours;

pub use mqtt::{MqttCore, Mqttbytes};
pub use others::{Irc, LengthDelimited};
pub use ours::{ByHand, Netcomm};

use crate::by_hand::Said;

/// What takes posts out of a stream, and what it has half read.
pub trait Reader: Default {
    /// A post of `text` into the room `lobby`, as far as the protocol can say it.
    fn post(text: &str) -> Vec<u8>;

    /// Reads on; answers how many posts have become whole.
    fn read(&mut self, chunk: &[u8]) -> u64;
}

/// What writes a message as it is delivered, as far as the protocol can say it.
pub trait Writer: Default {
    /// The message as it wants it. One that wants strings of its own makes them when it writes: what
    /// is said comes from another's socket.
    type Message<'a>;

    /// What was said, for [`Self::write`].
    fn message(said: Said<'_>) -> Self::Message<'_>;

    /// Answers how many bytes it takes.
    fn write(&mut self, message: &Self::Message<'_>) -> usize;
}

/// Writes what was said once; answers how many bytes it takes.
#[cfg(test)]
fn written<W: Writer>(said: Said<'_>) -> usize {
    W::default().write(&W::message(said))
}

/// As many whole posts of `text` as fit into `bytes`, and their number.
///
/// # Panics
///
/// If not even one fits.
#[must_use]
pub fn posts<R: Reader>(text: &str, bytes: usize) -> (Vec<u8>, u64) {
    let post = R::post(text);
    let count = bytes / post.len();
    assert!(count > 0, "a post of {} bytes", post.len());
    (post.repeat(count), count as u64)
}

/// What is delivered when somebody says `text` in a room.
#[must_use]
pub const fn said(text: &str) -> Said<'_> {
    Said {
        kind: 1,
        name: "lobby",
        epoch: 0x0123_4567_89ab_cdef,
        seq: 12_345,
        time: 1_795_000_000_000,
        author: "user1234",
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn reads_all<R: Reader>() {
        for length in [16, 64, 512] {
            let (bytes, count) = posts::<R>(&text(length), 4096);
            for chunk in [4096, 1460, 100, 1] {
                let mut reader = R::default();
                let read = bytes.chunks(chunk).map(|chunk| reader.read(chunk)).sum::<u64>();
                assert_eq!(read, count, "{length} B in chunks of {chunk}");
            }
        }
    }

    #[test]
    fn every_reader_finds_every_post_however_the_stream_is_cut() {
        reads_all::<ByHand>();
        reads_all::<Netcomm>();
        reads_all::<LengthDelimited>();
        reads_all::<Irc>();
        reads_all::<Mqttbytes>();
        reads_all::<MqttCore>();
    }

    #[test]
    fn every_writer_writes_the_text() {
        let text = text(64);
        let said = said(&text);
        let framed = written::<ByHand>(said);
        assert_eq!(written::<Netcomm>(said), framed);
        assert_eq!(written::<LengthDelimited>(said), framed);
        for written in [written::<Irc>(said), written::<Mqttbytes>(said), written::<MqttCore>(said)]
        {
            assert!(written > text.len(), "{written}");
        }
    }
}
