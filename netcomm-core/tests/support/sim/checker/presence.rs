//! Hidden means absent: what the server tells others while somebody is hidden.

use std::collections::BTreeSet;

use netcomm_core::client::ConversationName;
use netcomm_core::wire::{self, ClientMessage, Conversation, Position, RequestId, ServerMessage};

use super::Checker;

/// Whether a user is hidden, from what it asked for and what it was answered.
#[derive(Default)]
pub(super) struct Presence {
    hides: BTreeSet<RequestId>,
    reveals: BTreeSet<RequestId>,
    /// The request that hid it.
    hidden: Option<RequestId>,
}

impl Presence {
    /// Whether others may not see it: nothing that it asked for since could have shown it.
    fn is_absent(&self) -> bool {
        self.hidden.is_some_and(|hidden| self.reveals.range(hidden..).next().is_none())
    }
}

impl Checker {
    /// What a client sends.
    pub fn asks(&mut self, number: usize, frame: &[u8]) {
        let decoded = frame.get(4..).map(wire::decode::<ClientMessage<'_>>);
        // The preface is no frame.
        let Some(Ok((id, message))) = decoded.filter(|_| frame[0] == 0) else { return };
        match message {
            ClientMessage::Hide => drop(self.users[number].presence.hides.insert(id)),
            ClientMessage::Reveal => drop(self.users[number].presence.reveals.insert(id)),
            _ => {}
        }
    }

    /// The user has read the welcome that came by this socket: it hears everyone from there on.
    pub fn welcomed(&mut self, number: usize, socket: u64) {
        let Position { epoch, seq } = self.welcomes[&socket];
        let everyone = ConversationName::from(Conversation::EVERYONE);
        let user = &mut self.users[number];
        let key = (everyone.kind, everyone.name.clone());
        if user.open(&everyone).is_none() && !user.anew.contains_key(&key) {
            user.begin(everyone, epoch, seq + 1);
        }
    }

    /// What the server tells these users, each by its socket, at the moment when it decides to.
    pub fn told(&mut self, to: &[(u64, usize)], frame: &[u8]) {
        let decoded = frame.get(4..).map(wire::decode::<ServerMessage<'_>>);
        let Some(Ok((id, message))) = decoded.filter(|_| frame[0] == 0) else { return };
        let shown: &[&str] = match &message {
            ServerMessage::Welcome { resumed, hidden, everyone, .. } => {
                for (socket, number) in to {
                    self.welcomes.insert(*socket, *everyone);
                    let user = &mut self.users[*number];
                    // Perhaps it never read the first, and could not resume what that began.
                    let was_here = std::mem::replace(&mut user.was_welcomed, true);
                    user.lost_identity |= was_here && !resumed;
                    let presence = &mut self.users[*number].presence;
                    let before = presence.hidden.filter(|_| *resumed);
                    presence.hidden = hidden.then(|| before.unwrap_or(id));
                }
                &[]
            }
            ServerMessage::Done => {
                for (_, number) in to {
                    let presence = &mut self.users[*number].presence;
                    if presence.hides.contains(&id) {
                        presence.hidden = Some(id);
                    } else if presence.reveals.contains(&id) {
                        presence.hidden = presence.hidden.filter(|hidden| *hidden > id);
                    }
                }
                &[]
            }
            ServerMessage::Online { nickname }
            | ServerMessage::MemberJoined { nickname, .. }
            | ServerMessage::MemberLeft { nickname, .. } => &[*nickname],
            ServerMessage::Renamed { from, to } => &[*from, *to],
            ServerMessage::Members { members, .. } => members,
            _ => &[],
        };
        for name in shown {
            let Some(who) = self.names.only(name) else { continue };
            let others = to.iter().any(|(_, number)| *number != who);
            let absent = self.users[who].presence.is_absent();
            assert!(!others || !absent, "{who} is hidden, and others are told {message:?}");
        }
    }
}
