//! Text that would like to be more than text.

use naughty_strings::BLNS;
use netcomm_core::client::Event;
use netcomm_core::text::disturbs;
use netcomm_core::wire::Conversation as Address;
use ratatui::style::Style;

use super::*;

const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{9b}31m \u{90}q\u{9c}",
    "a\rforged line\u{85}and\u{2028}more\u{2029}",
    "\u{202e}gnitirw\u{202c} \u{2066}x\u{2069}",
    "z\u{200b}e\u{200d}r\u{200c}o\u{feff}\u{ad}",
    "\u{5d0}\u{5d1}\u{5d2} abc \u{627}\u{644}\u{633}",
    "👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ☺️ 1️⃣",
    "\u{fdfd}\u{12219}\u{a9c5}",
    "ﾞﾟｶﾞ",
    "क्षि நி กำ ᄀᄀᄀ각ᆨᆨ",
    "\t\u{b}\u{c}\u{8}\u{7f}",
    "\u{301}\u{301}leading marks",
    "\u{e0001}\u{e0041}tags\u{e007f}",
    "\u{fff9}a\u{fffa}b\u{fffb}",
];

/// Texts of our own, and the "big list of naughty strings", which was collected to break programs.
fn texts() -> Vec<String> {
    let heaped = format!("Z{}", "\u{301}".repeat(3000));
    let joined = vec!["👩"; 500].join("\u{200d}");
    let ours = HOSTILE.iter().map(|text| (*text).into()).chain([heaped, joined]);
    ours.chain(BLNS.iter().map(|text| (*text).into())).collect()
}

/// The screen shows every text in every place where foreign text can be.
fn shows(text: &str, width: u16, depth: Depth, ascii: bool) -> Screen {
    let mut screen = Screen::new(look(depth, ascii), Display::default(), "ann", "host:1");
    screen.resize(width, 20);
    screen.set_clock(NINE);
    screen.logged_in(true, true);
    enters(&mut screen, text, 0);
    screen.event(&message(Address::EVERYONE, 1, text, text));
    screen.event(&message(Address::private(text), 1, text, "ann"));
    screen.event(&message(Address::room(text), 1, "bob", text));
    screen.event(&Event::Online { nickname: text.into() });
    screen.event(&Event::Renamed { from: "bob".into(), to: text.into() });
    screen.event(&Event::LoginRefused {
        code: netcomm_core::wire::RefusalCode::NAME_TAKEN,
        text: text.into(),
    });
    screen.lost(text, 1000);
    screen.paste(&text.replace(['\n', '\r'], " "));
    screen
}

#[test]
fn nothing_but_what_is_seen_gets_into_a_cell() {
    const WINDOWS: [(u16, bool); 4] = [(100, false), (30, false), (7, false), (100, true)];
    for (number, text) in texts().into_iter().enumerate() {
        // Each of the long list in one window, ours in all.
        let is_ours = number < HOSTILE.len() + 2;
        let windows = if is_ours { &WINDOWS[..] } else { &WINDOWS[number % 4..][..1] };
        for &(width, ascii) in windows {
            let mut screen = shows(&text, width, Depth::Indexed, ascii);
            for _ in 0..4 {
                press(&mut screen, "Ctrl-n");
                let buffer = cells(&screen, width, 20);
                for cell in buffer.content() {
                    let symbol = cell.symbol();
                    assert!(!symbol.chars().any(disturbs), "{symbol:?} of {text:?}");
                    assert!(!symbol.is_empty() && symbol.chars().count() <= 16, "{symbol:?}");
                    assert!(!ascii || symbol.is_ascii(), "{symbol:?} of {text:?}");
                }
                // Every line is as wide as the window.
                lines(&screen, width, 20);
            }
        }
    }
}

#[test]
fn no_text_changes_a_style_or_begins_a_line() {
    assert!(BLNS.len() > 400);
    for text in texts() {
        let mut hostile = screen(100, 24);
        hostile.event(&message(Address::EVERYONE, 1, "bob", &text));
        hostile.event(&message(Address::EVERYONE, 2, "bob", "after"));
        let mut calm = screen(100, 24);
        calm.event(&message(Address::EVERYONE, 1, "bob", "x"));
        calm.event(&message(Address::EVERYONE, 2, "bob", "after"));
        let (hostile, calm) = (cells(&hostile, 100, 24), cells(&calm, 100, 24));
        // The last row of the pane is what was said afterwards, just the same.
        for x in 0..100 {
            assert_eq!(hostile[(x, 21)], calm[(x, 21)], "column {x} below {text:?}");
        }
        // Everything right of the bar is plain, and left of it stands nothing that was said.
        for y in 1..21 {
            let bar = (20..100).find(|x| hostile[(*x, y)].symbol() == "│");
            let is_rule = hostile[(20, y)].symbol() == "─" || hostile[(50, y)].symbol() == "─";
            let Some(bar) = bar.filter(|_| !is_rule) else {
                continue;
            };
            assert_eq!(bar, 41, "{text:?}");
            let left: String = (20..bar).map(|x| hostile[(x, y)].symbol()).collect();
            let name = left.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').trim();
            assert!(matches!(name, "" | "bob" | "*"), "{left:?}");
            let plain = Style::reset();
            if name == "bob" {
                for x in bar + 2..100 {
                    let style = hostile[(x, y)].style();
                    assert_eq!((style.fg, style.bg), (plain.fg, plain.bg), "{text:?}");
                }
            }
        }
    }
}
