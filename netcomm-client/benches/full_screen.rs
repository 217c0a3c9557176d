//! What 100,000 messages in 50 conversations cost the full screen, against an empty one and one with
//! no more than a pane full: the time from a key to a frame, and memory.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use netcomm_client::full_screen::draw::draw;
use netcomm_client::full_screen::look::{Depth, Look};
use netcomm_client::full_screen::screen::Screen;
use netcomm_client::settings::display::Display;
use netcomm_core::client::{ConversationName, Event};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{Conversation, Position};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

const MESSAGES: u64 = 100_000;
const CONVERSATIONS: u64 = 50;
const TEXT: &str = "about as long as what people say to each other on an ordinary afternoon, or so";

/// A limit below what is said.
const FEW: usize = 10_000;

fn empty() -> Screen {
    keeping(Display::default())
}

fn keeping(display: Display) -> Screen {
    let look = Look { depth: Depth::Indexed, ascii: false, zone: TimeZone::UTC, compact: false };
    let mut screen = Screen::new(look, display, "ann", "host:1");
    screen.resize(120, 40);
    screen
}

fn with(messages: u64) -> Screen {
    hearing(empty(), messages)
}

fn hearing(mut screen: Screen, messages: u64) -> Screen {
    for number in 0..messages {
        let room = format!("room{}", number % CONVERSATIONS);
        let conversation = ConversationName::from(Conversation::room(&room));
        screen.event(&Event::Message {
            conversation,
            position: Position { epoch: 1, seq: number / CONVERSATIONS + 1 },
            time: UnixMillis(1_700_000_000_000 + number * 1000),
            author: format!("person{}", number % 97),
            text: TEXT.into(),
            replayed: false,
        });
    }
    screen.key(KeyEvent::new(KeyCode::Char('2'), KeyModifiers::ALT));
    screen
}

fn frames(criterion: &mut Criterion) {
    let kept = allocation_counter::measure(|| {
        black_box(std::mem::ManuallyDrop::new(empty()));
    });
    let crowded = allocation_counter::measure(|| {
        black_box(std::mem::ManuallyDrop::new(with(MESSAGES)));
    });
    let bounded = allocation_counter::measure(|| {
        let display = Display { scrollback: FEW, ..Display::default() };
        black_box(std::mem::ManuallyDrop::new(hearing(keeping(display), MESSAGES)));
    });
    let (few, many) = (kept.bytes_current, crowded.bytes_current);
    anstream::println!(
        "memory: {few} bytes empty, {many} bytes full: {} a message; {} where {FEW} are kept",
        many / i64::try_from(MESSAGES).unwrap_or(1),
        bounded.bytes_current
    );
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    for (name, mut screen) in
        [("empty", empty()), ("a pane", with(CONVERSATIONS * 40)), ("full", with(MESSAGES))]
    {
        let mut letters = ('a'..='z').cycle();
        criterion.bench_function(&format!("a key and a frame, {name}"), |bencher| {
            bencher.iter(|| {
                let letter = letters.next().unwrap_or('a');
                if letter == 'z' {
                    screen.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
                }
                screen.key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
                draw(&screen, black_box(&mut buffer))
            });
        });
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
