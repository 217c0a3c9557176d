//! What comes from the server, byte by byte and event by event.

use alloc::vec::Vec;
use core::time::Duration;

use super::conversation::ConversationKey;
use super::pending::Purpose;
use super::session::{Output, Stage};
use super::track::{Said, Track};
use super::{Ending, Event, Loss, Session};
use crate::frame::FrameDecoder;
use crate::name::NameKey;
use crate::preface::{LENGTH, PrefaceRefusal, ServerPreface};
use crate::time::Instant;
use crate::wire::{
    self, ClientMessage, CloseCode, CodeClass, Conversation, ConversationKind, Credential,
    NoticeCode, Position, RequestId, ServerMessage,
};

/// The most conversations that are kept track of; what comes beyond is told as it comes.
const TRACKS: usize = 4096;

impl Session {
    /// Takes what was read.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        let mut input = bytes;
        if let Stage::Preface { bytes, .. } = &mut self.stage {
            let (head, rest) = input.split_at(input.len().min(LENGTH - bytes.len()));
            bytes.extend_from_slice(head);
            input = rest;
            if let Ok(preface) = <[u8; LENGTH]>::try_from(&bytes[..]) {
                self.take_preface(preface);
            }
        }
        if let Stage::Up { heard, pinged, .. } = &mut self.stage {
            *heard = now;
            *pinged = None;
        }
        // Out of `self`, which the handlers change while a frame is lent.
        let mut decoder = core::mem::replace(&mut self.decoder, FrameDecoder::new(0));
        while let Stage::Login { .. } | Stage::Up { .. } = self.stage {
            match decoder.next_frame(&mut input) {
                Ok(None) => break,
                Ok(Some(payload)) => match wire::decode(payload) {
                    Ok((RequestId::NONE, event)) => self.take_event(&event),
                    Ok((id, answer)) => self.take_answer(id, answer),
                    Err(_) => self.lose(Loss::Malformed, None, true),
                },
                Err(_) => self.lose(Loss::Malformed, None, true),
            }
        }
        self.decoder = decoder;
    }

    fn take_preface(&mut self, preface: [u8; LENGTH]) {
        match ServerPreface::from_bytes(preface) {
            Ok(ServerPreface::Accepted(_)) => self.log_in(),
            Ok(ServerPreface::Refused(PrefaceRefusal::NONE_IN_COMMON)) => {
                self.end(Ending::NoCommonVersion, true);
            }
            Ok(ServerPreface::Refused(reason)) => self.lose(Loss::Preface(reason), None, true),
            Err(error) => self.lose(Loss::NoPreface(error), None, true),
        }
    }

    fn log_in(&mut self) {
        if let Stage::Preface { deadline, .. } = self.stage {
            self.stage = Stage::Login { deadline };
        }
        let nickname = self.config.nickname.clone();
        let login = ClientMessage::Login {
            nickname: &nickname,
            hidden: self.hidden,
            resume: self.token,
            credential: Credential::NONE,
            features: 0,
            extensions: Vec::new(),
        };
        self.send_own(&login, Purpose::Login);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an answer without a request's number is no event"
    )]
    fn take_event(&mut self, event: &ServerMessage<'_>) {
        match *event {
            ServerMessage::Message {
                conversation,
                position,
                time,
                author,
                text,
            } => {
                let said = Said {
                    time,
                    author: author.into(),
                    text: text.into(),
                };
                self.take_message(conversation, position, Some(said));
                self.go_on();
            }
            ServerMessage::Ping { nonce } => {
                let mut frame = Vec::new();
                let pong = ClientMessage::Pong { nonce };
                if wire::encode(RequestId::NONE, &pong, &mut frame).is_ok() {
                    self.output.push_back(Output::Transmit(frame));
                }
            }
            ServerMessage::Closing {
                code,
                retry_after,
                text,
            } => self.take_closing(code, retry_after.map(Duration::from_millis), text),
            ServerMessage::MemberJoined { room, nickname } => self.tell(Event::MemberJoined {
                room: room.into(),
                nickname: nickname.into(),
            }),
            ServerMessage::MemberLeft { room, nickname } => self.tell(Event::MemberLeft {
                room: room.into(),
                nickname: nickname.into(),
            }),
            ServerMessage::Online { nickname } => self.tell(Event::Online {
                nickname: nickname.into(),
            }),
            ServerMessage::Offline { nickname } => self.tell(Event::Offline {
                nickname: nickname.into(),
            }),
            ServerMessage::Renamed { from, to } => {
                self.rename_track(from, to);
                self.tell(Event::Renamed {
                    from: from.into(),
                    to: to.into(),
                });
            }
            ServerMessage::Notice {
                code,
                subject,
                text,
            } => {
                if code == NoticeCode::ROOM_CLOSED {
                    self.tracks
                        .remove(&ConversationKey::of(Conversation::room(subject)));
                }
                self.tell(Event::Notice {
                    code,
                    subject: subject.into(),
                    text: text.into(),
                });
            }
            _ => self.unknown_events = self.unknown_events.saturating_add(1),
        }
    }

    fn take_closing(&mut self, code: CloseCode, retry_after: Option<Duration>, text: &str) {
        let text = text.into();
        if let Stage::Up { quit: Some(_), .. } = self.stage {
            return self.end(Ending::Quit, true);
        }
        match code.class() {
            CodeClass::Terminal | CodeClass::Request => {
                self.end(Ending::Closed { code, text }, true);
            }
            CodeClass::Retry | CodeClass::Unknown => {
                self.lose(Loss::Closed { code, text }, retry_after, true);
            }
        }
    }

    /// A message, or (`None`) an own post, at its place.
    pub(super) fn take_message(
        &mut self,
        conversation: Conversation<'_>,
        position: Position,
        said: Option<Said>,
    ) {
        let Position { epoch, seq } = position;
        if seq == u64::MAX {
            return;
        }
        let before = match conversation.kind {
            ConversationKind::PRIVATE => 0,
            _ => seq.saturating_sub(1),
        };
        let before = Position { epoch, seq: before };
        let listing = self.listing;
        let output = &mut self.output;
        let mut tell = |event| output.push_back(Output::Event(event));
        let key = ConversationKey::of(conversation);
        if let Some(track) = track_at(&mut self.tracks, key, conversation, before, &mut tell) {
            track.listing = listing;
            track.take(seq, said, false, &mut tell);
        } else if let Some(said) = said {
            tell(Event::Message {
                conversation: conversation.into(),
                position,
                time: said.time,
                author: said.author,
                text: said.text,
                replayed: false,
            });
        }
    }

    /// Takes note of where a conversation stands.
    pub(super) fn take_place(&mut self, conversation: Conversation<'_>, last: Position) {
        if last.seq == u64::MAX {
            return;
        }
        let known = match conversation.kind {
            ConversationKind::PRIVATE => Position { seq: 0, ..last },
            _ => last,
        };
        let output = &mut self.output;
        let mut tell = |event| output.push_back(Output::Event(event));
        let key = ConversationKey::of(conversation);
        let listing = self.listing;
        if let Some(track) = track_at(&mut self.tracks, key, conversation, known, &mut tell) {
            track.last = track.last.max(last.seq);
            track.listing = listing;
        }
    }

    fn rename_track(&mut self, from: &str, to: &str) {
        if NameKey::of(from) == NameKey::of(&self.config.nickname) {
            self.config.nickname = to.into();
        }
        let from = ConversationKey::of(Conversation::private(from));
        if let Some(mut track) = self.tracks.remove(&from) {
            let to = Conversation::private(to);
            track.name = to.into();
            self.tracks.insert(ConversationKey::of(to), track);
        }
    }
}

/// The conversation's track: a new one after `before` where there is none, or one of another
/// epoch.
fn track_at<'t>(
    tracks: &'t mut alloc::collections::BTreeMap<ConversationKey, Track>,
    key: ConversationKey,
    conversation: Conversation<'_>,
    before: Position,
    tell: &mut impl FnMut(Event),
) -> Option<&'t mut Track> {
    let next = before.seq.saturating_add(1);
    if !tracks.contains_key(&key) && tracks.len() >= TRACKS {
        return None;
    }
    let track = tracks
        .entry(key)
        .or_insert_with(|| Track::new(conversation.into(), before.epoch, next));
    if track.epoch != before.epoch {
        *track = Track::new(conversation.into(), before.epoch, next);
        tell(Event::Restarted {
            conversation: conversation.into(),
        });
    }
    Some(track)
}
