use std::fmt::Write as _;

use jiff::civil::date;
use proptest::prelude::*;

use netcomm_core::time::UnixMillis;
use netcomm_core::wire::Conversation;
use netcomm_core::words::Page as _;

use super::*;

const NOON: u64 = 1_774_872_000_000;

fn page(colours: bool) -> Page {
    let now = Timestamp::from_millisecond(NOON.cast_signed()).expect("a time of day");
    Page::new(TimeZone::UTC, now, colours)
}

fn said<'a>(conversation: Conversation<'a>, author: &'a str, text: &'a str) -> Said<'a> {
    Said { conversation, time: UnixMillis(NOON), author, text }
}

#[test]
fn messages_are_aligned_and_say_where_they_were_said() {
    let mut page = page(false);
    page.said(said(Conversation::EVERYONE, "bob", "hello\nworld"));
    page.said(said(Conversation::room("lobby"), "alice", "* not the system"));
    page.said(said(Conversation::private("eve"), "eve", "psst"));
    page.said(said(Conversation::EVERYONE, &"x".repeat(99), "long"));
    assert_eq!(
        page.take(),
        "12:00:00          bob | hello\n           \
        world\n\
        12:00:00        alice #lobby | * not the system\n\
        12:00:00          eve (private) | psst\n\
        12:00:00 xxxxxxxxxxxxxxxxxxxxxxx… | long\n"
    );
}

#[test]
fn another_day_is_named_once() {
    let mut page = page(false);
    let mut yesterday = said(Conversation::EVERYONE, "bob", "late");
    yesterday.time = UnixMillis(NOON - 24 * 3600 * 1000);
    page.said(yesterday);
    page.said(yesterday);
    page.said(said(Conversation::EVERYONE, "bob", "now"));
    let day = date(2026, 3, 29);
    assert_eq!(page.take().matches(&format!("* {day}\n")).count(), 1);
    let mut never = said(Conversation::EVERYONE, "bob", "when?");
    never.time = UnixMillis(u64::MAX);
    page.said(never);
    assert!(page.take().starts_with("--:--:-- "));
}

#[test]
fn long_lines_break_between_words_or_else_within_them() {
    let mut page = page(false);
    page.set_width(Some(40));
    page.said(said(Conversation::EVERYONE, "bob", "one two three four five six seven"));
    page.system(format_args!("{}", "y".repeat(50)));
    page.list(format_args!("online:"), &["alice", "bob", "carol-with-a-longer-name", "dave"]);
    assert_eq!(
        page.take(),
        format!(
            "12:00:00          bob | one two three\n           \
            four five six seven\n\
            * {}\n  {}\n\
            * online: alice, bob,\n  carol-with-a-longer-name, dave\n",
            "y".repeat(38),
            "y".repeat(12)
        )
    );
}

#[test]
fn names_are_coloured_only_where_colours_are_wanted() {
    let mut page = page(true);
    page.said(said(Conversation::EVERYONE, "bob", "hi"));
    let mut expected = String::new();
    let style = colour::of("bob");
    writeln!(expected, "{style}bob{style:#} | hi").expect("a string takes all");
    assert!(page.take().ends_with(&expected));
}

fn foreign() -> impl Strategy<Value = String> {
    let tricks = prop::sample::select(vec![
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\r",
        "\n",
        "\t",
        "\x08",
        "\u{9b}",
        "\u{202e}",
        "\u{2028}",
        "* ",
        "12:00:00 bob | ",
        "\u{300}",
        "家",
        "👩‍👩‍👧",
        " ",
        "word",
    ]);
    prop::collection::vec(
        prop_oneof![3 => tricks.prop_map(String::from), 1 => any::<String>()],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

/// What is left of `shown` without the colours that a page itself puts there.
fn without_our_colours(shown: &str) -> String {
    let mut rest = shown;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        let (code, after) = after.split_once('m').expect("a colour ends");
        assert!(code.chars().all(|c| c.is_ascii_digit() || c == ';'));
        rest = after;
    }
    plain + rest
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_foreign_text_moves_the_cursor_or_forges_a_line(
        place in 0_u8..4,
        (name, author, text) in (foreign(), foreign(), foreign()),
        colours: bool,
        width in prop::option::of(0_usize..120),
    ) {
        let conversation = match place {
            0 => Conversation::EVERYONE,
            1 => Conversation::room(&name),
            2 => Conversation::private(&name),
            _ => Conversation {
                kind: ConversationKind(99),
                name: &name,
            },
        };
        let mut page = page(colours);
        page.set_width(width);
        page.said(said(conversation, &author, &text));
        page.system(format_args!("{text}"));
        page.list(format_args!("online:"), &[&name, &author]);
        let shown = without_our_colours(&page.take());
        prop_assert!(!shown.chars().any(|c| c != '\n' && disturbs(c)), "{shown:?}");
        prop_assert!(shown.ends_with('\n'));
        let begun = shown.lines().filter(|line| !line.starts_with(' ') && !line.is_empty());
        prop_assert_eq!(begun.count(), 3, "{}", shown);
        if let Some(width) = width {
            for line in shown.lines() {
                prop_assert!(columns(line) <= width.max(LEAST_WIDTH), "{line:?}");
            }
        }
    }
}

#[test]
fn where_only_ascii_can_be_shown_there_is_nothing_else() {
    let mut page = page(true).in_ascii();
    page.said(said(Conversation::EVERYONE, "b\u{f6}b", "na\u{ef}ve 日 e\u{301} \u{9b}31m"));
    let shown = page.take();
    assert!(shown.is_ascii(), "{shown:?}");
    assert!(shown.contains("b?b") && shown.contains("na?ve ?? e ?31m"), "{shown:?}");
}
