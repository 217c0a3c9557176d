//! The thread of one listening address.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use netcomm_core::limits::{Limit, Limits};
use rustix::net::sockopt;
use tracing::Level;

use crate::handler::Newcomer;
use crate::hub::Hub;
use crate::peer::Peer;

/// So many refused connections are told why at a time; others are just closed.
pub(crate) const REFUSED: usize = 64;

/// So many probes of the kernel in a row are not answered before it gives a peer up.
const PROBES: u32 = 3;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(500);

/// Listens. What is set here holds for every socket that is accepted.
pub(crate) fn bind(address: &SocketAddr, limits: &Limits) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    sockopt::set_tcp_nodelay(&listener, true)?;
    // A peer that is gone without a word, where no ping asks for one. By itself the kernel would
    // wait for hours.
    sockopt::set_socket_keepalive(&listener, true)?;
    sockopt::set_tcp_keepidle(&listener, seconds(limits.duration(Limit::PingMs)))?;
    sockopt::set_tcp_keepintvl(&listener, seconds(limits.duration(Limit::PongMs) / PROBES))?;
    sockopt::set_tcp_keepcnt(&listener, PROBES)?;
    sockopt::set_socket_send_buffer_size(&listener, limits.count(Limit::SendBufferBytes))?;
    sockopt::set_socket_recv_buffer_size(&listener, limits.count(Limit::ReceiveBufferBytes))?;
    Ok(listener)
}

/// The kernel counts whole ones, and at least one.
fn seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().max(1))
}

/// Accepts until the listener is shut down.
pub(crate) fn run(hub: &Arc<Hub>, listener: &TcpListener) {
    let mut back_off = SHORTEST;
    while !hub.is_stopping() {
        let accepted = listener.accept().and_then(|(stream, address)| begin(hub, stream, address));
        match accepted {
            Ok(()) => back_off = SHORTEST,
            Err(error) => {
                if hub.is_stopping() || error.kind() == io::ErrorKind::InvalidInput {
                    return;
                }
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    hub.log(Level::WARN, move || {
                        tracing::warn!(%error, "a connection was not accepted");
                    });
                    std::thread::sleep(back_off);
                    back_off = (back_off * 2).min(LONGEST);
                }
            }
        }
    }
}

fn begin(hub: &Arc<Hub>, stream: TcpStream, address: SocketAddr) -> io::Result<()> {
    let peer = Arc::new(Peer::new(stream.into(), address));
    let conn = peer.number;
    let admitted = match hub.connect(&peer)? {
        Ok(id) => {
            hub.log(Level::INFO, move || tracing::info!(conn, peer = %address, "connected"));
            Ok(id)
        }
        Err(code) => {
            hub.log(Level::INFO, move || {
                tracing::info!(conn, peer = %address, code = code.name(), "refused");
            });
            if Arc::strong_count(&hub.refused) > REFUSED {
                return Ok(());
            }
            Err((code, Arc::clone(&hub.refused)))
        }
    };
    hub.readers.admit(Newcomer { peer, admitted });
    Ok(())
}
