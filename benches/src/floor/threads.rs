//! A blocking thread per connection. Whoever makes a mailbox non-empty claims it, yields once, and
//! sends all that has come in since; others leave their frames there and go on.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use crate::keeper::Keeper;
use crate::{ANSWER, JOINED, READ, frame, room};

struct Peer {
    socket: TcpStream,
    mailbox: Mutex<Mailbox>,
}

#[derive(Default)]
struct Mailbox {
    bytes: Vec<u8>,
    is_claimed: bool,
}

type Rooms = HashMap<u32, Room>;

#[derive(Default)]
struct Room {
    peers: Vec<Arc<Peer>>,
    keeper: Option<Keeper>,
}

pub(crate) fn run(
    listener: &TcpListener,
    answers: bool,
    keeps: bool,
) -> std::io::Result<Infallible> {
    let router = Arc::new(Mutex::new(Rooms::new()));
    loop {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        let router = Arc::clone(&router);
        let builder = std::thread::Builder::new().stack_size(64 * 1024);
        builder.spawn(move || serve(socket, &router, answers, keeps))?;
    }
}

fn serve(socket: TcpStream, router: &Mutex<Rooms>, answers: bool, keeps: bool) {
    let me = Arc::new(Peer { socket, mailbox: Mutex::default() });
    let (mut buffer, mut filled) = (vec![0; READ], 0);
    let (mut claimed, mut spare) = (Vec::new(), Vec::new());
    let mut home = None;
    while let Ok(length) = (&me.socket).read(&mut buffer[filled..])
        && length > 0
    {
        filled += length;
        let (mut start, mut posts) = (0, 0);
        let mut rooms = lock(router);
        while let Some(frame) = frame(&buffer[start..filled]) {
            if home.is_none() {
                home = room(frame);
                let room = rooms.entry(home.unwrap_or(0)).or_default();
                room.peers.push(Arc::clone(&me));
                if keeps {
                    room.keeper.get_or_insert_with(Keeper::new);
                }
                push(&me, JOINED, &mut claimed);
                start += frame.len();
                continue;
            }
            // Posts that came in a row are one piece for everybody.
            let Some(room) = home.and_then(|home| rooms.get_mut(&home)) else { break };
            let (run, mut next) = (start, Some(frame));
            while let Some(post) = next {
                if let Some(keeper) = &mut room.keeper {
                    keeper.keep(post);
                }
                start += post.len();
                posts += 1;
                next = crate::frame(&buffer[start..filled]);
            }
            for peer in &room.peers {
                if !Arc::ptr_eq(peer, &me) {
                    push(peer, &buffer[run..start], &mut claimed);
                }
            }
        }
        if answers && posts > 0 {
            push(&me, &ANSWER.repeat(posts), &mut claimed);
        }
        drop(rooms);
        buffer.copy_within(start..filled, 0);
        filled -= start;
        if claimed.len() > 1 {
            std::thread::yield_now();
        }
        for peer in claimed.drain(..) {
            flush(&peer, &mut spare);
        }
    }
    let mut rooms = lock(router);
    if let Some(room) = home.and_then(|home| rooms.get_mut(&home)) {
        room.peers.retain(|peer| !Arc::ptr_eq(peer, &me));
    }
}

fn push(peer: &Arc<Peer>, frame: &[u8], claimed: &mut Vec<Arc<Peer>>) {
    let mut mailbox = lock(&peer.mailbox);
    mailbox.bytes.extend_from_slice(frame);
    if !mailbox.is_claimed {
        mailbox.is_claimed = true;
        claimed.push(Arc::clone(peer));
    }
}

/// What is sent changes places with `bytes`, so that no buffer is ever given back.
fn flush(peer: &Peer, bytes: &mut Vec<u8>) {
    loop {
        let mut mailbox = lock(&peer.mailbox);
        bytes.clear();
        std::mem::swap(bytes, &mut mailbox.bytes);
        if bytes.is_empty() {
            mailbox.is_claimed = false;
            return;
        }
        drop(mailbox);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match send(&peer.socket, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&peer.socket, PollFlags::OUT)], None).ok();
                }
                Err(_) => break,
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
