//! What comes from the server, byte by byte and event by event.

use alloc::vec::Vec;
use core::time::Duration;

use super::pending::Purpose;
use super::session::Output;
use super::stage::Stage;
use super::track::Said;
use super::{Ending, Event, Loss, Session};
use crate::frame::FrameDecoder;
use crate::name::NameKey;
use crate::preface::{self, LENGTH, PrefaceRefusal, ServerPreface};
use crate::time::Instant;
use crate::wire::{
    self, ClientMessage, CloseCode, CodeClass, Conversation, Credential, NoticeCode, Position,
    RequestId, ServerMessage,
};

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
                    Err(_) => self.end(Ending::Malformed, true),
                },
                Err(_) => self.end(Ending::Malformed, true),
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
            Ok(ServerPreface::Refused(PrefaceRefusal::REFUSED)) => self.end(Ending::NotLetIn, true),
            Ok(ServerPreface::Refused(reason)) => self.lose(Loss::Preface(reason), None, true),
            Err(_) if preface == *preface::IN_WORDS => self.lose(Loss::InWords, None, true),
            Err(error) => self.end(Ending::NoPreface(error), true),
        }
    }

    fn log_in(&mut self) {
        if let Stage::Preface { deadline, .. } = self.stage {
            let quitting = false;
            self.stage = Stage::Login { deadline, quitting };
        }
        let nickname = self.config.nickname.clone();
        // Who asked to be hidden and was not answered is not to be seen for that.
        let mut pending = self.pending.iter().rev();
        let hides = pending.find(|one| matches!(one.purpose, Purpose::Hide(_)));
        let asked = hides.is_some_and(|one| matches!(one.purpose, Purpose::Hide(true)));
        let hidden = self.hidden || asked;
        let login = ClientMessage::Login {
            nickname: &nickname,
            hidden,
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
            ServerMessage::Message { conversation, position, time, author, text } => {
                let said = Said { time, author: author.into(), text: text.into() };
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
            ServerMessage::Closing { code, retry_after, text } => {
                self.take_closing(code, retry_after.map(Duration::from_millis), text);
            }
            ServerMessage::MemberJoined { room, nickname } => {
                self.tell(Event::MemberJoined { room: room.into(), nickname: nickname.into() });
            }
            ServerMessage::MemberLeft { room, nickname } => {
                self.tell(Event::MemberLeft { room: room.into(), nickname: nickname.into() });
            }
            ServerMessage::Online { nickname } => {
                self.tell(Event::Online { nickname: nickname.into() });
            }
            ServerMessage::Offline { nickname } => {
                self.tell(Event::Offline { nickname: nickname.into() });
            }
            ServerMessage::Renamed { from, to } => self.take_renamed(from, to),
            ServerMessage::Notice { code, subject, text } => self.take_notice(code, subject, text),
            _ => self.unknown_events = self.unknown_events.saturating_add(1),
        }
    }

    fn take_closing(&mut self, code: CloseCode, retry_after: Option<Duration>, text: &str) {
        let text = text.into();
        if self.is_quitting() {
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
        let output = &mut self.output;
        self.tracks.take(conversation, position, said, &mut |event| {
            output.push_back(Output::Event(event));
        });
    }

    /// Takes note of where a conversation stands.
    pub(super) fn take_place(&mut self, conversation: Conversation<'_>, last: Position) {
        let output = &mut self.output;
        self.tracks.place(conversation, last, &mut |event| {
            output.push_back(Output::Event(event));
        });
    }

    /// The user has been told that it is in this conversation.
    pub(super) fn begin_track(&mut self, conversation: Conversation<'_>, last: Position) {
        let output = &mut self.output;
        self.tracks.begin(conversation, last, &mut |event| {
            output.push_back(Output::Event(event));
        });
    }

    fn take_renamed(&mut self, from: &str, to: &str) {
        // It is another, even where one wishes for the same name while one is hidden.
        let output = &mut self.output;
        // Where another had the name, that is over first.
        self.tracks.rename(from, to, &mut |event| {
            output.push_back(Output::Event(event));
        });
        self.tell(Event::Renamed { from: from.into(), to: to.into() });
    }

    fn take_notice(&mut self, code: NoticeCode, subject: &str, text: &str) {
        self.tell(Event::Notice { code, subject: subject.into(), text: text.into() });
        if code == NoticeCode::ROOM_CLOSED {
            self.forget_room(subject);
        }
    }

    /// A room that one is not in any more, and does not want to be in.
    pub(super) fn forget_room(&mut self, room: &str) {
        let key = NameKey::of(room);
        self.config.rooms.retain(|room| NameKey::of(room) != key);
        let conversation = Conversation::room(room);
        if self.tracks.end(conversation) {
            let conversation = conversation.into();
            self.tell(Event::ConversationEnded { conversation });
        }
    }
}
