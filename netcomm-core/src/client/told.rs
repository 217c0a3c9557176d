//! What a session tells, as the messages that the server told it with.

use alloc::string::String;

use super::{Answer, ConversationName, ConversationPlace, Event, HistoryMessage, RoomSummary};
use crate::time::millis;
use crate::wire::{ConversationItem, HistoryItem, RoomItem, ServerMessage};

impl Answer {
    /// The answer as a message; `None` for those that the server did not give in words that this
    /// version knows. Nonces are 0.
    #[must_use]
    pub fn to_message(&self) -> Option<ServerMessage<'_>> {
        Some(match self {
            Self::Done => ServerMessage::Done,
            Self::Posted { position, time } => {
                ServerMessage::Posted { position: *position, time: *time, earlier: 0 }
            }
            Self::Joined { room, position } => ServerMessage::Joined { room, position: *position },
            Self::Members { members, next } => {
                let members = members.iter().map(String::as_str).collect();
                ServerMessage::Members { members, next }
            }
            Self::Rooms { rooms, next } => ServerMessage::Rooms {
                rooms: rooms.iter().map(RoomSummary::to_item).collect(),
                next,
            },
            Self::History { conversation, epoch, first_kept, last, items } => {
                ServerMessage::History {
                    conversation: conversation.as_ref(),
                    epoch: *epoch,
                    first_kept: *first_kept,
                    last: *last,
                    items: items.iter().map(HistoryMessage::to_item).collect(),
                }
            }
            Self::Conversations { conversations, next } => ServerMessage::Conversations {
                conversations: conversations.iter().map(ConversationPlace::to_item).collect(),
                next: next.as_ref().map(ConversationName::as_ref),
            },
            Self::Refused { code, retry_after, text } => {
                ServerMessage::Refused { code: *code, retry_after: retry_after.map(millis), text }
            }
            Self::Pong => ServerMessage::Pong { nonce: 0 },
            Self::Unsupported | Self::Lost => return None,
        })
    }
}

impl Event {
    /// What others said or did, and notices, as a message; `None` for what concerns oneself.
    #[must_use]
    pub fn to_message(&self) -> Option<ServerMessage<'_>> {
        Some(match self {
            Self::Message { conversation, position, time, author, text, .. } => {
                ServerMessage::Message {
                    conversation: conversation.as_ref(),
                    position: *position,
                    time: *time,
                    author,
                    text,
                }
            }
            Self::MemberJoined { room, nickname } => ServerMessage::MemberJoined { room, nickname },
            Self::MemberLeft { room, nickname } => ServerMessage::MemberLeft { room, nickname },
            Self::Online { nickname } => ServerMessage::Online { nickname },
            Self::Offline { nickname } => ServerMessage::Offline { nickname },
            Self::Renamed { from, to } => ServerMessage::Renamed { from, to },
            Self::Notice { code, subject, text } => {
                ServerMessage::Notice { code: *code, subject, text }
            }
            Self::LoggedIn { .. }
            | Self::LoginRefused { .. }
            | Self::Lost { .. }
            | Self::Ended { .. }
            | Self::Answered { .. }
            | Self::CaughtUp { .. }
            | Self::Gone { .. }
            | Self::Restarted { .. }
            | Self::ConversationEnded { .. }
            | Self::Unknown { .. }
            | Self::Arrived { .. }
            | Self::RoomEntered { .. }
            | Self::RoomRefused { .. } => return None,
        })
    }
}

impl RoomSummary {
    fn to_item(&self) -> RoomItem<'_> {
        RoomItem { room: &self.room, members: self.members }
    }
}

impl HistoryMessage {
    fn to_item(&self) -> HistoryItem<'_> {
        let Self { seq, time, author, text } = self;
        HistoryItem { seq: *seq, time: *time, author, nonce: 0, text }
    }
}

impl ConversationPlace {
    fn to_item(&self) -> ConversationItem<'_> {
        ConversationItem { conversation: self.conversation.as_ref(), last: self.last }
    }
}
