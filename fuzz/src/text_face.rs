//! People at the text face, who type whatever they like.

use netcomm_core::limits::{Limit, Limits};
use netcomm_core::preface::{self, ClientPreface};
use netcomm_core::text::disturbs;
use netcomm_core::wire::{self, ClientMessage, Conversation, RequestId};

use crate::server::Server;
use crate::support::chat::login;

/// How many people there are. The first is logged in and in a room.
const PEOPLE: usize = 3;

/// One more, whose program speaks frames. What it says may have several lines.
const FRAMED: usize = PEOPLE;

/// Whatever is typed, everybody is shown whole lines of bounded length that nobody else can have
/// forged, and every line is answered.
///
/// The first byte of each line says who types it, the second whether in pieces.
pub fn text_face(data: &[u8]) {
    let limits = Limits::default();
    let line_bytes = limits.count(Limit::LineBytes);
    let mut server = Server::new(&limits);
    for _ in 0..=FRAMED {
        server.open();
    }
    server.give(FRAMED, &ClientPreface::OURS.to_bytes());
    server.give(FRAMED, &frame(1, &login("eve", false, None)));
    let mut posts = 1;
    // Whether what was typed last may go on, or was of telnet.
    let mut mid_line = [false; PEOPLE];
    let mut has_typed = [true, false, false];
    server.give(0, b"ann\n/create tea\n");
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let Some((&[who, piece], typed)) = line.split_first_chunk() else {
            continue;
        };
        let who = usize::from(who) % (PEOPLE + 1);
        if who == FRAMED {
            // Begins in no way in which anybody's line may begin.
            let text = String::from_utf8_lossy(typed).replace(';', "\n.");
            let conversation = Conversation::EVERYONE;
            posts += 1;
            let post = ClientMessage::Post { conversation, epoch: None, nonce: 0, text: &text };
            server.give(FRAMED, &frame(posts, &post));
            check_all(&mut server, line_bytes);
            continue;
        }
        if typed.first() == Some(&preface::MAGIC[0]) && !has_typed[who] {
            // That is no person.
            continue;
        }
        has_typed[who] |= !typed.is_empty();
        let logged_in = server.is_logged_in(who);
        let mut made = 0;
        for piece in typed.chunks(usize::from(piece).max(1)) {
            made += server.give(who, piece);
        }
        // Who is logged in has said whole lines before. Some bytes are not of lines but of telnet.
        let is_line = typed.ends_with(b"\n") && !typed.iter().any(|byte| [0, 255].contains(byte));
        if logged_in && is_line && !mid_line[who] {
            assert_eq!(made, 1, "{:?}", typed.escape_ascii().to_string());
        }
        mid_line[who] |= !is_line;
        check_all(&mut server, line_bytes);
    }
    for who in 0..PEOPLE {
        server.end(who);
        check_all(&mut server, line_bytes);
    }
}

fn frame(id: u32, message: &ClientMessage<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    // What is too long for a frame is not said.
    let _too_long = wire::encode(RequestId(id), message, &mut frame);
    frame
}

fn check_all(server: &mut Server, line_bytes: usize) {
    for who in 0..PEOPLE {
        check(&server.shown(who), line_bytes);
    }
}

/// Whether this may be shown.
fn check(shown: &[u8], line_bytes: usize) {
    let shown = std::str::from_utf8(shown).expect("what is shown is UTF-8");
    if shown.starts_with("HTTP/1.1 400 ") {
        return;
    }
    assert!(shown.is_empty() || shown.ends_with('\n'), "half a line: {shown:?}");
    for line in shown.lines() {
        let spoken = line.starts_with("* ") || line.starts_with("  ") || is_message(line);
        assert!(spoken, "nobody says {line:?}");
        let disturbing = line.chars().find(|c| disturbs(*c));
        assert_eq!(disturbing, None, "{line:?}");
        // A character that would disturb is replaced by one of three bytes.
        assert!(line.len() <= 3 * line_bytes + 256, "a line of {} bytes", line.len());
    }
}

/// Begins with a time, `HH:MM:SS`, and has an author.
fn is_message(line: &str) -> bool {
    let (time, said) = line.split_once(' ').unwrap_or_default();
    let is_time = time.len() == 8
        && time.bytes().enumerate().all(|(place, byte)| match place {
            2 | 5 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    is_time && said.contains('<')
}
