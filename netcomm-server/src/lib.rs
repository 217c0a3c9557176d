//! The netcomm server: blocking sockets, threads and timers around `netcomm_core::server`.
//!
//! No decision of the protocol is made here.

mod buffers;
pub mod config;
mod hub;
mod listener;
pub mod log;
pub mod memory;
mod peer;
mod reader;
mod straggler;
mod thread;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use netcomm_core::limits::Limit;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::hub::Hub;

/// Files that are open besides the sockets of connections.
const OTHER_FILES: u64 = 64;

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    hub: Arc<Hub>,
    listeners: Vec<Arc<TcpListener>>,
    addresses: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens and serves, in threads of its own.
    pub fn start(config: &Config) -> io::Result<Self> {
        raise_file_limit(config.limits[Limit::Connections]);
        let hub = Arc::new(Hub::new(config.limits.clone(), config.log.content)?);
        let mut server = Self {
            hub,
            listeners: Vec::new(),
            addresses: Vec::new(),
            threads: Vec::new(),
        };
        for address in &config.listen {
            let listener = TcpListener::bind(address)
                .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
            server.addresses.push(listener.local_addr()?);
            server.listeners.push(Arc::new(listener));
        }
        server.spawn("netcomm-timer", |hub| hub.keep_time())?;
        server.spawn("netcomm-straggle", |hub| straggler::run(hub))?;
        for listener in server.listeners.clone() {
            server.spawn("netcomm-listen", move |hub| listener::run(hub, &listener))?;
        }
        Ok(server)
    }

    /// Where it listens; a port 0 has become a real one.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops listening, tells everybody, and sends what waits for at most `drain_ms`.
    pub fn shut_down(self) {
        for listener in &self.listeners {
            if let Err(error) = rustix::net::shutdown(&**listener, rustix::net::Shutdown::Both) {
                tracing::debug!(%error, "shutting a listener down");
            }
        }
        self.hub.drain(self.hub.limits.duration(Limit::DrainMs));
        self.hub.stopping.store(true, Ordering::Release);
        self.hub.wake_timer();
        self.hub.stragglers.wake();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the server panicked");
            }
        }
    }

    fn spawn(
        &mut self,
        name: &str,
        body: impl FnOnce(&Arc<Hub>) + Send + 'static,
    ) -> io::Result<()> {
        let hub = Arc::clone(&self.hub);
        self.threads.push(thread::spawn(name, move || body(&hub))?);
        Ok(())
    }
}

/// Raises the limit of open files as far as allowed, and says so where that is not enough.
fn raise_file_limit(connections: u64) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    if let Some(files) = files.filter(|files| *files < connections + OTHER_FILES) {
        tracing::warn!(
            files,
            connections,
            "the limit of open files is lower than the limit `connections` needs"
        );
    }
}
