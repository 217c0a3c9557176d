//! Codecs for the same bytes in other words, and for IRC.

use std::fmt::Write as _;
use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use irc_proto::{Command, Message, Prefix};
use netcomm_core::wire::{ClientMessage, RequestId, ServerMessage};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use super::{Netcomm, Reader, Writer};
use crate::by_hand::Said;

/// The same bytes as netcomm's: tokio-util's frames, postcard inside.
#[derive(Debug, Default)]
pub struct LengthDelimited {
    codec: LengthDelimitedCodec,
    window: BytesMut,
    out: BytesMut,
}

impl Reader for LengthDelimited {
    fn post(text: &str) -> Vec<u8> {
        Netcomm::post(text)
    }

    fn read(&mut self, chunk: &[u8]) -> u64 {
        self.window.extend_from_slice(chunk);
        let mut posts = 0;
        while let Some(frame) = self.codec.decode(black_box(&mut self.window)).expect("frames") {
            let post = postcard::from_bytes::<(RequestId, ClientMessage<'_>)>(&frame);
            black_box(post.expect("a post"));
            posts += 1;
        }
        posts
    }
}

impl Writer for LengthDelimited {
    type Message<'a> = (RequestId, ServerMessage<'a>);

    fn message(said: Said<'_>) -> Self::Message<'_> {
        (RequestId::NONE, Netcomm::message(said))
    }

    fn write(&mut self, message: &Self::Message<'_>) -> usize {
        self.out.clear();
        let payload = postcard::to_allocvec(message).expect("a value");
        self.codec.encode(Bytes::from(payload), &mut self.out).expect("it fits");
        black_box(&mut self.out).len()
    }
}

/// irc-proto, and lines.
#[derive(Debug, Default)]
pub struct Irc {
    window: BytesMut,
    /// How much of it has no end of a line.
    seen: usize,
    out: String,
}

impl Reader for Irc {
    fn post(text: &str) -> Vec<u8> {
        format!("PRIVMSG #lobby :{text}\r\n").into_bytes()
    }

    fn read(&mut self, chunk: &[u8]) -> u64 {
        self.window.extend_from_slice(chunk);
        let mut posts = 0;
        let window = black_box(&mut self.window);
        while let Some(end) = window[self.seen..].iter().position(|byte| *byte == b'\n') {
            let line = window.split_to(self.seen + end + 1);
            self.seen = 0;
            let line = std::str::from_utf8(&line).expect("UTF-8");
            black_box(line.parse::<Message>().expect("a post"));
            posts += 1;
        }
        self.seen = window.len();
        posts
    }
}

impl Writer for Irc {
    type Message<'a> = Said<'a>;

    fn message(said: Said<'_>) -> Said<'_> {
        said
    }

    fn write(&mut self, said: &Said<'_>) -> usize {
        self.out.clear();
        let author = said.author.to_owned();
        let message = Message {
            tags: None,
            prefix: Some(Prefix::Nickname(author, "user".to_owned(), "host".to_owned())),
            command: Command::PRIVMSG(format!("#{}", said.name), said.text.to_owned()),
        };
        write!(self.out, "{message}").expect("a string grows");
        black_box(&mut self.out).len()
    }
}
