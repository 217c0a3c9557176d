//! The router, the table of peers, and everything that all threads share.
//!
//! Lock order: the hub's state, a mailbox, a reader's inbox. Nothing blocks under either. A thread that panics
//! ends the process (see [`crate::thread`]), so no lock is ever seen poisoned.

use std::io;
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{
    After, Budget, Buffer, ConnId, Deliver, Incoming, Origin, Outgoing, Posts, Push, Recipient,
    Recipients, Router,
};
use netcomm_core::time::{Instant, WallClock};
use netcomm_core::wire::CloseCode;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::claims::Claims;
use crate::lock_times::{Held, LockTimes};
use crate::log::Lines;
use crate::peer::Peer;
use crate::pool::{self, Pool};
use crate::readers::{Desk, Readers};
use crate::system::{
    self, AtomicBool, AtomicUsize, Clock, Condvar, Mutex, MutexGuard, Ordering, entropy,
};

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) limits: Limits,
    /// What mailboxes wait in.
    pub(crate) buffers: Pool<Buffer>,
    pub(crate) readers: Readers,
    /// What the log thread is still to write; nothing is its end.
    pub(crate) lines: Lines,
    /// How many lines found no room since that was logged.
    pub(crate) lines_dropped: AtomicUsize,
    pub(crate) log_content: bool,
    /// Every connection that is refused holds this: that counts them.
    pub(crate) refused: Arc<()>,
    pub(crate) stopping: AtomicBool,
    clock: Clock,
    /// Bytes that wait in all mailboxes.
    pub(crate) waiting: AtomicUsize,
    state: Mutex<State>,
    pub(crate) lock_times: LockTimes,
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
    /// Also answers the desks of the threads that are to read, of which there are so many.
    pub(crate) fn new(
        limits: Limits,
        log_content: bool,
        lines: Lines,
        readers: usize,
    ) -> io::Result<(Self, Vec<Desk>)> {
        let clock = WallClock::new(Instant::EPOCH, system::unix_time());
        let (readers, desks) = Readers::new(readers)?;
        let hub = Self {
            readers,
            buffers: Pool::of(pool::sends(limits.count(Limit::MailboxesBytes))),
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
        };
        Ok((hub, desks))
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
        let mut claims = Claims::none(self);
        let mut routing = self.routing(&mut claims);
        let connected = routing
            .route(Some(peer), |router, now, post| router.connect(now, origin, entropy, post));
        if let Ok(id) = connected {
            let State { peers, live, .. } = routing.state();
            if peers.len() <= id.index() {
                peers.resize_with(id.index() + 1, || None);
            }
            peers[id.index()] = Some(Arc::clone(peer));
            *live += 1;
        }
        routing.end();
        claims.send();
        Ok(connected)
    }

    /// For one message or a few: the first one locks the router.
    pub(crate) fn routing<'c, 'a>(&'a self, claims: &'c mut Claims<'a>) -> Routing<'c, 'a> {
        Routing { hub: self, locked: None, claims, has_delivered: false }
    }

    /// The peer has ended the connection: it is lost to others, but what waits for it is sent.
    pub(crate) fn finish<'a>(&'a self, id: ConnId, peer: &Arc<Peer>, claims: &mut Claims<'a>) {
        let push = peer.mailbox().close(&[]);
        let mut routing = self.routing(claims);
        // Nothing is said to it any more, whatever the reason.
        let after = routing.handle(id, &Incoming::Close(CloseCode::QUIT));
        debug_assert_eq!(after, After::Closed);
        if push == Push::Claim {
            routing.claims.add(peer);
        }
        routing.end();
    }

    /// Who reads the connection says that it is gone.
    pub(crate) fn disconnect<'a>(&'a self, id: ConnId, claims: &mut Claims<'a>) {
        let mut routing = self.routing(claims);
        routing.state().peers[id.index()] = None;
        routing.route(None, |router, now, post| router.disconnect(now, id, post));
        routing.state().live -= 1;
        routing.end();
        self.ended.notify_all();
    }

    /// Tells everybody to come back later, and waits until all are gone or the time is over.
    /// Whoever comes meanwhile is refused.
    pub(crate) fn drain(&self, within: Duration) {
        // The longer an end may take, the longer until the server is there again.
        let retry_after = (within / 10).max(Duration::from_secs(1));
        let mut claims = Claims::none(self);
        let mut routing = self.routing(&mut claims);
        routing.route(None, |router, now, post| router.shut_down(now, retry_after, post));
        routing.end();
        claims.send();
        let left = self.wait_for_end(within);
        if left > 0 {
            self.log(Level::WARN, move || {
                tracing::warn!(connections = left, "not all were drained");
            });
        }
    }

    /// Waits until nobody is connected. Answers how many still are when the time is over.
    pub(crate) fn wait_for_end(&self, within: Duration) -> usize {
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
                let mut claims = Claims::none(self);
                let mut routing = self.routing(&mut claims);
                routing.route(None, |router, now, post| router.handle_timeout(now, post));
                routing.end();
                claims.send();
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The router, as one thread uses it.
#[must_use = "it is unlocked by `end`"]
pub(crate) struct Routing<'c, 'a> {
    hub: &'a Hub,
    locked: Option<Locked<'a>>,
    claims: &'c mut Claims<'a>,
    has_delivered: bool,
}

struct Locked<'a> {
    state: MutexGuard<'a, State>,
    held: Held,
    now: Instant,
}

impl<'a> Routing<'_, 'a> {
    pub(crate) fn hub(&self) -> &'a Hub {
        self.hub
    }

    pub(crate) fn handle(&mut self, from: ConnId, incoming: &Incoming<'_>) -> After {
        self.route(None, |router, now, post| router.handle_unflushed(now, from, incoming, post))
    }

    pub(crate) fn handle_posts(&mut self, from: ConnId, posts: &Posts<'_>) -> After {
        self.route(None, |router, now, post| router.handle_posts(now, from, posts, post))
    }

    fn route<R>(
        &mut self,
        newcomer: Option<&Arc<Peer>>,
        act: impl FnOnce(&mut Router, Instant, &mut Post<'_, '_>) -> R,
    ) -> R {
        let Self { hub, locked, claims, has_delivered } = self;
        let Locked { state, now, .. } = locked.get_or_insert_with(|| Locked::new(hub));
        let State { router, peers, .. } = &mut **state;
        act(router, *now, &mut Post { hub, peers, newcomer, claims, has_delivered })
    }

    fn state(&mut self) -> &mut State {
        &mut self.locked.get_or_insert_with(|| Locked::new(self.hub)).state
    }

    /// Whether anything was pushed into a mailbox since this was asked last.
    pub(crate) fn has_delivered(&mut self) -> bool {
        core::mem::take(&mut self.has_delivered)
    }

    /// Unlocks. What was claimed is still to be sent.
    pub(crate) fn end(mut self) {
        if self.locked.is_none() {
            return;
        }
        self.route(None, |router, _, post| router.flush(post));
        let Some(Locked { mut state, held, .. }) = self.locked else { return };
        let due = state.router.poll_timeout();
        let earlier = due.is_some_and(|due| state.due.is_none_or(|known| due < known));
        if earlier {
            state.due = due;
        }
        drop(state);
        self.hub.lock_times.released(held);
        if earlier {
            self.hub.timer.notify_one();
        }
    }
}

impl<'a> Locked<'a> {
    fn new(hub: &'a Hub) -> Self {
        let (state, held) = hub.lock_times.take(|| hub.lock());
        // Read under the lock: the router's time does not run backwards.
        Self { state, held, now: hub.now() }
    }
}

/// Pushes what the router says into mailboxes.
struct Post<'c, 'a> {
    hub: &'a Hub,
    peers: &'c [Option<Arc<Peer>>],
    /// Whose connection the router is just told of: nobody else is unknown.
    newcomer: Option<&'c Arc<Peer>>,
    claims: &'c mut Claims<'a>,
    has_delivered: &'c mut bool,
}

impl Post<'_, '_> {
    /// Pushes a message, or a last one, that is counted among what waits; what is not taken is
    /// taken off again.
    fn post(&mut self, to: Recipient, message: &mut Outgoing<'_>, is_last: bool) {
        let frames = (to.face, message.frames(to.face));
        let Self { hub, peers, newcomer, .. } = *self;
        let peer = peers.get(to.conn.index()).and_then(Option::as_ref).or(newcomer);
        let push = match peer {
            None => Push::Closed,
            Some(peer) => peer.post(frames, is_last, self.claims),
        };
        match (push, peer) {
            (Push::Queued, _) => return,
            (Push::Claim, Some(peer)) => return self.claims.add(peer),
            (Push::Overflow, Some(peer)) => self.cut(peer),
            _ => {}
        }
        hub.waiting.fetch_sub(frames.1.bytes().len(), Ordering::Relaxed);
    }

    fn cut(&mut self, peer: &Arc<Peer>) {
        match peer.cut(&self.hub.waiting) {
            Push::Claim => self.claims.add(peer),
            Push::Queued if peer.mailbox().is_straggling() => peer.call_reader(),
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

impl Deliver for Post<'_, '_> {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        *self.has_delivered = true;
        if let Some(first) = to.iter().next() {
            let frames = message.frames(first.face).count();
            self.claims.note(to.iter().take(2).count(), frames);
        }
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
