//! A chat inside one process: two threads talk, without a socket.
//!
//! Each user has a mailbox, a std channel; the router sits behind one lock. What is said arrives
//! in one order for all, because mailboxes are filled while the lock is held.
#![expect(clippy::print_stdout, reason = "it is what the example shows")]

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Instant as Clock, SystemTime, UNIX_EPOCH};

use netcomm_core::limits::Limits;
use netcomm_core::server::{
    After, ConnId, Deliver, Face, Incoming, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};
use netcomm_core::wire::{ClientMessage, CloseCode, Conversation, Credential, RequestId};

/// What all users share.
struct Chat {
    started: Clock,
    state: Mutex<State>,
}

struct State {
    router: Router,
    mailboxes: Mailboxes,
}

#[derive(Default)]
struct Mailboxes(BTreeMap<ConnId, Sender<String>>);

impl Deliver for Mailboxes {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for recipient in to.iter() {
            let words = String::from_utf8_lossy(message.bytes(recipient.face));
            if let Some(mailbox) = self.0.get(&recipient.conn)
                && mailbox.send(words.into_owned()).is_err()
            {
                // Nobody reads it any more: the user's thread is about to disconnect.
                self.0.remove(&recipient.conn);
            }
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        if let Some(mailbox) = self.0.remove(&to.conn) {
            let words = String::from_utf8_lossy(last.bytes(to.face));
            // The last words to somebody who has stopped listening may be lost.
            drop(mailbox.send(words.into_owned()));
        }
    }
}

impl Chat {
    fn new() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| u64::try_from(passed.as_millis()).unwrap_or(0));
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(unix));
        Self {
            started: Clock::now(),
            state: Mutex::new(State {
                // An example needs no secrets; a program takes its random bytes from the system.
                router: Router::new(Limits::default(), clock, [0; 16]),
                mailboxes: Mailboxes::default(),
            }),
        }
    }

    fn with<T>(&self, act: impl FnOnce(Instant, &mut Router, &mut Mailboxes) -> T) -> T {
        let now = Instant::from_epoch(self.started.elapsed());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { router, mailboxes } = &mut *state;
        act(now, router, mailboxes)
    }
}

/// Somebody in the chat.
struct User<'c> {
    chat: &'c Chat,
    conn: ConnId,
    /// Whether the router still listens.
    open: bool,
    requests: u32,
    hears: Receiver<String>,
}

impl<'c> User<'c> {
    fn enter(chat: &'c Chat, nickname: &str) -> Result<Self, CloseCode> {
        let (mailbox, hears) = mpsc::channel();
        let mut entropy = [0; 16];
        entropy.iter_mut().zip(nickname.bytes()).for_each(|(to, byte)| *to = byte);
        let conn = chat.with(|now, router, mailboxes| {
            let conn = router.connect(now, Origin::Exempt, entropy, mailboxes)?;
            mailboxes.0.insert(conn, mailbox);
            let opened = Incoming::Opened(Face::Text);
            let after = router.handle(now, conn, &opened, mailboxes);
            debug_assert_eq!(after, After::Nothing);
            Ok(conn)
        })?;
        let mut user = Self { chat, conn, open: true, requests: 0, hears };
        user.ask(ClientMessage::Login {
            nickname,
            hidden: false,
            resume: None,
            credential: Credential::NONE,
            features: 0,
            extensions: Vec::new(),
        });
        Ok(user)
    }

    fn ask(&mut self, message: ClientMessage<'_>) {
        if !self.open {
            return;
        }
        self.requests += 1;
        let id = RequestId(self.requests);
        let after = self.chat.with(|now, router, mailboxes| {
            let request = Incoming::Request { id, message };
            router.handle(now, self.conn, &request, mailboxes)
        });
        self.open &= after != After::Closed;
    }

    fn say(&mut self, text: &str) {
        self.ask(ClientMessage::Post {
            conversation: Conversation::EVERYONE,
            epoch: None,
            nonce: 0,
            text,
        });
    }

    /// Waits until something with `words` in it is heard, and tells all that was heard until then.
    fn hear(&self, words: &str) -> String {
        let mut heard = String::new();
        for message in &self.hears {
            heard += &message;
            if heard.contains(words) {
                break;
            }
        }
        heard
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        self.chat.with(|now, router, mailboxes| {
            router.disconnect(now, self.conn, mailboxes);
            mailboxes.0.remove(&self.conn);
        });
    }
}

fn main() -> Result<(), CloseCode> {
    let chat = Chat::new();
    // Both are there before either speaks.
    let (mut alice, mut bob) = (User::enter(&chat, "alice")?, User::enter(&chat, "bob")?);
    let (alice_heard, bob_heard) = thread::scope(|scope| {
        let bob = scope.spawn(move || {
            let heard = bob.hear("is anybody here?");
            bob.say("only us threads");
            heard
        });
        alice.say("is anybody here?");
        let heard = alice.hear("only us threads");
        (heard, bob.join().unwrap_or_default())
    });
    println!("alice heard:\n{alice_heard}\nbob heard:\n{bob_heard}");
    Ok(())
}
