//! Names and texts: what is valid, what is the same, what is shown.

use netcomm_core::limits::Limits;
use netcomm_core::name::{NameError, NameKey, Nickname, RoomName};
use netcomm_core::text::{Shown, Text, TextError};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::support::random;

#[test]
fn what_looks_alike_is_the_same() {
    for (one, other) in [
        ("paypal", "раураl"),
        ("Alice", "aLICE"),
        ("mary", "mаry"),
        ("\u{e9}mile", "e\u{301}mile"),
        ("STRASSE", "stra\u{df}e"),
        ("\u{3a3}\u{3b1}\u{3c2}", "\u{3c3}\u{3b1}\u{3c3}"),
        ("\u{ff41}nn", "ann"),
        ("\u{1d426}ary", "mary"),
        ("\u{271}ary", "m\u{326}ary"),
        ("a\u{271}y", "am\u{326}y"),
        ("to\u{339c}y", "tommy"),
        ("\u{339d}", "cm"),
    ] {
        assert_eq!(NameKey::of(one), NameKey::of(other), "{one} {other}");
    }
}

#[test]
fn ascii_names_are_told_apart() {
    for (one, other) in [("corn", "com"), ("bill", "bi11"), ("b0b", "bob"), ("vv", "w")] {
        assert_ne!(NameKey::of(one), NameKey::of(other), "{one} {other}");
    }
}

#[test]
fn nothing_passes_for_the_system() {
    for name in [
        "server",
        "SERVER",
        "Admin",
        "аdmin",
        "systern",
        "rn0derator",
        "a11",
        "r00t",
        "aII",
        "AII",
        "heIp",
        "ADM1N",
        "ADMlN",
        "ΑDΜΙΝ",
        "НЕLР",
    ] {
        assert_eq!(Nickname::new(name), Err(NameError::Reserved), "{name}");
    }
    for name in ["Ali", "ALI", "ali", "Alli", "Rooty", "Hel", "Adam"] {
        assert!(Nickname::new(name).is_ok(), "{name}");
    }
    assert_eq!(RoomName::new("Everyone"), Err(NameError::Reserved));
    assert!(RoomName::new("server").is_ok());
}

#[test]
fn a_name_has_no_invisible_characters() {
    let forbidden = [
        ' ',
        '\t',
        '\n',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{61c}',
        '\u{115f}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202e}',
        '\u{2060}',
        '\u{2067}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{e000}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffd}',
        '\u{13430}',
        '\u{16fe4}',
        '\u{ffff}',
        '\u{e0041}',
    ];
    for c in forbidden {
        let name = format!("a{c}b");
        assert_eq!(Nickname::new(&name), Err(NameError::Forbidden(c)), "{name:?}");
        let message = NameError::Forbidden(c).to_string();
        assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{message:?}");
        assert_eq!(RoomName::new(&name), Err(NameError::Forbidden(c)), "{name:?}");
    }
}

#[test]
fn a_name_begins_like_one() {
    for begins in ['/', '#', '@', '*', '\u{301}', '\u{903}', '∗', '٭', '＃', '＠', '／'] {
        let name = format!("{begins}a");
        assert_eq!(Nickname::new(&name), Err(NameError::Begins(begins)), "{name:?}");
    }
    for digits in ["1", "2026", "\u{663}\u{664}"] {
        assert_eq!(Nickname::new(digits), Err(NameError::OnlyDigits));
    }
    assert!(Nickname::new("4ever").is_ok());
    assert_eq!(Nickname::new(""), Err(NameError::Empty));
}

#[test]
fn the_longest_name_is_as_long_as_the_limit() {
    assert!(Nickname::new(&"a".repeat(32)).is_ok());
    let too_long = NameError::TooLong { bytes: 33, limit: 32 };
    assert_eq!(Nickname::new(&"a".repeat(33)), Err(too_long));
    assert!(RoomName::new(&"a".repeat(64)).is_ok());
    assert!(RoomName::new(&"a".repeat(65)).is_err());
    let limits = Limits::default();
    assert!(Nickname::new(&"a".repeat(24)).and_then(|name| name.within(&limits)).is_ok());
    let wide = Nickname::new(&"a".repeat(25)).and_then(|name| name.within(&limits));
    assert_eq!(wide, Err(NameError::TooWide { columns: 25, limit: 24 }));
    // One character that looks like eighteen.
    let ligature = "\u{fdfa}".repeat(21);
    assert!(matches!(RoomName::new(&ligature), Err(NameError::TooLong { limit: 256, .. })));
    let each = NameKey::of("\u{fdfa}").as_str().len();
    let with = |more| ["\u{fdfa}".repeat(256 / each), "a".repeat(256 % each + more)].concat();
    assert_eq!(RoomName::new(&with(0)).map(|room| room.key().as_str().len()), Ok(256));
    let too_long = NameError::TooLong { bytes: 257, limit: 256 };
    assert_eq!(RoomName::new(&with(1)), Err(too_long));
}

#[test]
fn a_name_is_within_configured_limits_up_to_their_last_byte_and_column() {
    let mut limits = Limits::default();
    for (name, value) in [("nickname_bytes", 5), ("nickname_columns", 4), ("room_name_bytes", 4)] {
        limits.set(name, value).expect("within its range");
    }
    let nickname = |name: &str| Nickname::new(name).and_then(|name| name.within(&limits));
    assert_eq!(nickname("anna"), Ok(()));
    assert_eq!(nickname("annie"), Err(NameError::TooWide { columns: 5, limit: 4 }));
    assert_eq!(nickname("\u{e9}\u{e9}m"), Ok(()));
    assert_eq!(nickname("\u{e9}\u{e9}\u{e9}"), Err(NameError::TooLong { bytes: 6, limit: 5 }));
    let room = |name: &str| RoomName::new(name).and_then(|name| name.within(&limits));
    assert_eq!(room("teas"), Ok(()));
    assert_eq!(room("lobby"), Err(NameError::TooLong { bytes: 5, limit: 4 }));
}

#[test]
fn a_name_is_displayed_as_given_and_its_reason_quotes_what_is_seen() {
    let (nickname, room) = (Nickname::new("Ann"), RoomName::new("Tea"));
    let (nickname, room) = (nickname.expect("valid"), room.expect("valid"));
    assert_eq!(format!("{nickname} {nickname:?}"), r#"Ann Nickname("Ann")"#);
    assert_eq!(format!("{room} {room:?}"), r#"Tea RoomName("Tea")"#);
    let told = |name| Nickname::new(name).map_err(|error| error.to_string());
    assert_eq!(told("a b"), Err("a name may not contain ' '".into()));
    assert_eq!(told("a\u{ad}b"), Err("a name may not contain '\\u{ad}'".into()));
}

#[test]
fn what_is_longer_than_a_name_is_no_name() {
    let longest = "a".repeat(64);
    let longer = "a".repeat(65);
    assert_ne!(NameKey::of(&longest), NameKey::of(&longer));
    assert!(NameKey::of(&longest) < NameKey::of(&longer));
    assert!(NameKey::of(&longer) < NameKey::of("b"));
    assert_ne!(NameKey::of(&longer), NameKey::of(&"a".repeat(16_000)[..64]));
}

#[test]
fn a_text_has_lines_but_no_controls() {
    for text in ["hi", "two\nlines", "שלום\u{200f}", "👩\u{200d}👩", "e\u{301}", " spaced "]
    {
        assert_eq!(Text::new(text, 4096).map(Text::as_str), Ok(text));
    }
    for c in ['\0', '\t', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}'] {
        let text = format!("a{c}b");
        assert_eq!(Text::new(&text, 4096), Err(TextError::Forbidden(c)), "{text:?}");
    }
    for blank in ["", " ", "\n \n", "\u{3000}", "\u{200d}", " \u{200e}\u{3164}", "\u{2800}"] {
        assert_eq!(Text::new(blank, 4096), Err(TextError::Empty), "{blank:?}");
    }
    let long = "x".repeat(5000);
    assert_eq!(Text::new(&long, 9999), Err(TextError::TooLong { bytes: 5000, limit: 4096 }));
}

/// Characters at the edges: look-alikes, marks, what expands, what is not seen.
fn strange() -> impl Strategy<Value = String> {
    let strange = prop_oneof![
        3 => proptest::char::range('a', 'z'),
        2 => prop::sample::select(&['m', 'I', '1', '0', 'О', 'а', 'І', 'ß', 'İ', 'ſ', 'ﬁ', '\u{fdfa}'][..]),
        2 => prop::sample::select(&['\u{301}', '\u{327}', 'ￍ', 'ᄀ', '가', '𝕬', 'ʍ', '\u{200d}', '👩'][..]),
        1 => any::<char>(),
    ];
    prop::collection::vec(strange, 0..24).prop_map(String::from_iter)
}

#[test]
fn lines_keep_their_line_feeds_and_nothing_else_that_disturbs() {
    assert_eq!(Shown::line("a\nb\u{1b}").to_string(), r"a\u{a}b\u{1b}");
    assert_eq!(Shown::lines("a\nb\u{1b}").to_string(), "a\nb\\u{1b}");
}

proptest! {
    #![proptest_config(random(256))]

    #[test]
    fn a_key_is_its_own_key(name in strange()) {
        let key = NameKey::of(&name);
        prop_assume!(key.as_str().len() <= RoomName::MAX_BYTES);
        prop_assert_eq!(NameKey::of(key.as_str()), key);
    }

    #[test]
    fn a_key_knows_no_case_and_no_normal_form(name in "[a-zà-öА-яα-ω]{1,12}") {
        let key = NameKey::of(&name);
        prop_assert_eq!(NameKey::of(&name.nfd().collect::<String>()), key.clone());
        prop_assert_eq!(NameKey::of(&name.nfc().collect::<String>()), key.clone());
        prop_assert_eq!(NameKey::of(&name.to_uppercase()), key);
    }

    #[test]
    fn a_key_of_anything_knows_no_case(name in strange()) {
        // Changing case changes the order of marks that are not in normal form.
        let name: String = name.nfc().collect();
        prop_assume!(name.to_uppercase().len() <= 64 && name.to_lowercase().len() <= 64);
        prop_assert_eq!(NameKey::of(&name.to_uppercase()), NameKey::of(&name.to_lowercase()));
    }

    #[test]
    fn a_valid_name_is_shown_as_given_and_has_a_short_key(name in strange()) {
        if let Ok(room) = RoomName::new(&name) {
            prop_assert_eq!(room.as_str(), &name);
            prop_assert!(room.key().as_str().len() <= NameKey::MAX_BYTES);
            prop_assert!(!room.key().as_str().is_empty());
            prop_assert_eq!(Shown::line(&name).to_string(), name);
        }
    }

    #[test]
    fn any_string_has_a_bounded_key(name in ".{0,2000}") {
        prop_assert!(NameKey::of(&name).as_str().len() <= 64 * 16);
    }

    #[test]
    fn nothing_shown_disturbs(text in any::<String>(), more in strange()) {
        let text = text + &more + "\u{1b}\u{9b}\u{2029}\r";
        let line = Shown::line(&text).to_string();
        let disturbing = ['\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}'];
        let disturbs = line.contains(|c: char| c.is_control() || disturbing.contains(&c));
        prop_assert!(!disturbs, "{}", line.escape_debug());
        let lines = Shown::lines(&text).to_string();
        prop_assert_eq!(lines.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn a_valid_text_is_shown_as_it_is(text in any::<String>()) {
        if let Ok(text) = Text::new(&text, 4096) {
            prop_assert_eq!(Shown::lines(text.as_str()).to_string(), text.as_str());
        }
    }
}
