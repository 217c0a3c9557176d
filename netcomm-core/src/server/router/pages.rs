//! Lists and history, a page at a time (PROTOCOL.md, "Lists and pages").

use alloc::vec::Vec;

use super::posts::Target;
use super::{Caller, Router};
use crate::limits::{Limit, Limits};
use crate::name::NameKey;
use crate::server::deliver::{Deliver, Face};
use crate::server::outgoing::{Asked, Content};
use crate::server::public::Room;
use crate::server::refusal::Refusal;
use crate::server::render::INDENT;
use crate::wire::{
    ClientMessage, Conversation, ConversationItem, HistoryItem, RefusalCode, RequestId, RoomItem,
    ServerMessage,
};

/// What a page needs beside its items: numbers, a conversation's name, the cursor.
const PAGE_OVERHEAD: usize = 256;

/// What an item needs at most beside its strings.
const ITEM_OVERHEAD: usize = 48;

impl Router {
    /// Answers a question that changes nothing.
    pub(super) fn page(
        &mut self,
        caller: Caller,
        id: RequestId,
        asked: &ClientMessage<'_>,
        out: &mut impl Deliver,
    ) -> Result<(), Refusal> {
        let answers = Asked::of(asked);
        // Out of `self`, which the message borrows from.
        let mut encoder = core::mem::take(&mut self.encoder);
        let answered = self.find_page(caller, asked).map(|message| {
            let content = Content::Message { id, message: &message, answers };
            encoder.tell(out, &[caller.to], None, content);
        });
        self.encoder = encoder;
        answered
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others ask for no page")]
    fn find_page(
        &self,
        caller: Caller,
        asked: &ClientMessage<'_>,
    ) -> Result<ServerMessage<'_>, Refusal> {
        match *asked {
            ClientMessage::Members { room, from } => self.members(room, from),
            ClientMessage::Rooms { from } => Ok(self.rooms(from)),
            ClientMessage::History { conversation, epoch, first, last, latest, most } => {
                let wanted = Wanted { first, last, latest, most };
                self.history(caller, conversation, epoch, wanted)
            }
            ClientMessage::Conversations { from } => self.conversations(caller, from),
            _ => Err(Refusal::new(RefusalCode::UNSUPPORTED, "the request is not supported")),
        }
    }

    fn members(&self, room: Option<&str>, from: &str) -> Result<ServerMessage<'_>, Refusal> {
        let from = NameKey::of(from);
        let mut page = Page::new(&self.limits);
        match room {
            None => page.fill(self.public.members(from), |name| name.as_str().len()),
            Some(room) => {
                let id = self.public.room_named(&NameKey::of(room));
                let room = id.and_then(|id| self.public.room(id));
                let room = room.ok_or_else(Refusal::unknown_room)?;
                page.fill(self.public.members_of(room, from), |name| name.as_str().len());
            }
        }
        Ok(ServerMessage::Members {
            members: page.items.iter().map(|name| name.as_str()).collect(),
            next: page.next.map_or("", |name| name.as_str()),
        })
    }

    fn rooms(&self, from: &str) -> ServerMessage<'_> {
        let mut page = Page::new(&self.limits);
        let rooms = self.public.rooms_from(NameKey::of(from));
        page.fill(rooms, |room| room.name().as_str().len());
        ServerMessage::Rooms {
            rooms: page.items.iter().map(|room| room_item(room)).collect(),
            next: page.next.map_or("", |room| room.name().as_str()),
        }
    }

    fn history(
        &self,
        caller: Caller,
        conversation: Conversation<'_>,
        epoch: Option<u64>,
        wanted: Wanted,
    ) -> Result<ServerMessage<'_>, Refusal> {
        if wanted.first == 0 {
            let text = "the first message of a conversation has number 1";
            return Err(Refusal::new(RefusalCode::INVALID_REQUEST, text));
        }
        let target = self.target(caller.session, conversation)?;
        let log = self.log_of(caller.session, target);
        let log = log.and_then(|log| self.public.logs().log(log));
        let log = log.ok_or_else(Refusal::unknown_conversation)?;
        let position = log.position();
        if epoch.is_some_and(|epoch| epoch != position.epoch) {
            return Err(Refusal::wrong_epoch());
        }
        let mut page = Page::new(&self.limits);
        page.at_most(wanted.most);
        let range = log.range(wanted.first, wanted.last);
        let indent = match caller.to.face {
            Face::Framed => 0,
            // A page of short lines would else be longer than a mailbox.
            Face::Text => INDENT.len(),
        };
        let cost = |item: &HistoryItem<'_>| {
            let line_feeds = item.text.matches('\n').count();
            item.author.len() + item.text.len() + line_feeds * indent
        };
        if wanted.latest {
            page.fill(range.rev(), cost);
            page.items.reverse();
        } else {
            page.fill(range, cost);
        }
        Ok(ServerMessage::History {
            conversation: self.name_of(target),
            epoch: position.epoch,
            first_kept: log.first_kept(),
            last: position.seq,
            items: page.items,
        })
    }

    fn conversations(
        &self,
        caller: Caller,
        from: Conversation<'_>,
    ) -> Result<ServerMessage<'_>, Refusal> {
        let session = self.sessions.get(caller.session).ok_or_else(Refusal::not_logged_in)?;
        let logs = self.public.logs();
        let everyone = logs.position(self.public.everyone());
        let mut all = alloc::vec![(Conversation::EVERYONE, NameKey::of(""), everyone)];
        let rooms = session.rooms(&self.public).into_iter().flatten();
        for room in rooms.filter_map(|(_, id)| self.public.room(*id)) {
            let conversation = Conversation::room(room.name().as_str());
            all.push((conversation, room.key().clone(), logs.position(room.log())));
        }
        if let Some(persona) = session.persona {
            for (key, name, last) in self.public.pairs_of(persona) {
                all.push((Conversation::private(name.as_str()), key, last));
            }
        }
        let start = (from.kind, NameKey::of(from.name));
        let mut page = Page::new(&self.limits);
        let from_start = all
            .into_iter()
            .filter(|(conversation, key, _)| (conversation.kind, key) >= (start.0, &start.1));
        page.fill(from_start, |(conversation, ..)| conversation.name.len());
        let item = |(conversation, _, last)| ConversationItem { conversation, last };
        let items = page.items.into_iter().map(item);
        Ok(ServerMessage::Conversations {
            conversations: items.collect(),
            next: page.next.map(|(conversation, ..)| conversation),
        })
    }

    fn name_of(&self, target: Target) -> Conversation<'_> {
        match target {
            Target::Everyone => Conversation::EVERYONE,
            Target::Room(id) => {
                Conversation::room(self.public.room(id).map_or("", |room| room.name().as_str()))
            }
            Target::Private(id) => {
                let persona = self.public.persona(id);
                Conversation::private(persona.map_or("", |persona| persona.name().as_str()))
            }
        }
    }
}

/// Which messages of a log are asked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    first: u64,
    last: u64,
    latest: bool,
    most: u32,
}

/// As many items as fit into one frame, and the first that did not.
#[derive(Debug)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
    most: usize,
    bytes: usize,
}

impl<T> Page<T> {
    fn new(limits: &Limits) -> Self {
        Self {
            items: Vec::new(),
            next: None,
            most: limits.count(Limit::PageItems),
            bytes: limits.count(Limit::FrameBytes).saturating_sub(PAGE_OVERHEAD),
        }
    }

    /// At most `most` items; 0: as many as fit.
    fn at_most(&mut self, most: u32) {
        if most > 0 {
            self.most = self.most.min(usize::try_from(most).unwrap_or(usize::MAX));
        }
    }

    /// Takes items while they fit, at least one. `strings` tells the bytes of an item's strings.
    fn fill(&mut self, items: impl Iterator<Item = T>, strings: impl Fn(&T) -> usize) {
        for item in items {
            let cost = strings(&item) + ITEM_OVERHEAD;
            let is_first = self.items.is_empty();
            if self.items.len() >= self.most || (cost > self.bytes && !is_first) {
                self.next = Some(item);
                return;
            }
            self.bytes = self.bytes.saturating_sub(cost);
            self.items.push(item);
        }
    }
}

fn room_item(room: &Room) -> RoomItem<'_> {
    RoomItem { room: room.name().as_str(), members: room.online() }
}
