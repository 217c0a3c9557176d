//! The netcomm server: sockets, threads and timers around `netcomm_core::server`.
//!
//! No decision of the protocol is made here.

mod claims;
pub mod config;
mod handler;
mod hub;
mod listener;
mod lock_times;
pub mod log;
pub mod memory;
mod outlet;
mod peer;
mod pool;
mod readers;
#[cfg_attr(all(test, shuttle), path = "tests/system.rs")]
mod system;
mod table;
mod thread;

#[cfg(all(test, not(shuttle)))]
#[path = "tests/handing_over.rs"]
mod handing_over;
#[cfg(all(test, shuttle))]
#[path = "tests/interleavings.rs"]
mod interleavings;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{TrySendError::Disconnected, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use netcomm_core::limits::{Limit, Limits};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::Level;

use crate::config::Config;
use crate::hub::Hub;
use crate::system::Ordering;

/// Files that are open besides sockets: standard streams, the log, signals.
const OTHER_FILES: u64 = 16;

/// What a thread that reads waits with.
const FILES_OF_A_READER: usize = 2;

/// What is still to be logged at the end is waited for so long; a disk may hang.
const LOG_END: Duration = Duration::from_secs(2);

/// A server that runs. Dropping it ends all connections at once.
#[derive(Debug)]
pub struct Server {
    hub: Arc<Hub>,
    listeners: Vec<Arc<TcpListener>>,
    addresses: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens and serves, in threads of its own.
    ///
    /// Fails where the configured limit `connections` needs more open files than the process may
    /// have. Where `config` allows it, that limit is lowered to what fits.
    pub fn start(config: &Config) -> io::Result<Self> {
        let mut limits = config.limits.clone();
        fit_into_files(&mut limits, config)?;
        let (lines, waiting) = sync_channel(log::LINES);
        let (hub, desks) = Hub::new(limits, config.log.content, lines, config.readers)?;
        let hub = Arc::new(hub);
        let mut server =
            Self { hub, listeners: Vec::new(), addresses: Vec::new(), threads: Vec::new() };
        let hub = Arc::clone(&server.hub);
        thread::spawn("netcomm-log", move || log::write(&waiting, &hub.lines_dropped))?;
        let connections = server.hub.limits[Limit::Connections];
        if connections != config.limits[Limit::Connections] {
            server.hub.log(Level::WARN, move || {
                tracing::warn!(connections, "lowered to what open files allow");
            });
        }
        let most = memory::summary(&server.hub.limits);
        server.hub.log(Level::INFO, move || tracing::info!("memory at most {most}"));
        for address in &config.listen {
            let listener = listener::bind(address, &server.hub.limits)
                .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
            server.addresses.push(listener.local_addr()?);
            server.listeners.push(Arc::new(listener));
        }
        server.spawn("netcomm-timer", |hub| hub.keep_time())?;
        for desk in desks {
            server.spawn("netcomm-read", move |hub| readers::run(hub, desk))?;
        }
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

    /// Tells everybody that it ends, refuses whoever comes, and sends what waits, for at most
    /// `drain_ms`; then ends.
    pub fn shut_down(self) {
        self.hub.log(Level::INFO, || tracing::info!("draining"));
        self.hub.drain(self.hub.limits.duration(Limit::DrainMs));
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

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.stopping.store(true, Ordering::Release);
        for listener in &self.listeners {
            rustix::net::shutdown(&**listener, rustix::net::Shutdown::Both).ok();
        }
        self.hub.readers.wake_all();
        self.hub.wake_timer();
        for thread in self.threads.drain(..) {
            // One that panicked has ended the process.
            thread.join().ok();
        }
        self.hub.lock_times.tell();
        let patience = Instant::now() + LOG_END;
        // Said again where there was no room to say it, until the log thread is gone.
        while !matches!(self.hub.lines.try_send(None), Err(Disconnected(_)))
            && Instant::now() < patience
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Raises the limit of open files as far as allowed, and sees whether all connections fit.
fn fit_into_files(limits: &mut Limits, config: &Config) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let raised = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    let others = config.listen.len() + listener::REFUSED + FILES_OF_A_READER * config.readers;
    let others = OTHER_FILES + others as u64;
    let files = raised.unwrap_or(u64::MAX);
    let connections = limits[Limit::Connections];
    if connections.saturating_add(others) > files
        && (config.connections_are_set
            || limits.set("connections", files.saturating_sub(others)).is_err())
    {
        return Err(io::Error::other(format!(
            "the limit connections is {connections}, and {others} other files may be open: \
             more than the {files} open files that the system allows"
        )));
    }
    Ok(())
}
