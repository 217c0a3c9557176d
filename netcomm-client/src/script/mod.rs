//! What scripts use: one errand, then the end, with an exit code that says how it went.

pub mod args;
mod conversation;
mod desk;
pub mod json;
mod listen;
mod lists;
mod offline;
mod output;
mod past;
mod send;

use std::io;

use netcomm_core::client::{ConversationName, SessionConfig};

use crate::exit;
use crate::settings::setup::Setup;
use args::Command;
use desk::Desk;
use listen::Listener;
use lists::{List, Lister};
pub use offline::run as offline;
use output::Output;
use past::Start;
use send::Sender;

/// Does what `command` says, which needs a server; answers the exit code.
pub fn run(command: &Command, setup: Setup) -> io::Result<u8> {
    let Some(manner) = command.manner() else {
        return Ok(exit::USAGE);
    };
    let rooms = |conversations: &[ConversationName]| -> Vec<String> {
        conversations.iter().filter_map(conversation::room).map(Into::into).collect()
    };
    let heard = |conversations: &[ConversationName]| {
        if conversations.is_empty() { setup.rooms.clone() } else { rooms(conversations) }
    };
    let rooms = match command {
        Command::Send(send) => rooms(std::slice::from_ref(&send.to)),
        Command::Tail(tail) => heard(&tail.conversations),
        Command::Wait(wait) => heard(&wait.conversations),
        _ => Vec::new(),
    };
    let config = SessionConfig { nickname: setup.nickname, hidden: setup.hidden, rooms };
    let page = (!manner.json).then(|| crate::page(false));
    let output = Output::new(page, Box::new(io::stdout().lock()));
    let patience = match command {
        Command::Tail(_) => manner.timeout.and_then(|timeout| timeout.0),
        _ => manner.patience(),
    };
    let desk = Desk::new(setup.address, config, output, patience)?;
    match command {
        Command::Send(send) => {
            let mut sender = Sender::new(send, &desk)?;
            desk.run(&mut sender)
        }
        Command::Tail(tail) => desk.chronicling().run(
            &mut Listener {
                conversations: tail.conversations.clone(),
                count: tail.count,
                presence: tail.events,
                ..Listener::default()
            }
            .with_past(tail.from.map(Start::At)),
        ),
        Command::Wait(wait) => desk.run(
            &mut Listener {
                conversations: wait.conversations.clone(),
                pattern: Some(wait.pattern.clone()),
                ..Listener::default()
            }
            .with_past(wait.from.map(Start::At)),
        ),
        Command::Members(members) => {
            let room = members.conversation.as_ref().and_then(conversation::room);
            let of = room.map_or(List::Online, |room| List::Members(room.into()));
            desk.run(&mut Lister::new(of))
        }
        Command::History(history) => {
            let last = history.last.map_or(Start::FirstKept, Start::Last);
            desk.run(
                &mut Listener {
                    conversations: vec![history.conversation.clone()],
                    only_past: true,
                    ..Listener::default()
                }
                .with_past(Some(history.from.map_or(last, Start::At))),
            )
        }
        _ => desk.run(&mut Lister::new(List::Rooms)),
    }
}
