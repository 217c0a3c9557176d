//! The router and the model side by side.

use std::time::Duration;

use netcomm_core::limits::Limits;
use netcomm_core::server::{ConnId, Face, Incoming, Origin};
use netcomm_core::wire::{
    ClientMessage, Conversation, ConversationKind, RequestId, ResumeToken, ServerMessage,
};

use super::chat::{Chat, Heard, login};
use super::model::{Model, Said};
use super::trace::{Action, Place};

/// The router and the model, and what they call the same things.
pub struct Both {
    chat: Chat,
    model: Model,
    conns: Vec<Option<ConnId>>,
    /// Given out in this order: by the router, and by the model.
    tokens: Vec<(ResumeToken, usize)>,
    epochs: Vec<(u64, usize)>,
    last_id: u32,
}

impl Both {
    pub fn new(set: &[(&str, u64)]) -> Self {
        let mut limits = Limits::default();
        for (name, value) in set {
            limits.set(name, *value).expect("a limit within its range");
        }
        Self {
            chat: Chat::with(set),
            model: Model::new(limits),
            conns: vec![],
            tokens: vec![],
            epochs: vec![],
            last_id: 1000,
        }
    }

    /// Both execute an action, a millisecond after the last; `repeat`: with the number of the
    /// request before. What everybody heard, from the router and from the model.
    pub fn step(&mut self, action: &Action, repeat: bool) -> (Said, Said) {
        let tick = self.real(&Action::Pass { ms: 1 });
        let model_tick = self.model.step(&Action::Pass { ms: 1 }, 0);
        if tick != model_tick {
            return (tick, model_tick);
        }
        if !repeat {
            self.last_id += 1;
        }
        let mut for_model = action.clone();
        match &mut for_model {
            Action::Login { token, .. } => {
                *token = token.map(|index| self.tokens.get(index).map_or(usize::MAX, |t| t.1));
            }
            Action::Post { epoch, .. } => {
                *epoch = epoch.map(|index| self.epochs.get(index).map_or(usize::MAX, |e| e.1));
            }
            _ => {}
        }
        let modelled = self.model.step(&for_model, self.last_id);
        self.learn(&modelled);
        (self.real(action), modelled)
    }

    fn real(&mut self, action: &Action) -> Said {
        match action {
            Action::Connect { origin } => {
                let origin = match origin {
                    0 => Origin::Exempt,
                    number => Origin::Address([192, 0, 2, *number].into()),
                };
                match self.chat.try_connect(origin) {
                    Err(_) => {
                        self.conns.push(None);
                        return Said::from([(self.conns.len() - 1, vec!["not let in".into()])]);
                    }
                    Ok(conn) => {
                        self.conns.push(Some(conn));
                        self.handle(conn, &Incoming::Opened(Face::Framed));
                        self.chat.ears.take_first_bytes(conn);
                    }
                }
            }
            Action::Lose { conn } => {
                if let Some(conn) = self.conns.get(*conn).copied().flatten() {
                    self.chat.lose(conn);
                }
            }
            Action::Pass { ms } => self.chat.pass(Duration::from_millis(*ms)),
            other => {
                if let Some(conn) = self.conns.get(other.conn()).copied().flatten() {
                    let id = RequestId(self.last_id);
                    let message = self.message(other);
                    self.handle(conn, &Incoming::Request { id, message });
                }
            }
        }
        let mut said = Said::new();
        for (number, conn) in self.conns.clone().into_iter().enumerate() {
            let heard = conn.map(|conn| self.chat.heard(conn)).unwrap_or_default();
            let mut words = self.words(&heard);
            if let Action::Pass { .. } = action {
                words.sort();
            }
            if !words.is_empty() {
                said.insert(number, words);
            }
        }
        said
    }

    fn handle(&mut self, conn: ConnId, incoming: &Incoming<'_>) {
        let _after = self.chat.router.handle(self.chat.now, conn, incoming, &mut self.chat.ears);
    }

    fn message<'a>(&self, action: &'a Action) -> ClientMessage<'a> {
        match action {
            Action::Login { name, hidden, token, .. } => {
                let token = token.map(|index| {
                    self.tokens.get(index).map_or(ResumeToken([9; 16]), |token| token.0)
                });
                login(name, *hidden, token)
            }
            Action::Quit { .. } => ClientMessage::Quit,
            Action::Post { place, epoch, text, .. } => ClientMessage::Post {
                conversation: conversation(place),
                epoch: epoch.map(|index| self.epochs.get(index).map_or(9, |epoch| epoch.0)),
                nonce: 0,
                text,
            },
            Action::Join { room, .. } => ClientMessage::Join { room },
            Action::Create { room, .. } => ClientMessage::CreateRoom { room },
            Action::Leave { room, .. } => ClientMessage::Leave { room },
            Action::Rename { name, .. } => ClientMessage::Rename { nickname: name },
            Action::Hide { .. } => ClientMessage::Hide,
            Action::Reveal { .. } => ClientMessage::Reveal,
            Action::Members { room, from, .. } => {
                ClientMessage::Members { room: room.as_deref(), from }
            }
            Action::Rooms { from, .. } => ClientMessage::Rooms { from },
            Action::History { place, first, last, latest, most, .. } => ClientMessage::History {
                conversation: conversation(place),
                epoch: None,
                first: *first,
                last: *last,
                latest: *latest,
                most: *most,
            },
            Action::Conversations { .. } => {
                ClientMessage::Conversations { from: Conversation::EVERYONE }
            }
            Action::Connect { .. } | Action::Lose { .. } | Action::Pass { .. } => {
                unreachable!("not a request")
            }
        }
    }

    /// The model's symbols for tokens and epochs come in the order in which they are shown.
    fn learn(&mut self, said: &Said) {
        let shown = said.values().flatten().flat_map(|words| words.split([' ', '"']));
        for word in shown {
            let symbol = |letter| word.strip_prefix(letter).and_then(|rest| rest.parse().ok());
            if let Some(token) = symbol('t')
                && self.tokens.iter().all(|known| known.1 != token)
            {
                self.tokens.push((ResumeToken([0; 16]), token));
            }
            if let Some(epoch) = symbol('e')
                && self.epochs.iter().all(|known| known.1 != epoch)
            {
                self.epochs.push((0, epoch));
            }
        }
    }

    fn token(&mut self, token: ResumeToken) -> String {
        let fresh = ResumeToken([0; 16]);
        let known = self.tokens.iter_mut().find(|known| known.0 == token || known.0 == fresh);
        known.map_or_else(
            || "t?".into(),
            |known| {
                known.0 = token;
                format!("t{}", known.1)
            },
        )
    }

    fn epoch(&mut self, epoch: u64) -> String {
        let known = self.epochs.iter().position(|known| known.0 == epoch);
        let index = known.or_else(|| self.epochs.iter().position(|known| known.0 == 0));
        index.map_or_else(
            || "e?".into(),
            |index| {
                self.epochs[index].0 = epoch;
                format!("e{}", self.epochs[index].1)
            },
        )
    }

    fn words(&mut self, heard: &Heard) -> Vec<String> {
        heard.events().into_iter().map(|message| self.word(message)).collect()
    }

    fn word(&mut self, message: ServerMessage<'_>) -> String {
        match message {
            ServerMessage::Welcome { nickname, resumed, hidden, token, everyone, .. } => {
                let (token, epoch) = (self.token(token), self.epoch(everyone.epoch));
                format!("welcome {nickname} {resumed} {hidden} {token} {epoch} {}", everyone.seq)
            }
            ServerMessage::Done => "done".into(),
            ServerMessage::Refused { code, .. } => format!("refused {code}"),
            ServerMessage::Posted { position, .. } => {
                format!("posted {} {}", self.epoch(position.epoch), position.seq)
            }
            ServerMessage::Joined { room, position } => {
                format!("joined {room} {} {}", self.epoch(position.epoch), position.seq)
            }
            ServerMessage::Members { members, next } => format!("members {members:?} next {next}"),
            ServerMessage::Rooms { rooms, next } => {
                let rooms: Vec<_> = rooms.iter().map(|item| (item.room, item.members)).collect();
                format!("rooms {rooms:?} next {next}")
            }
            ServerMessage::History { conversation, epoch, first_kept, last, items } => {
                let item = |item: &netcomm_core::wire::HistoryItem<'_>| {
                    format!("{} {}: {}", item.seq, item.author, item.text)
                };
                let items: Vec<_> = items.iter().map(item).collect();
                let epoch = self.epoch(epoch);
                format!("history {conversation} {epoch} {first_kept}..{last} {items:?}")
            }
            ServerMessage::Conversations { conversations, next } => {
                let shown: Vec<_> = conversations
                    .iter()
                    .map(|item| {
                        let epoch = self.epoch(item.last.epoch);
                        format!("{} {epoch} {}", item.conversation, item.last.seq)
                    })
                    .collect();
                format!("conversations {shown:?} next {:?}", next.map(|next| next.to_string()))
            }
            ServerMessage::Message { conversation, position, author, text, .. } => {
                let epoch = self.epoch(position.epoch);
                format!("message {conversation} {epoch} {} {author}: {text}", position.seq)
            }
            ServerMessage::MemberJoined { room, nickname } => format!("joins {room} {nickname}"),
            ServerMessage::MemberLeft { room, nickname } => format!("leaves {room} {nickname}"),
            ServerMessage::Online { nickname } => format!("online {nickname}"),
            ServerMessage::Offline { nickname } => format!("offline {nickname}"),
            ServerMessage::Renamed { from, to } => format!("renamed {from} {to}"),
            ServerMessage::Notice { code, subject, .. } => format!("notice {code} {subject}"),
            ServerMessage::Closing { code, .. } => format!("closing {code}"),
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

fn conversation(place: &Place) -> Conversation<'_> {
    match place {
        Place::Everyone => Conversation::EVERYONE,
        Place::Room(name) => Conversation { kind: ConversationKind::ROOM, name },
        Place::Private(name) => Conversation { kind: ConversationKind::PRIVATE, name },
    }
}
