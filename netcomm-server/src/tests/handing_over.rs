//! Claims on their way to the stragglers.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::server::{Face, Frames, Push};

use crate::claims::Claims;
use crate::hub::Hub;
use crate::peer::{Peer, Sent};
use crate::straggler;
use crate::system::Ordering;

/// Nothing takes so long, however loaded the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn who_is_cut_while_its_claim_is_handed_over_ends_at_once() {
    let mut limits = Limits::default();
    limits.set("write_stall_ms", 3_600_000).unwrap();
    let (lines, _) = std::sync::mpsc::sync_channel(1);
    let (hub, _) = Hub::new(limits, false, lines, 1).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, address) = listener.accept().unwrap();
    let peer = Arc::new(Peer::new(stream.into(), address));
    let frames = Frames::one(&[7; 16 * 1024]);
    loop {
        hub.waiting.fetch_add(frames.bytes().len(), Ordering::Relaxed);
        let push = peer.post((Face::Framed, frames), false, &mut Claims::none(&hub));
        assert_eq!(push, Push::Claim);
        match peer.send(&hub.waiting, &mut Vec::new()) {
            Sent::All => {}
            sent => break assert!(matches!(sent, Sent::Full(_)), "{sent:?}"),
        }
    }
    // Whoever cuts it wakes the stragglers, who do not have it yet.
    assert_eq!(peer.cut(&hub.waiting), Push::Queued);
    hub.stragglers.full(Arc::clone(&peer));
    std::thread::scope(|scope| {
        scope.spawn(|| straggler::run(&hub));
        // What is there is read up to the end, whatever it looks like.
        other.set_read_timeout(Some(PATIENCE)).unwrap();
        let end = other.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        let has_ended = matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset));
        hub.stopping.store(true, Ordering::Release);
        hub.stragglers.wake();
        assert!(has_ended);
    });
}
