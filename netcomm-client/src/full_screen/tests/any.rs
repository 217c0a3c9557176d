//! Whatever is pressed, comes in, and however large the window is.

use netcomm_core::client::{ConversationName, Event, HistoryMessage, Loss};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{Conversation as Address, NoticeCode};
use proptest::prelude::*;

use super::*;
use crate::full_screen::screen::entry::Delivery;

#[derive(Clone, Debug)]
enum Act {
    Key(KeyEvent),
    Keys(KeyEvent, usize),
    Paste(String),
    Resize(u16, u16),
    Event(Event),
    /// Answers what the screen wishes for, in some way.
    Answer(u8),
    Lost,
    Back(bool),
    Hidden(bool),
    Later(u64),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z #@/]{0,12}",
        "\\PC{0,60}",
        any::<String>(),
        Just(String::from("/find a")),
        Just(String::from("/query bob")),
        Just(String::from("/close")),
        Just(String::from("👨‍👩‍👧 日本語\nab")),
        (1_usize..400).prop_map(|n| "word ".repeat(n)),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c]", 1 => "\\PC{1,40}"]
}

fn address() -> impl Strategy<Value = ConversationName> {
    (0..3_u8, name()).prop_map(|(kind, name)| {
        ConversationName::from(match kind {
            0 => Address::EVERYONE,
            1 => Address::room(&name),
            _ => Address::private(&name),
        })
    })
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        6 => prop_oneof![Just('a'), Just('r'), Just('/'), Just(' '), any::<char>()]
            .prop_map(KeyCode::Char),
        3 => "[a-z0-9<>?]".prop_map(|c| KeyCode::Char(c.chars().next().unwrap_or('a'))),
        3 => Just(KeyCode::Enter),
        6 => prop::sample::select(vec![
            KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace, KeyCode::Delete, KeyCode::Left,
            KeyCode::Right, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Esc, KeyCode::F(1), KeyCode::Insert,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL | KeyModifiers::ALT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

fn event() -> impl Strategy<Value = Event> {
    let two = (name(), name());
    prop_oneof![
        6 => (address(), 0..50_u64, name(), text()).prop_map(|(conversation, seq, author, text)| {
            let mut event = message(conversation.as_ref(), seq, &author, &text);
            if let Event::Message { time, .. } = &mut event {
                *time = UnixMillis(NINE + seq * 7_000_000);
            }
            event
        }),
        1 => (address(), any::<u64>()).prop_map(|(conversation, count)| Event::CaughtUp { conversation, count }),
        1 => (address(), any::<u64>()).prop_map(|(conversation, last)| Event::Gone { conversation, first: 1, last }),
        1 => address().prop_map(|conversation| Event::Restarted { conversation }),
        1 => address().prop_map(|conversation| Event::ConversationEnded { conversation }),
        1 => (name(), any::<u64>()).prop_map(|(room, seq)| Event::RoomEntered {
            room, position: Position { epoch: 7, seq }
        }),
        2 => two.prop_map(|(room, nickname)| Event::MemberJoined { room, nickname }),
        1 => (name(), name()).prop_map(|(room, nickname)| Event::MemberLeft { room, nickname }),
        1 => name().prop_map(|nickname| Event::Online { nickname }),
        1 => name().prop_map(|nickname| Event::Offline { nickname }),
        1 => (name(), name()).prop_map(|(from, to)| Event::Renamed { from, to }),
        1 => (name(), text()).prop_map(|(subject, text)| Event::Notice {
            code: NoticeCode::ROOM_CLOSED, subject, text
        }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => key().prop_map(Act::Key),
        1 => (key(), 1..5_usize).prop_map(|(key, count)| Act::Keys(key, count)),
        2 => text().prop_map(Act::Paste),
        2 => (0..140_u16, 0..50_u16).prop_map(|(width, height)| Act::Resize(width, height)),
        1 => (1..9_u16, 1..9_u16).prop_map(|(width, height)| Act::Resize(width, height)),
        8 => event().prop_map(Act::Event),
        3 => any::<u8>().prop_map(Act::Answer),
        1 => Just(Act::Lost),
        1 => any::<bool>().prop_map(Act::Back),
        1 => any::<bool>().prop_map(Act::Hidden),
        1 => (0..100_000_000_u64).prop_map(Act::Later),
    ]
}

fn answer(screen: &mut Screen, how: u8) {
    for wish in wishes(screen) {
        match wish {
            Wish::Say { place, entry, .. } => match how % 4 {
                0 => screen.accept(place, entry, (7, 50), Some(NINE)),
                1 => screen.deliver(place, entry, Delivery::Failed("a reason".into())),
                2 => screen.deliver(place, entry, Delivery::Unknown),
                _ => screen.deliver(place, entry, Delivery::Sent),
            },
            Wish::Earlier { place } => {
                let items: Vec<HistoryMessage> = (1..u64::from(how))
                    .map(|seq| HistoryMessage {
                        seq,
                        time: UnixMillis(NINE),
                        author: "ann".into(),
                        text: "before\nthat".into(),
                    })
                    .collect();
                screen.take_earlier(place, 7, u64::from(how % 3), &items);
            }
            Wish::Command { place, line } => screen.say_trouble(place, &line),
            Wish::Rooms | Wish::Nickname(_) | Wish::Quit(_) | Wish::Suspend | Wish::Redraw => {}
        }
    }
}

fn does(screen: &mut Screen, act: Act, size: &mut (u16, u16)) {
    match act {
        Act::Key(key) => screen.key(key),
        Act::Keys(key, count) => screen.keys(&vec![key; count]),
        Act::Paste(text) => screen.paste(&text),
        Act::Resize(width, height) => {
            *size = (width, height);
            screen.resize(width, height);
        }
        Act::Event(event) => screen.event(&event),
        Act::Answer(how) => answer(screen, how),
        Act::Lost => screen.lost(&Loss::Ended.to_string(), 3000),
        Act::Back(resumed) => screen.logged_in(false, resumed),
        Act::Hidden(hidden) => screen.set_hidden(hidden),
        Act::Later(millis) => screen.set_clock(screen.clock + millis),
    }
}

/// A case draws dozens of screens.
fn few() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(8), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn every_line_is_as_wide_as_the_window(
        acts in prop::collection::vec(act(), 1..60),
        ascii: bool,
        scrollback in 0..200_usize,
    ) {
        let display = Display { scrollback, ..Display::default() };
        let mut screen = Screen::new(look(Depth::True, ascii), display, "ann", "host:1");
        let mut size = (80, 24);
        screen.set_clock(NINE);
        screen.logged_in(true, false);
        for act in acts {
            does(&mut screen, act, &mut size);
            // `lines` asserts the width of each.
            lines(&screen, size.0, size.1);
            prop_assert!(screen.kept().0 <= scrollback.max(100));
        }
    }

    #[test]
    fn scrolling_up_and_down_again_comes_back(
        texts in prop::collection::vec(text(), 1..40),
        width in 1..100_u16,
        height in 1..30_u16,
        steps in prop::collection::vec(1..20_usize, 1..6),
    ) {
        let mut screen = screen(width, height);
        for (seq, text) in (1..).zip(&texts) {
            screen.event(&message(Address::EVERYONE, seq, "bob", text));
        }
        let bottom = lines(&screen, width, height);
        for step in &steps {
            screen.scroll_up(*step);
        }
        for step in steps.iter().rev() {
            screen.scroll_down(*step);
        }
        prop_assert_eq!(&lines(&screen, width, height), &bottom);
        screen.scroll_up(100_000);
        let top = lines(&screen, width, height);
        screen.scroll_up(1);
        prop_assert_eq!(lines(&screen, width, height), top);
        screen.scroll_down(100_000);
        prop_assert_eq!(lines(&screen, width, height), bottom);
    }
}
