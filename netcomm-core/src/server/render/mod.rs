//! The text face's words (PROTOCOL.md, "Text face").

mod lines;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::vec::Vec;

use super::outgoing::{Asked, Content};
use crate::wire::{CloseCode, ServerMessage};
use crate::words::{self, Page};

pub(super) use lines::INDENT;
use lines::Lines;

/// Appends `content` as lines; nothing where the text face has no words for it.
pub(super) fn render(content: &Content<'_>, out: &mut Vec<u8>) {
    match content {
        Content::Preface(_) => {}
        Content::Help(topic) => {
            let lines = &mut Lines::new(out);
            if let Err(why) = words::help(lines, *topic) {
                lines.system(format_args!("refused: {why}"));
            }
        }
        Content::Message { message: ServerMessage::Closing { code, .. }, .. }
            if *code == CloseCode::HTTP =>
        {
            http(out);
        }
        // The line that is refused stands right above.
        Content::Message { message: message @ ServerMessage::Refused { .. }, .. } => {
            words::tell(&mut Lines::new(out), message, Asked::Nothing);
        }
        Content::Message { message, answers, .. } => {
            words::tell(&mut Lines::new(out), message, *answers);
        }
    }
}

fn http(out: &mut Vec<u8>) {
    let body = "This is a netcomm chat server, not a web server.\r\n\
        Talk to it with netcomm-client, nc or telnet.\r\n";
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body.as_bytes());
}
