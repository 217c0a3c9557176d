//! A router and the connections of some peers, in virtual time, with every promise checked that
//! holds for each message.

use std::collections::BTreeMap;

use netcomm_core::limits::Limits;
use netcomm_core::server::{
    After, ConnId, Connection, Deliver, Face, Incoming, Memory, Next, Origin, Outgoing, Recipient,
    Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{ClientMessage, Extension};

use crate::heap;

/// The server's side of some sockets.
pub(crate) struct Server {
    pub(crate) now: Instant,
    router: Router,
    limits: Limits,
    screens: Screens,
    peers: Vec<Peer>,
    /// The most that the server announces for one connection.
    most: usize,
    /// Whether posts in a row are read at once.
    pub(crate) in_rows: bool,
}

struct Peer {
    conn: ConnId,
    connection: Connection,
    /// What the connection holds on the heap.
    heap: isize,
    face: Option<Face>,
    logged_in: bool,
    finished: bool,
    /// Everything that the connection made of its input.
    said: Vec<String>,
}

/// What every connection was sent.
#[derive(Default)]
struct Screens(BTreeMap<ConnId, Vec<u8>>);

/// What a connection is asked.
#[derive(Clone, Copy)]
enum Ask {
    Next,
    End,
    Timeout,
}

/// What it wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wants {
    More,
    Bytes,
    Pause(Instant),
    Nothing,
}

impl Server {
    pub(crate) fn new(limits: &Limits) -> Self {
        let mut one = limits.clone();
        one.set("connections", 1).expect("one connection may be");
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        Self {
            now: Instant::EPOCH,
            router: Router::new(limits.clone(), clock, [0; 16]),
            limits: limits.clone(),
            screens: Screens::default(),
            peers: Vec::new(),
            most: usize::try_from(Memory::at_most(&one).connections).expect("a few kilobytes"),
            in_rows: false,
        }
    }

    /// A new peer's place.
    pub(crate) fn open(&mut self) -> usize {
        let entropy = [u8::try_from(self.peers.len()).expect("few peers"); 16];
        let conn = self
            .router
            .connect(self.now, Origin::Exempt, entropy, &mut self.screens)
            .expect("the server has room");
        let before = heap::live();
        let connection = Connection::new(&self.limits, self.now);
        self.peers.push(Peer {
            conn,
            connection,
            heap: heap::grown_since(before),
            face: None,
            logged_in: false,
            finished: false,
            said: Vec::new(),
        });
        self.peers.len() - 1
    }

    /// Gives one chunk, and waits through every pause. How many messages it made.
    pub(crate) fn give(&mut self, who: usize, chunk: &[u8]) -> usize {
        let before = self.peers[who].said.len();
        let mut input = chunk;
        // Each message takes a byte at least; each may be waited for once; and some are made of
        // nothing: that a face was chosen, the last words.
        for _ in 0..2 * chunk.len() + 8 {
            match self.step(who, Ask::Next, &mut input) {
                Wants::More => {}
                Wants::Pause(until) => self.wait(until),
                Wants::Bytes => {
                    assert!(input.is_empty(), "bytes are wanted while some are left");
                    return self.peers[who].said.len() - before;
                }
                Wants::Nothing => return self.peers[who].said.len() - before,
            }
        }
        panic!("a chunk of {} bytes never ends", chunk.len());
    }

    /// The peer sends no more.
    pub(crate) fn end(&mut self, who: usize) {
        for _ in 0..8 {
            match self.step(who, Ask::End, &mut &[][..]) {
                Wants::More => {}
                Wants::Pause(until) => self.wait(until),
                Wants::Bytes => panic!("bytes are wanted after the end"),
                Wants::Nothing => {
                    let Self { router, screens, peers, now, .. } = self;
                    return router.disconnect(*now, peers[who].conn, screens);
                }
            }
        }
        panic!("the end of input does not end it");
    }

    /// Lets time pass for all, what is due included.
    pub(crate) fn wait(&mut self, until: Instant) {
        loop {
            let due = self.peers.iter().enumerate();
            let due = due.filter_map(|(who, peer)| Some((peer.connection.poll_timeout()?, who)));
            let Some((at, who)) = due.min().filter(|(at, _)| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            self.step(who, Ask::Timeout, &mut &[][..]);
            let next = self.peers[who].connection.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "a timer that never gives up");
        }
        if self.router.poll_timeout().is_some_and(|at| at <= until) {
            self.router.handle_timeout(until, &mut self.screens);
        }
        self.now = self.now.max(until);
    }

    /// Lets time pass until nothing is due. A framed connection whose peer is silent ends, and so
    /// does one that has not logged in.
    pub(crate) fn fall_silent(&mut self, who: usize) {
        for _ in 0..8 {
            let peer = &self.peers[who];
            match peer.connection.poll_timeout() {
                Some(at) => self.wait(at),
                None => break,
            }
        }
        let peer = &self.peers[who];
        let stays = peer.face == Some(Face::Text) && peer.logged_in;
        assert!(peer.finished || stays, "silence does not end it: {:?}", peer.connection);
    }

    /// What the peer was sent since it was last asked.
    pub(crate) fn shown(&mut self, who: usize) -> Vec<u8> {
        self.screens.0.remove(&self.peers[who].conn).unwrap_or_default()
    }

    /// What the connection made of all its input.
    pub(crate) fn said(&self, who: usize) -> &[String] {
        &self.peers[who].said
    }

    pub(crate) fn is_logged_in(&self, who: usize) -> bool {
        self.peers[who].logged_in
    }

    fn step(&mut self, who: usize, ask: Ask, input: &mut &[u8]) -> Wants {
        let Self { now, router, screens, peers, most, in_rows, .. } = self;
        let Peer { conn, connection, heap, face, logged_in, finished, said } = &mut peers[who];
        let was_finished = *finished;
        if matches!(ask, Ask::Next)
            && *in_rows
            && let Some(posts) = connection.posts(*now, input, usize::MAX)
        {
            for incoming in posts.iter() {
                said.push(format!("{incoming:?}"));
                let after = router.handle(*now, *conn, &incoming, screens);
                assert!(matches!(after, After::Posted(_) | After::Nothing), "{after:?}");
            }
            return Wants::More;
        }
        let before = heap::live();
        let next = match ask {
            Ask::Next => connection.next(*now, input),
            Ask::End => connection.end_of_input(*now),
            Ask::Timeout => connection.handle_timeout(*now),
        };
        *heap += heap::grown_since(before) - lent(&next);
        let held = size_of::<Connection>() + usize::try_from(*heap).unwrap_or(0);
        assert!(held <= *most, "a connection of {held} bytes, announced are {most}");
        assert!(!was_finished || next == Next::Finished, "{next:?} after the end");
        let incoming = match next {
            Next::NeedsBytes => return Wants::Bytes,
            Next::PausedUntil(until) => {
                assert!(until > *now, "a pause ends later than it begins");
                return Wants::Pause(until);
            }
            Next::Finished => {
                *finished = true;
                *logged_in = false;
                return Wants::Nothing;
            }
            Next::Farewell(last) => {
                said.push(format!("{last:?}"));
                screens.0.entry(*conn).or_default().extend_from_slice(last);
                return Wants::More;
            }
            Next::Message(incoming) => incoming,
            _ => panic!("an unknown wish"),
        };
        said.push(format!("{incoming:?}"));
        if let Incoming::Opened(opened) = incoming {
            *face = Some(opened);
        }
        let unanswered = needs_no_answer(&incoming);
        let heard = screens.heard(*conn);
        let after = router.handle(*now, *conn, &incoming, screens);
        let quiet = *face == Some(Face::Text) && matches!(after, After::Posted(_));
        let answered = screens.heard(*conn) > heard;
        assert!(answered || quiet || unanswered, "no answer to {:?}", said.last());
        *logged_in |= matches!(after, After::LoggedIn(_));
        *logged_in &= after != After::Closed;
        let before = heap::live();
        connection.apply(*now, after);
        *heap += heap::grown_since(before);
        Wants::More
    }
}

/// What a message holds on the heap, and its connection does not.
fn lent(next: &Next<'_>) -> isize {
    if let Next::Message(Incoming::Request { message, .. }) = next
        && let ClientMessage::Login { extensions, .. } = message
    {
        return (extensions.capacity() * size_of::<Extension<'_>>()).cast_signed();
    }
    0
}

fn needs_no_answer(incoming: &Incoming<'_>) -> bool {
    if let Incoming::Request { message, .. } = incoming {
        return matches!(message, ClientMessage::Pong { .. });
    }
    matches!(incoming, Incoming::Opened(_) | Incoming::PingDue)
}

impl Screens {
    fn heard(&self, conn: ConnId) -> usize {
        self.0.get(&conn).map_or(0, Vec::len)
    }
}

impl Deliver for Screens {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            self.close(to, message);
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        self.0.entry(to.conn).or_default().extend_from_slice(last.bytes(to.face));
    }
}
