//! One thread: it reads all that is ready, and then flushes once.

use std::collections::HashMap;
use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::{ANSWER, JOINED, READ, frame, room};

struct Peer {
    socket: TcpStream,
    room: Option<u32>,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    is_dirty: bool,
}

#[derive(Default)]
struct Chat {
    /// One that has gone is only forgotten.
    peers: Vec<Option<Peer>>,
    rooms: HashMap<u32, Vec<usize>>,
    dirty: Vec<usize>,
    answers: bool,
}

/// The key of the listener.
const LISTENER: u64 = u64::MAX;

pub(crate) fn run(listener: &TcpListener, answers: bool) -> std::io::Result<Infallible> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut chat = Chat { answers, ..Chat::default() };
    let mut events = [MaybeUninit::uninit(); 1024];
    let mut buffer = vec![0; READ];
    loop {
        let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        let pause = (!chat.dirty.is_empty()).then_some(&pause);
        let ready = match epoll::wait(&epoll, &mut events, pause) {
            Ok((ready, _)) => ready,
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        for event in ready {
            let key = event.data.u64();
            if key == LISTENER {
                let (socket, _) = listener.accept()?;
                socket.set_nodelay(true)?;
                let data = EventData::new_u64(chat.peers.len() as u64);
                epoll::add(&epoll, &socket, data, EventFlags::IN)?;
                let (unread, unsent) = (Vec::new(), Vec::new());
                chat.peers.push(Some(Peer { socket, room: None, unread, unsent, is_dirty: false }));
            } else {
                chat.read(usize::try_from(key).unwrap_or(usize::MAX), &mut buffer);
            }
        }
        chat.flush();
    }
}

impl Chat {
    fn read(&mut self, index: usize, buffer: &mut [u8]) {
        let Some(peer) = &mut self.peers[index] else {
            return;
        };
        let length = match recv(&peer.socket, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((length, _)) if length > 0 => length,
            Err(Errno::AGAIN | Errno::INTR) => return,
            _ => return self.forget(index),
        };
        let mut unread = std::mem::take(&mut peer.unread);
        let mut rest = if unread.is_empty() {
            &buffer[..length]
        } else {
            unread.extend_from_slice(&buffer[..length]);
            &unread[..]
        };
        while let Some(frame) = frame(rest) {
            rest = &rest[frame.len()..];
            self.route(index, frame);
        }
        let rest = rest.to_vec();
        if let Some(peer) = &mut self.peers[index] {
            peer.unread = rest;
        }
    }

    fn route(&mut self, from: usize, frame: &[u8]) {
        let Some(home) = self.peers[from].as_ref().and_then(|peer| peer.room) else {
            let home = room(frame).unwrap_or(0);
            self.rooms.entry(home).or_default().push(from);
            if let Some(peer) = &mut self.peers[from] {
                peer.room = Some(home);
            }
            return self.push(from, JOINED);
        };
        let members = self.rooms.remove(&home).unwrap_or_default();
        for &member in members.iter().filter(|member| **member != from) {
            self.push(member, frame);
        }
        self.rooms.insert(home, members);
        if self.answers {
            self.push(from, ANSWER);
        }
    }

    fn push(&mut self, to: usize, frame: &[u8]) {
        if let Some(peer) = &mut self.peers[to] {
            peer.unsent.extend_from_slice(frame);
            if !peer.is_dirty {
                peer.is_dirty = true;
                self.dirty.push(to);
            }
        }
    }

    fn flush(&mut self) {
        for index in std::mem::take(&mut self.dirty) {
            let Some(peer) = &mut self.peers[index] else {
                continue;
            };
            match send(&peer.socket, &peer.unsent, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(sent) if sent == peer.unsent.len() => {
                    peer.unsent.clear();
                    peer.is_dirty = false;
                }
                Ok(sent) => {
                    peer.unsent.drain(..sent);
                    self.dirty.push(index);
                }
                Err(Errno::AGAIN | Errno::INTR) => self.dirty.push(index),
                Err(_) => self.forget(index),
            }
        }
    }

    fn forget(&mut self, index: usize) {
        if let Some(room) = self.peers[index].take().and_then(|peer| peer.room) {
            self.rooms.entry(room).or_default().retain(|member| *member != index);
        }
    }
}
