//! The router, the table of peers, and everything that all threads share.
//!
//! Lock order: the hub's state, then a mailbox. Nothing blocks under either. A thread that panics
//! ends the process (see [`crate::thread`]), so no lock is ever seen poisoned.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    After, ConnId, Deliver, Incoming, Origin, Outgoing, Push, Recipient, Recipients, Router,
    farewell,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::CloseCode;

use crate::buffers::Buffers;
use crate::peer::{Peer, Sent};
use crate::straggler::Stragglers;

/// Those whose output this thread must send.
pub(crate) type Claimed = Vec<Arc<Peer>>;

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) limits: Limits,
    pub(crate) buffers: Buffers,
    pub(crate) stragglers: Stragglers,
    pub(crate) log_content: bool,
    pub(crate) stopping: AtomicBool,
    started: std::time::Instant,
    /// Bytes that wait in all mailboxes.
    waiting: AtomicUsize,
    state: Mutex<State>,
    /// The router's next deadline moved earlier, or the server ends.
    timer: Condvar,
    /// A connection ended.
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    router: Router,
    peers: Vec<Option<Arc<Peer>>>,
    live: usize,
    /// What the timer thread waits for.
    due: Option<Instant>,
}

impl Hub {
    pub(crate) fn new(limits: Limits, log_content: bool) -> io::Result<Self> {
        let unix = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |passed| {
                u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
            });
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(unix));
        Ok(Self {
            buffers: Buffers::default(),
            stragglers: Stragglers::new()?,
            log_content,
            stopping: AtomicBool::new(false),
            started: std::time::Instant::now(),
            waiting: AtomicUsize::new(0),
            state: Mutex::new(State {
                router: Router::new(limits.clone(), clock, entropy()?),
                peers: Vec::new(),
                live: 0,
                due: None,
            }),
            timer: Condvar::new(),
            ended: Condvar::new(),
            limits,
        })
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_epoch(self.started.elapsed())
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Makes the connection known. An outer error is the system's.
    pub(crate) fn connect(&self, peer: &Arc<Peer>) -> io::Result<Result<ConnId, CloseCode>> {
        let entropy = entropy()?;
        let origin = Origin::Address(peer.address.ip());
        let mut claimed = Claimed::new();
        let connected = self.with_router(&mut claimed, |router, now, post| {
            router.connect(now, origin, entropy, post)
        });
        if let Ok(id) = connected {
            let mut state = self.lock();
            let index = id.index();
            if state.peers.len() <= index {
                state.peers.resize_with(index + 1, || None);
            }
            state.peers[index] = Some(Arc::clone(peer));
            state.live += 1;
        }
        self.flush(&mut claimed);
        Ok(connected)
    }

    /// Routes one message. What it makes others be sent is added to `claimed`.
    pub(crate) fn handle(
        &self,
        from: ConnId,
        incoming: Incoming<'_>,
        claimed: &mut Claimed,
    ) -> After {
        self.with_router(claimed, |router, now, post| {
            router.handle(now, from, incoming, post)
        })
    }

    /// The connection's own reader says that it is gone.
    pub(crate) fn disconnect(&self, id: ConnId) {
        let mut claimed = Claimed::new();
        // First, while the router still keeps the id from others.
        if let Some(peer) = self.lock().peers.get_mut(id.index()) {
            *peer = None;
        }
        self.with_router(&mut claimed, |router, now, post| {
            router.disconnect(now, id, post);
        });
        self.lock().live -= 1;
        self.ended.notify_all();
        self.flush(&mut claimed);
    }

    /// Tells everybody to come back later, and waits until all are gone or the time is over.
    pub(crate) fn drain(&self, within: Duration) {
        let mut claimed = Claimed::new();
        self.with_router(&mut claimed, |router, now, post| {
            router.shut_down(now, Duration::from_secs(1), post);
        });
        self.flush(&mut claimed);
        let until = std::time::Instant::now() + within;
        let mut state = self.lock();
        while state.live > 0 {
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                tracing::warn!(connections = state.live, "not all connections were drained");
                break;
            }
            state = wait(&self.ended, state, left);
        }
        for peer in state.peers.iter().flatten() {
            peer.end();
        }
        drop(state);
        self.timer.notify_all();
    }

    /// The timer thread: wakes when the router wants to be woken.
    pub(crate) fn keep_time(&self) {
        while !self.is_stopping() {
            let mut state = self.lock();
            state.due = state.router.poll_timeout();
            let now = self.now();
            let left = state
                .due
                .map_or(Duration::from_hours(1), |due| due.since(now));
            if left.is_zero() {
                drop(state);
                let mut claimed = Claimed::new();
                self.with_router(&mut claimed, |router, now, post| {
                    router.handle_timeout(now, post);
                });
                self.flush(&mut claimed);
            } else {
                drop(wait(&self.timer, state, left));
            }
        }
    }

    /// Lets the timer thread see that the server ends.
    pub(crate) fn wake_timer(&self) {
        drop(self.lock());
        self.timer.notify_all();
    }

    /// Sends what this thread has claimed; whatever does not fit goes to the stragglers.
    pub(crate) fn flush(&self, claimed: &mut Claimed) {
        if claimed.len() > 1 {
            // Whoever has something to read routes it first, and one send takes it all.
            std::thread::yield_now();
        }
        for peer in claimed.drain(..) {
            self.send(peer);
        }
    }

    /// Sends what waits for a peer whose claim this thread holds.
    pub(crate) fn send(&self, peer: Arc<Peer>) {
        match peer.send(&self.waiting) {
            Sent::All => {}
            Sent::Finished => self.stragglers.half_closed(peer),
            Sent::Full => self.stragglers.full(peer),
        }
    }

    /// One attempt to send, for the stragglers' thread.
    pub(crate) fn try_send(&self, peer: &Peer) -> (Sent, bool) {
        peer.try_send(&self.waiting)
    }

    /// Cuts a peer that takes nothing. Whoever holds its claim is to try once more.
    pub(crate) fn cut(&self, peer: &Peer) -> Push {
        cut(peer, &self.waiting)
    }

    /// Nothing more is routed to a peer whose reader ends; what waits is still sent.
    pub(crate) fn finish(&self, peer: &Arc<Peer>) {
        let push = peer.mailbox().close(&[]);
        if push == Push::Claim {
            match peer.send(&self.waiting) {
                Sent::Full => self.stragglers.full(Arc::clone(peer)),
                Sent::All | Sent::Finished => peer.end(),
            }
        }
    }

    /// Ends a peer that does not even take its last words.
    pub(crate) fn abandon(&self, peer: &Peer) {
        peer.abandon(&self.waiting);
    }

    /// Counts a frame that was queued. Under the mailbox's lock: it must not be sent before.
    fn count(&self, push: Push, frame: &[u8]) {
        if matches!(push, Push::Claim | Push::Queued) {
            self.waiting.fetch_add(frame.len(), Ordering::Relaxed);
        }
    }

    fn with_router<R>(
        &self,
        claimed: &mut Claimed,
        act: impl FnOnce(&mut Router, Instant, &mut Post<'_>) -> R,
    ) -> R {
        let mut state = self.lock();
        let State { router, peers, .. } = &mut *state;
        let mut post = Post {
            hub: self,
            peers,
            claimed,
        };
        // Read under the lock: the router's time does not run backwards.
        let result = act(router, self.now(), &mut post);
        let due = state.router.poll_timeout();
        let earlier = due.is_some_and(|due| state.due.is_none_or(|known| due < known));
        if earlier {
            state.due = due;
        }
        drop(state);
        if earlier {
            self.timer.notify_one();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pushes what the router says into mailboxes.
struct Post<'a> {
    hub: &'a Hub,
    peers: &'a [Option<Arc<Peer>>],
    claimed: &'a mut Claimed,
}

impl Post<'_> {
    fn peer(&self, to: Recipient) -> Option<&Arc<Peer>> {
        self.peers.get(to.conn.index())?.as_ref()
    }

    fn took(&mut self, peer: &Arc<Peer>, push: Push) {
        match push {
            Push::Claim => self.claimed.push(Arc::clone(peer)),
            Push::Overflow => {
                let push = cut(peer, &self.hub.waiting);
                self.cut(peer, push);
            }
            _ => {}
        }
    }

    fn cut(&mut self, peer: &Arc<Peer>, push: Push) {
        match push {
            Push::Claim => self.claimed.push(Arc::clone(peer)),
            Push::Queued if peer.mailbox().is_straggling() => self.hub.stragglers.wake(),
            _ => {}
        }
    }

    /// Cuts the largest mailboxes while all of them together are too large.
    fn keep_budget(&mut self) {
        let most = self.hub.limits.count(Limit::MailboxesBytes);
        while self.hub.waiting.load(Ordering::Relaxed) > most {
            let open = self.peers.iter().flatten().filter_map(|peer| {
                let mailbox = peer.mailbox();
                mailbox.is_open().then(|| (mailbox.len(), peer))
            });
            let Some((_, largest)) = open.max_by_key(|(bytes, _)| *bytes) else {
                break;
            };
            let push = cut(largest, &self.hub.waiting);
            let largest = Arc::clone(largest);
            self.cut(&largest, push);
        }
    }
}

impl Deliver for Post<'_> {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            let Some(peer) = self.peer(to).cloned() else {
                continue;
            };
            peer.speaks(to.face);
            let frame = message.bytes(to.face);
            let mut mailbox = peer.mailbox();
            let push = mailbox.push(frame, &self.hub.limits);
            self.hub.count(push, frame);
            drop(mailbox);
            self.took(&peer, push);
        }
        self.keep_budget();
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        let Some(peer) = self.peer(to).cloned() else {
            return;
        };
        peer.speaks(to.face);
        let frame = last.bytes(to.face);
        let mut mailbox = peer.mailbox();
        let push = mailbox.close(frame);
        self.hub.count(push, frame);
        drop(mailbox);
        self.took(&peer, push);
    }
}

fn cut(peer: &Peer, waiting: &AtomicUsize) -> Push {
    let last = farewell(peer.face(), CloseCode::SLOW_CONSUMER);
    let mut mailbox = peer.mailbox();
    let before = mailbox.len();
    let push = mailbox.cut(&last);
    waiting.fetch_add(mailbox.len(), Ordering::Relaxed);
    waiting.fetch_sub(before, Ordering::Relaxed);
    push
}

fn wait<'a>(
    condition: &Condvar,
    state: MutexGuard<'a, State>,
    most: Duration,
) -> MutexGuard<'a, State> {
    condition
        .wait_timeout(state, most)
        .unwrap_or_else(PoisonError::into_inner)
        .0
}

fn entropy() -> io::Result<[u8; 16]> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy)?;
    Ok(entropy)
}
