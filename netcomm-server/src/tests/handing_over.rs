//! Claims on their way to who reads.

#![expect(clippy::unwrap_used, reason = "a test ends where something panicked")]

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::server::{Face, Frames, Push};

use crate::claims::Claims;
use crate::handler::Newcomer;
use crate::hub::Hub;
use crate::outlet::Outlet;
use crate::peer::{Peer, Sent};
use crate::readers::{self, Desk};
use crate::system::Ordering;

/// Nothing takes so long, however loaded the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// A hub without threads but for those at its desks, and a peer with its far end.
fn hub_and_peer() -> (Hub, Vec<Desk>, Arc<Peer>, TcpStream) {
    let mut limits = Limits::default();
    for limit in ["write_stall_ms", "silent_login_ms"] {
        limits.set(limit, 3_600_000).unwrap();
    }
    let (lines, _) = std::sync::mpsc::sync_channel(1);
    let (hub, desks) = Hub::new(limits, false, lines, 1).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    other.set_read_timeout(Some(PATIENCE)).unwrap();
    let (stream, address) = listener.accept().unwrap();
    (hub, desks, Arc::new(Peer::new(stream.into(), address)), other)
}

fn post(hub: &Hub, peer: &Peer, frames: Frames<'_>) -> Push {
    hub.waiting.fetch_add(frames.bytes().len(), Ordering::Relaxed);
    peer.post((Face::Framed, frames), false, &mut Claims::none(hub))
}

#[test]
fn what_is_handed_over_is_sent_though_the_socket_was_never_full() {
    let (hub, _, peer, mut other) = hub_and_peer();
    let mut outlet = Outlet::default();
    outlet.tend(&peer, &hub);
    assert_eq!(post(&hub, &peer, Frames::one(b"later")), Push::Claim);
    // As if more had come while it was sent, again and again.
    peer.mailbox().hand_over();
    outlet.is_called = true;
    outlet.tend(&peer, &hub);
    let mut came = [0; 5];
    other.read_exact(&mut came).unwrap();
    assert_eq!(&came, b"later");
    assert!(!outlet.has_more() && outlet.poll_timeout().is_none());
}

#[test]
fn who_is_cut_while_its_claim_is_handed_over_ends_at_once() {
    let (hub, mut desks, peer, mut other) = hub_and_peer();
    let id = hub.connect(&peer).unwrap().unwrap();
    let frames = Frames::one(&[7; 16 * 1024]);
    loop {
        assert_eq!(post(&hub, &peer, frames), Push::Claim);
        match peer.send(&hub.waiting, &mut Vec::new()) {
            Sent::All => {}
            sent => break assert!(matches!(sent, Sent::Full(_)), "{sent:?}"),
        }
    }
    // Whoever cuts it calls who reads it, who does not have it yet.
    assert_eq!(peer.cut(&hub.waiting), Push::Queued);
    peer.call_reader();
    hub.readers.admit(Newcomer { peer, admitted: Ok(id) });
    std::thread::scope(|scope| {
        scope.spawn(|| readers::run(&hub, desks.remove(0)));
        // What is there is read up to the end, whatever it looks like.
        let end = other.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        hub.stopping.store(true, Ordering::Release);
        hub.readers.wake_all();
        assert!(matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)), "{end:?}");
    });
}
