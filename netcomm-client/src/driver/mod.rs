//! Feeds a session bytes, time and requests; knows nothing of how the user sees it.

pub mod link;

use std::fmt::Debug;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use netcomm_core::client::{Event, Loss, Output, Session, SessionConfig};
use netcomm_core::time::Instant;

use link::{Attempt, Link, News};

/// How many inputs may wait for the main loop. Beyond them the threads wait, and so does the
/// server.
const WAITING_INPUTS: usize = 64;

/// What the main loop waits for; `F` is what the front end adds.
#[derive(Debug)]
pub enum Input<F> {
    /// From a connection's thread.
    Link(Attempt, News),
    /// From the front end's own threads.
    Front(F),
}

/// A session with the socket and the clock that it needs.
#[derive(Debug)]
pub struct Driver<F> {
    session: Session,
    address: String,
    started: std::time::Instant,
    attempt: Attempt,
    link: Option<Link>,
    unsent: Vec<u8>,
    deadline: Option<Instant>,
    inputs: Receiver<Input<F>>,
    sender: SyncSender<Input<F>>,
    /// Why there is no connection, where the system said so.
    failure: Option<io::Error>,
}

impl<F: Debug + Send + 'static> Driver<F> {
    /// A session that will connect to `address`; `seed` is random.
    #[must_use]
    pub fn new(address: String, config: SessionConfig, seed: u64) -> Self {
        let (sender, inputs) = sync_channel(WAITING_INPUTS);
        Self {
            session: Session::new(config, Instant::EPOCH, seed),
            address,
            started: std::time::Instant::now(),
            attempt: Attempt::default(),
            link: None,
            unsent: Vec::new(),
            deadline: None,
            inputs,
            sender,
            failure: None,
        }
    }

    /// Where the front end's threads send what they have.
    #[must_use]
    pub fn inputs(&self) -> SyncSender<Input<F>> {
        self.sender.clone()
    }

    /// The next event, or `None` where nothing happens without input. To be called until then
    /// after every other call.
    pub fn poll(&mut self) -> Option<Event> {
        loop {
            match self.session.poll_output() {
                Output::Connect => self.connect(),
                Output::Transmit(bytes) => self.unsent.extend_from_slice(&bytes),
                Output::Event(event) => return Some(event),
                Output::Disconnect => {
                    self.flush();
                    self.disconnect();
                }
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    // A link that takes nothing has failed, and the session has more to say then.
                    if self.flush() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
    }

    /// Waits for input, but not for longer than `patience`; gives what is for the front end.
    pub fn wait(&mut self, patience: Option<Duration>) -> Option<F> {
        let now = self.now();
        let timer = self.deadline.map(|deadline| deadline.since(now));
        let input = match timer.into_iter().chain(patience).min() {
            // The driver has a sender itself, so the channel does not end.
            None => self.inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(timeout) => self.inputs.recv_timeout(timeout),
        };
        let now = self.now();
        match input {
            Ok(Input::Front(input)) => return Some(input),
            Ok(Input::Link(attempt, news)) => self.link_says(now, attempt, news),
            Err(_) if self.deadline.is_some_and(|deadline| deadline <= now) => {
                self.session.handle_timeout(now);
            }
            Err(_) => {}
        }
        None
    }

    /// Lets the session do something now.
    pub fn act<R>(&mut self, what: impl FnOnce(&mut Session, Instant) -> R) -> R {
        let now = self.now();
        what(&mut self.session, now)
    }

    /// The session, to be asked.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Why the connection is lost, in the system's words, too, where the session does not know
    /// better.
    #[must_use]
    pub fn loss(&self, why: &Loss) -> String {
        let failure = self.failure.as_ref().map(ToString::to_string).unwrap_or_default();
        let failure = failure.split(" (os error").next().unwrap_or_default();
        match why {
            Loss::Connect if !failure.is_empty() => format!("{why}: {failure}"),
            Loss::Ended if !failure.is_empty() => failure.into(),
            _ => why.to_string(),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_epoch(self.started.elapsed())
    }

    fn connect(&mut self) {
        self.disconnect();
        self.failure = None;
        let started = link::connect(self.address.clone(), self.attempt, {
            let sender = self.sender.clone();
            move |attempt, news| sender.send(Input::Link(attempt, news)).is_ok()
        });
        if let Err(error) = started {
            self.lost(error);
        }
    }

    fn disconnect(&mut self) {
        self.link = None;
        self.unsent.clear();
        self.attempt = self.attempt.next();
    }

    fn lost(&mut self, error: io::Error) {
        self.failure = Some(error);
        self.disconnect();
        let now = self.now();
        self.session.handle_disconnected(now);
    }

    fn link_says(&mut self, now: Instant, attempt: Attempt, news: News) {
        if attempt != self.attempt {
            // Of an earlier connection; dropping what it brings closes it.
            return;
        }
        match news {
            News::Connected(stream) => match Link::new(stream) {
                Ok(link) => {
                    self.link = Some(link);
                    self.session.handle_connected(now);
                }
                Err(error) => self.lost(error),
            },
            News::Bytes(bytes) => self.session.receive(now, &bytes),
            News::Lost(error) => self.lost(error),
        }
    }

    /// Hands everything unsent to the link; whether that went well.
    fn flush(&mut self) -> bool {
        let bytes = std::mem::take(&mut self.unsent);
        let Some(link) = &self.link else {
            return true;
        };
        if bytes.is_empty() {
            return true;
        }
        match link.send(bytes) {
            Ok(()) => true,
            Err(error) => {
                self.lost(error);
                false
            }
        }
    }
}
