//! The router against whatever its connections may give it.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use netcomm_core::limits::{Limit, Limits};
use netcomm_core::server::{ConnId, Face, Incoming, Memory, Origin};
use netcomm_core::wire::{
    ClientMessage, CloseCode, Conversation, RefusalCode, RequestId, ResumeToken, ServerMessage,
};

use crate::heap;
use crate::said::{number, place, word};
use crate::support::chat::{Chat, Heard, login};
use crate::traces;

/// What the buffers take that the router keeps from one message to the next.
const BUFFERS: u64 = 128 * 1024;

/// Whatever is asked in whatever order: everything that is said is a message or whole lines, no
/// list is longer than its limit, and no more memory is held than is announced.
pub fn router(data: &[u8]) {
    // Where choices end the trace ends.
    let _ended = run(&mut Unstructured::new(data));
}

fn run(choices: &mut Unstructured<'_>) -> Result<()> {
    let set = traces::limits(choices)?;
    let before = heap::live();
    let mut town = Town::new(&set);
    while !choices.is_empty() {
        town.step(choices)?;
        town.listen();
        let held = u64::try_from(heap::grown_since(before)).unwrap_or(0);
        assert!(held <= town.most, "{held} bytes are held, announced are {}", town.most);
    }
    Ok(())
}

/// A router and its connections.
struct Town {
    chat: Chat,
    limits: Limits,
    /// Connections that the router knows, and whether they are to be told more.
    conns: Vec<(ConnId, Face, bool)>,
    tokens: Vec<ResumeToken>,
    epochs: Vec<u64>,
    last_id: u32,
    /// The most that may be on the heap.
    most: u64,
}

impl Town {
    fn new(set: &[(&'static str, u64)]) -> Self {
        let mut limits = Limits::default();
        for (name, value) in set {
            limits.set(name, *value).expect("a limit within its range");
        }
        let memory = Memory::at_most(&limits);
        let parts = memory.parts().iter().map(|part| part.bytes).sum::<u64>();
        Self {
            chat: Chat::with(set),
            limits,
            conns: Vec::new(),
            tokens: Vec::new(),
            epochs: Vec::new(),
            last_id: 0,
            // Nothing waits in mailboxes here.
            most: parts - memory.mailboxes + BUFFERS,
        }
    }

    fn step(&mut self, choices: &mut Unstructured<'_>) -> Result<()> {
        let choice: u8 = choices.arbitrary()?;
        let place = usize::from(choice / 16) % self.conns.len().max(1);
        let Some((conn, ..)) = self.conns.get(place).copied().filter(|_| choice % 16 > 1) else {
            self.connect(choice);
            return Ok(());
        };
        match choice % 16 {
            2 => {
                self.chat.lose(conn);
                self.conns.remove(place);
            }
            3 => self.chat.pass(Duration::from_millis(choices.arbitrary::<u16>()?.into())),
            4 => {
                let incoming = match choices.arbitrary::<u8>()? % 8 {
                    0 => Incoming::Close(CloseCode::MALFORMED),
                    1 => Incoming::PingDue,
                    2 => Incoming::Help(Some(word(choices)?)),
                    3 => Incoming::Help(None),
                    _ => Incoming::Refuse {
                        id: RequestId(self.last_id),
                        code: RefusalCode::RATE_LIMITED,
                        retry_after: Some(number(choices)?),
                        text: word(choices)?,
                    },
                };
                self.handle(conn, &incoming);
            }
            5..=7 => {
                let token = self.token(choices)?;
                let nickname = traces::name(choices)?;
                self.ask(conn, login(&nickname, choice >= 192, token));
            }
            8 => {
                let room = traces::room(choices)?;
                let create = ClientMessage::CreateRoom { room: &room };
                let join = ClientMessage::Join { room: &room };
                self.ask(conn, if choice < 128 { create } else { join });
            }
            _ => {
                let message = self.request(choices)?;
                self.ask(conn, message);
            }
        }
        Ok(())
    }

    fn connect(&mut self, choice: u8) {
        let origin = match choice / 16 {
            0..8 => Origin::Exempt,
            number => Origin::Address([192, 0, 2, number].into()),
        };
        let known = self.conns.len();
        match self.chat.try_connect(origin) {
            Err(_) => assert!(known >= 2, "{known} connections are too many"),
            Ok(conn) => {
                assert!(known < self.limits.count(Limit::Connections), "one too many");
                let face = if choice.is_multiple_of(2) { Face::Framed } else { Face::Text };
                self.conns.push((conn, face, true));
                self.handle(conn, &Incoming::Opened(face));
                if face == Face::Framed {
                    self.chat.ears.take_first_bytes(conn);
                }
            }
        }
    }

    fn ask(&mut self, conn: ConnId, message: ClientMessage<'_>) {
        // Now and then the number is one that was used before.
        if !self.last_id.is_multiple_of(7) || matches!(message, ClientMessage::Hide) {
            self.last_id += 1;
        }
        self.handle(conn, &Incoming::Request { id: RequestId(self.last_id), message });
        self.last_id += 1;
    }

    fn handle(&mut self, conn: ConnId, incoming: &Incoming<'_>) {
        let Chat { router, ears, now, .. } = &mut self.chat;
        // As where several are read at once.
        let _after = router.handle_unflushed(*now, conn, incoming, ears);
        if !self.last_id.is_multiple_of(3) {
            router.flush(ears);
        }
    }

    fn token(&self, choices: &mut Unstructured<'_>) -> Result<Option<ResumeToken>> {
        let choice: u8 = choices.arbitrary()?;
        let token = self.tokens.iter().rev().nth(usize::from(choice / 8));
        Ok(if choice.is_multiple_of(4) { None } else { token.copied() })
    }

    fn epoch(&self, choices: &mut Unstructured<'_>) -> Result<Option<u64>> {
        let choice: u8 = choices.arbitrary()?;
        let epoch = self.epochs.iter().rev().nth(usize::from(choice / 8));
        Ok(if choice.is_multiple_of(2) { None } else { epoch.copied() })
    }

    fn request<'a>(&self, choices: &mut Unstructured<'a>) -> Result<ClientMessage<'a>> {
        let choice: u8 = choices.arbitrary()?;
        Ok(match choice % 24 {
            0 | 1 => ClientMessage::Join { room: word(choices)? },
            2 | 3 => ClientMessage::CreateRoom { room: word(choices)? },
            4 | 5 => ClientMessage::Leave { room: word(choices)? },
            6 | 7 => ClientMessage::Rename { nickname: word(choices)? },
            8 | 9 => ClientMessage::Hide,
            10 | 11 => ClientMessage::Reveal,
            12 => ClientMessage::Members { room: None, from: word(choices)? },
            13 => ClientMessage::Members { room: Some(word(choices)?), from: word(choices)? },
            14 => ClientMessage::Rooms { from: word(choices)? },
            15 | 16 => ClientMessage::History {
                conversation: place(choices)?,
                epoch: self.epoch(choices)?,
                first: number(choices)?,
                last: number(choices)?,
                latest: choice > 128,
                most: choices.arbitrary()?,
            },
            17 => ClientMessage::Conversations { from: place(choices)? },
            18 if choice > 200 => ClientMessage::Quit,
            18 => ClientMessage::Ping { nonce: number(choices)? },
            _ => ClientMessage::Post {
                conversation: place(choices)?,
                epoch: self.epoch(choices)?,
                nonce: number(choices)?,
                text: word(choices)?,
            },
        })
    }

    /// Reads what everybody was told.
    fn listen(&mut self) {
        for place in 0..self.conns.len() {
            let (conn, face, open) = self.conns[place];
            let heard = self.chat.heard(conn);
            assert!(open || heard.is_silent(), "something was said after the last words");
            self.conns[place].2 = !heard.closed && open;
            if face == Face::Framed {
                self.read(&heard);
            } else {
                let lines = std::str::from_utf8(&heard.bytes).expect("what is shown is UTF-8");
                assert!(lines.is_empty() || lines.ends_with('\n'), "half a line: {lines:?}");
            }
        }
    }

    fn read(&mut self, heard: &Heard) {
        let items = self.limits.count(Limit::PageItems);
        for message in heard.events() {
            if let ServerMessage::Welcome { token, everyone, .. } = message {
                self.tokens.push(token);
                self.epochs.push(everyone.epoch);
            } else if let ServerMessage::Joined { position, .. }
            | ServerMessage::Posted { position, .. } = message
            {
                self.epochs.push(position.epoch);
            } else if let ServerMessage::Rooms { rooms, .. } = message {
                assert!(rooms.len() <= items.min(self.limits.count(Limit::Rooms)), "{rooms:?}");
            } else if let ServerMessage::Members { members, .. } = message {
                assert!(members.len() <= items, "{members:?}");
            } else if let ServerMessage::History { items: said, first_kept, last, .. } = message {
                let kept = self.limits.count(Limit::HistoryMessages);
                assert!(said.len() <= items.min(kept), "{said:?}");
                let within = |seq| (first_kept..=last).contains(&seq);
                assert!(said.iter().all(|item| within(item.seq)), "{first_kept}..{last}: {said:?}");
            } else if let ServerMessage::Conversations { conversations, .. } = message {
                let rooms = |one: &&_| matches!(one, Conversation { kind, .. } if kind.0 == 1);
                let all: Vec<_> = conversations.iter().map(|one| one.conversation).collect();
                assert!(all.iter().filter(rooms).count() <= self.limits.count(Limit::RoomsPerUser));
                assert!(all.len() <= items, "{all:?}");
            }
        }
    }
}
