//! A whole connection, of either face, against any bytes.

use std::time::Duration;

use netcomm_core::limits::Limits;

use crate::server::Server;

/// What a connection makes of a stream is the same however it is cut, and whether posts in a row are
/// read at once, never takes more memory than
/// is announced, and comes to an end.
///
/// The first three bytes say how long the pieces are, how much time passes after each, and whether
/// limits on rates are tight.
pub fn connection(data: &[u8]) {
    let Some((&[piece, step, tight], stream)) = data.split_first_chunk() else {
        return;
    };
    let piece = usize::from(piece).max(1);
    let limits = limits(tight % 2 == 1);
    // No time passes but in pauses: everything is the same.
    let whole = heard(&limits, std::iter::once(stream), Duration::ZERO, false);
    for in_rows in [false, true] {
        let split = heard(&limits, stream.chunks(piece), Duration::ZERO, in_rows);
        assert_eq!(whole, split, "in pieces of {piece}, in rows: {in_rows}");
    }
    let in_rows = heard(&limits, std::iter::once(stream), Duration::ZERO, true);
    assert_eq!(whole, in_rows, "in rows");
    // Time passes, which may change what is refused and when it ends.
    let step = Duration::from_millis(u64::from(step).pow(2));
    let _slow = heard(&limits, stream.chunks(piece), step, piece % 2 == 0);
    let mut server = Server::new(&limits);
    let peer = server.open();
    for piece in stream.chunks(piece) {
        server.give(peer, piece);
    }
    server.fall_silent(peer);
}

/// What the connection makes of the pieces, and what the peer is told.
fn heard<'i>(
    limits: &Limits,
    pieces: impl Iterator<Item = &'i [u8]>,
    step: Duration,
    in_rows: bool,
) -> (Vec<String>, Vec<u8>) {
    let mut server = Server::new(limits);
    server.in_rows = in_rows;
    let peer = server.open();
    for piece in pieces {
        server.give(peer, piece);
        if !step.is_zero() {
            server.wait(server.now + step);
        }
    }
    server.end(peer);
    (server.said(peer).to_vec(), server.shown(peer))
}

fn limits(tight: bool) -> Limits {
    let mut limits = Limits::default();
    if tight {
        for (name, value) in
            [("post_burst", 2), ("query_burst", 1), ("line_bytes", 64), ("frame_bytes", 8192)]
        {
            limits.set(name, value).expect("a limit within its range");
        }
    }
    limits
}
