//! The router, the table of peers, and everything that all threads share.
//!
//! Lock order: the hub's state, then a mailbox. Nothing blocks under either. A thread that panics
//! ends the process (see [`crate::thread`]), so no lock is ever seen poisoned.

use std::io;
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    After, Budget, Buffer, ConnId, Deliver, Incoming, Origin, Outgoing, Push, Recipient,
    Recipients, Router,
};
use netcomm_core::time::{Instant, WallClock};
use netcomm_core::wire::CloseCode;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::lock_times::{Held, LockTimes};
use crate::log::Lines;
use crate::peer::{Peer, Sent};
use crate::pool::{self, Pool};
use crate::straggler::Stragglers;
use crate::system::{
    self, AtomicBool, AtomicUsize, Clock, Condvar, Mutex, MutexGuard, Ordering, entropy,
};

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) limits: Limits,
    pub(crate) read_buffers: Pool<Vec<u8>>,
    /// What mailboxes wait in.
    pub(crate) buffers: Pool<Buffer>,
    pub(crate) stragglers: Stragglers,
    /// What the log thread is still to write; nothing is its end.
    pub(crate) lines: Lines,
    /// How many lines found no room since that was logged.
    pub(crate) lines_dropped: AtomicUsize,
    pub(crate) log_content: bool,
    /// Every thread that refuses a connection holds this: that counts them.
    pub(crate) refused: Arc<()>,
    pub(crate) stopping: AtomicBool,
    clock: Clock,
    /// Bytes that wait in all mailboxes.
    pub(crate) waiting: AtomicUsize,
    state: Mutex<State>,
    pub(crate) lock_times: LockTimes,
    /// The router's next deadline moved earlier, or the server ends.
    timer: Condvar,
    /// A connection ended, or all that waited is sent.
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
    pub(crate) fn new(limits: Limits, log_content: bool, lines: Lines) -> io::Result<Self> {
        let clock = WallClock::new(Instant::EPOCH, system::unix_time());
        Ok(Self {
            read_buffers: Pool::of(pool::READS),
            buffers: Pool::of(pool::sends(limits.count(Limit::MailboxesBytes))),
            stragglers: Stragglers::new()?,
            lines,
            lines_dropped: AtomicUsize::new(0),
            log_content,
            refused: Arc::default(),
            stopping: AtomicBool::new(false),
            clock: Clock::start(),
            waiting: AtomicUsize::new(0),
            state: Mutex::new(State {
                router: Router::new(limits.clone(), clock, entropy()?),
                peers: Vec::new(),
                live: 0,
                due: None,
            }),
            lock_times: LockTimes::default(),
            timer: Condvar::new(),
            ended: Condvar::new(),
            limits,
        })
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Leaves a line to the log thread, and never waits: nothing else in the server writes a log.
    /// The thread is not woken for a line that would not be written.
    pub(crate) fn log(&self, level: Level, line: impl FnOnce() + Send + 'static) {
        if level > LevelFilter::current() {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Some(Box::new(line))) {
            self.lines_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Makes the connection known. An outer error is the system's.
    pub(crate) fn connect(&self, peer: &Arc<Peer>) -> io::Result<Result<ConnId, CloseCode>> {
        let entropy = entropy()?;
        let origin = Origin::Address(peer.address.ip());
        let mut routing = self.routing();
        let connected = routing
            .route(Some(peer), |router, now, post| router.connect(now, origin, entropy, post));
        if let Ok(id) = connected {
            let State { peers, live, .. } = &mut *routing.state;
            if peers.len() <= id.index() {
                peers.resize_with(id.index() + 1, || None);
            }
            peers[id.index()] = Some(Arc::clone(peer));
            *live += 1;
        }
        routing.end();
        Ok(connected)
    }

    /// Locks the router for one message or a few.
    pub(crate) fn routing(&self) -> Routing<'_> {
        let (state, held) = self.lock_times.take(|| self.lock());
        // Read under the lock: the router's time does not run backwards.
        let now = self.now();
        let (claimed, spare) = (Vec::new(), Vec::new());
        Routing { hub: self, state, held, now, claimed, spare, has_delivered: false, told: 0 }
    }

    /// The peer has ended the connection: it is lost to others, but what waits for it is sent.
    pub(crate) fn finish(&self, id: ConnId, peer: &Arc<Peer>) {
        let push = peer.mailbox().close(&[]);
        let mut routing = self.routing();
        // Nothing is said to it any more, whatever the reason.
        let after = routing.handle(id, Incoming::Close(CloseCode::QUIT));
        debug_assert_eq!(after, After::Closed);
        if push == Push::Claim {
            routing.claimed.push(Arc::clone(peer));
        }
        routing.end();
    }

    /// The connection's own reader says that it is gone.
    pub(crate) fn disconnect(&self, id: ConnId) {
        let mut routing = self.routing();
        routing.state.peers[id.index()] = None;
        routing.route(None, |router, now, post| router.disconnect(now, id, post));
        routing.state.live -= 1;
        routing.end();
        self.ended.notify_all();
    }

    /// Tells everybody to come back later, and waits until all are gone or the time is over.
    /// Whoever comes meanwhile is refused.
    pub(crate) fn drain(&self, within: Duration) {
        // The longer an end may take, the longer until the server is there again.
        let retry_after = (within / 10).max(Duration::from_secs(1));
        let mut routing = self.routing();
        routing.route(None, |router, now, post| router.shut_down(now, retry_after, post));
        routing.end();
        let left = self.wait_for_end(within);
        if left > 0 {
            self.log(Level::WARN, move || {
                tracing::warn!(connections = left, "not all were drained");
            });
        }
    }

    /// Ends all connections at once, and waits for a moment until their threads know.
    pub(crate) fn end_all(&self) {
        for peer in self.lock().peers.iter().flatten() {
            peer.end();
        }
        self.wait_for_end(Duration::from_secs(1));
    }

    /// Waits until nobody is connected. Answers how many still are when the time is over.
    fn wait_for_end(&self, within: Duration) -> usize {
        let waited = self.ended.wait_timeout_while(self.lock(), within, |state| state.live > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.live
    }

    /// The timer thread: wakes when the router wants to be woken.
    pub(crate) fn keep_time(&self) {
        loop {
            let mut state = self.lock();
            // Under the lock, so that whoever ends the server wakes a thread that waits.
            if self.is_stopping() {
                return;
            }
            state.due = state.router.poll_timeout();
            let now = self.now();
            let left = state.due.map_or(Duration::from_hours(1), |due| due.since(now));
            if left.is_zero() {
                drop(state);
                let mut routing = self.routing();
                routing.route(None, |router, now, post| router.handle_timeout(now, post));
                routing.end();
            } else {
                drop(self.timer.wait_timeout(state, left));
            }
        }
    }

    /// Lets the timer thread see that the server ends.
    pub(crate) fn wake_timer(&self) {
        drop(self.lock());
        self.timer.notify_all();
    }

    /// Sends what waits for a peer whose claim this thread holds; what does not fit goes to the
    /// stragglers.
    fn send(&self, peer: Arc<Peer>, spare: &mut Vec<Buffer>) {
        match peer.send(&self.waiting, spare) {
            Sent::All => {}
            Sent::Finished => self.stragglers.half_closed(&peer),
            Sent::More | Sent::Full(_) => self.stragglers.full(peer),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The router, locked by one thread, and those whose output that thread must send.
#[must_use = "what is claimed must be sent"]
pub(crate) struct Routing<'a> {
    hub: &'a Hub,
    state: MutexGuard<'a, State>,
    held: Held,
    now: Instant,
    claimed: Vec<Arc<Peer>>,
    /// For mailboxes that begin to fill.
    spare: Vec<Buffer>,
    has_delivered: bool,
    /// How many were told something at once, at most.
    told: usize,
}

impl Routing<'_> {
    pub(crate) fn handle(&mut self, from: ConnId, incoming: Incoming<'_>) -> After {
        self.route(None, |router, now, post| router.handle_unflushed(now, from, incoming, post))
    }

    fn route<R>(
        &mut self,
        newcomer: Option<&Arc<Peer>>,
        act: impl FnOnce(&mut Router, Instant, &mut Post<'_>) -> R,
    ) -> R {
        let State { router, peers, .. } = &mut *self.state;
        let Self { hub, claimed, spare, has_delivered, told, .. } = self;
        let post = &mut Post { hub, peers, newcomer, claimed, spare, has_delivered, told };
        act(router, self.now, post)
    }

    /// Whether anything was pushed into a mailbox since this was asked last.
    pub(crate) fn has_delivered(&mut self) -> bool {
        core::mem::take(&mut self.has_delivered)
    }

    /// Unlocks, and sends what was claimed.
    pub(crate) fn end(mut self) {
        self.route(None, |router, _, post| router.flush(post));
        let Self { hub, mut state, held, claimed, mut spare, told, .. } = self;
        let due = state.router.poll_timeout();
        let earlier = due.is_some_and(|due| state.due.is_none_or(|known| due < known));
        if earlier {
            state.due = due;
        }
        drop(state);
        hub.lock_times.released(held);
        if earlier {
            hub.timer.notify_one();
        }
        // What one alone is told is sent at once.
        if told > 1 {
            // Whoever has something to read routes it first, and one send takes it all. Who says
            // much to many, and does not send because they are slow, lets others go first as well.
            system::yield_now();
        }
        for peer in claimed {
            hub.send(peer, &mut spare);
        }
        hub.buffers.give_back_all(&mut spare);
    }
}

/// Pushes what the router says into mailboxes.
struct Post<'a> {
    hub: &'a Hub,
    peers: &'a [Option<Arc<Peer>>],
    /// Whose connection the router is just told of: nobody else is unknown.
    newcomer: Option<&'a Arc<Peer>>,
    claimed: &'a mut Vec<Arc<Peer>>,
    spare: &'a mut Vec<Buffer>,
    has_delivered: &'a mut bool,
    told: &'a mut usize,
}

impl Post<'_> {
    /// Pushes a message, or a last one, that is counted among what waits; what is not taken is
    /// taken off again.
    fn post(&mut self, to: Recipient, message: &mut Outgoing<'_>, is_last: bool) {
        let frames = (to.face, message.frames(to.face));
        let Self { hub, peers, newcomer, .. } = *self;
        let peer = peers.get(to.conn.index()).and_then(Option::as_ref).or(newcomer);
        let Self { claimed, spare, .. } = self;
        let buffer = || {
            if spare.is_empty() {
                // The more mailboxes begin to fill, the more will.
                hub.buffers.take_some(claimed.len() + 2, spare);
            }
            spare.pop().unwrap_or_default()
        };
        let push = match peer {
            None => Push::Closed,
            Some(peer) => peer.post(frames, is_last, &hub.limits, buffer),
        };
        match (push, peer) {
            (Push::Queued, _) => return,
            (Push::Claim, Some(peer)) => return claimed.push(Arc::clone(peer)),
            (Push::Overflow, Some(peer)) => self.cut(peer),
            _ => {}
        }
        hub.waiting.fetch_sub(frames.1.bytes().len(), Ordering::Relaxed);
    }

    fn cut(&mut self, peer: &Arc<Peer>) {
        match peer.cut(&self.hub.waiting) {
            Push::Claim => self.claimed.push(Arc::clone(peer)),
            Push::Queued if peer.mailbox().is_straggling() => self.hub.stragglers.wake(),
            _ => {}
        }
    }

    /// Cuts the largest mailboxes until all of them together are small enough.
    fn keep_budget(&mut self) {
        let most = self.hub.limits.count(Limit::MailboxesBytes);
        let over = self.hub.waiting.load(Ordering::Relaxed).saturating_sub(most);
        if over == 0 {
            return;
        }
        let mut budget = Budget::exceeded_by(over);
        for peer in self.peers.iter().flatten() {
            budget.count(&peer.mailbox(), peer);
        }
        for peer in budget.to_cut() {
            self.cut(peer);
        }
    }
}

impl Deliver for Post<'_> {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        *self.has_delivered = true;
        *self.told = (*self.told).max(to.iter().count());
        let Hub { limits, waiting, .. } = self.hub;
        // Counted at once, and before any of it can be sent: other threads count, too.
        let bytes: usize = to.iter().map(|to| message.bytes(to.face).len()).sum();
        if waiting.fetch_add(bytes, Ordering::Relaxed) + bytes
            <= limits.count(Limit::MailboxesBytes)
        {
            return to.iter().for_each(|to| self.post(to, message, false));
        }
        waiting.fetch_sub(bytes, Ordering::Relaxed);
        for to in to.iter() {
            waiting.fetch_add(message.bytes(to.face).len(), Ordering::Relaxed);
            self.post(to, message, false);
            self.keep_budget();
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        self.hub.waiting.fetch_add(last.bytes(to.face).len(), Ordering::Relaxed);
        self.post(to, last, true);
    }
}
