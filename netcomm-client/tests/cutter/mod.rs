//! A relay between a client and a server that cuts connections.

#![allow(missing_debug_implementations, reason = "only tests use it")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Relays to a server, and cuts one connection after the other.
pub(crate) struct Cutter {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl Cutter {
    /// Cuts the first connections when the server has sent so many bytes over them; later ones
    /// live.
    pub(crate) fn before(server: SocketAddr, after: &[usize]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let cuts = Arc::new(AtomicUsize::new(0));
        let (counted, after) = (Arc::clone(&cuts), after.to_vec());
        thread::spawn(move || {
            let limits = after.into_iter().map(Some).chain(std::iter::repeat(None));
            for (client, limit) in listener.incoming().map_while(Result::ok).zip(limits) {
                let Ok(upstream) = TcpStream::connect(server) else {
                    return;
                };
                let (from, to) = (client.try_clone(), upstream.try_clone());
                let (Ok(from), Ok(to)) = (from, to) else {
                    return;
                };
                thread::spawn(move || relay(from, &to, None));
                let counted = Arc::clone(&counted);
                thread::spawn(move || {
                    if relay(upstream, &client, limit) {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were cut so far.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// Copies until the end or the limit, then ends both sides at once. Whether the limit was it.
fn relay(mut from: TcpStream, mut to: &TcpStream, limit: Option<usize>) -> bool {
    let mut buffer = [0; 4096];
    let mut total = 0;
    let cut = loop {
        match from.read(&mut buffer) {
            Ok(read @ 1..) => {
                total += read;
                if limit.is_some_and(|limit| total > limit) {
                    break true;
                }
                if to.write_all(&buffer[..read]).is_err() {
                    break false;
                }
            }
            Ok(0) | Err(_) => break false,
        }
    };
    for side in [&from, to] {
        // Fails where it has ended already.
        drop(side.shutdown(Shutdown::Both));
    }
    cut
}
