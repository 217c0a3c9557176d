//! Servers that share nothing but the core: the real one, and two examples of other drivers.

#![allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "the examples share a part, and their mains are not called"
)]

#[path = "../../../netcomm-core/examples/poll_loop.rs"]
mod poll_loop;
#[path = "../../../netcomm-core/examples/tokio_server.rs"]
mod tokio_server;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::thread;

use netcomm_core::limits::Limits;

use crate::people::House;

/// Limits that differ from the defaults.
pub(crate) type Changes = [(&'static str, u64)];

/// Starts a server.
pub(crate) type Opens = fn(&Changes) -> Host;

/// A server in this process, which is shut down when it is dropped.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    end: Option<Box<dyn FnOnce() + Send>>,
}

impl Drop for Host {
    fn drop(&mut self) {
        // A test that has failed already may leave behind somebody who would be waited for.
        if let Some(end) = self.end.take().filter(|_| !thread::panicking()) {
            end();
        }
    }
}

/// The real one.
pub(crate) fn server(changes: &Changes) -> Host {
    let house = House::open(changes);
    Host { address: house.address(), end: Some(Box::new(move || drop(house))) }
}

/// A single thread.
pub(crate) fn poll_loop(changes: &Changes) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (stop, mut ender) = UnixStream::pair().expect("a pair of sockets");
    let limits = limits(changes);
    let thread = thread::spawn(move || poll_loop::serve(&listener, &stop, limits));
    let end = move || {
        ender.write_all(&[0]).expect("the loop listens");
        thread.join().expect("no panic").expect("no error");
    };
    Host { address, end: Some(Box::new(end)) }
}

/// Tasks of tokio.
pub(crate) fn tokio_server(changes: &Changes) -> Host {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (ender, stop) = tokio::sync::oneshot::channel::<()>();
    let limits = limits(changes);
    let thread = thread::spawn(move || {
        let stop = async { stop.await.expect("a wish to end") };
        runtime.block_on(tokio_server::serve(listener, stop, limits))
    });
    let end = move || {
        ender.send(()).expect("the server listens");
        thread.join().expect("no panic").expect("no error");
    };
    Host { address, end: Some(Box::new(end)) }
}

fn limits(changes: &Changes) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in changes {
        limits.set(name, *value).expect("a limit within its range");
    }
    limits
}
