//! What keys and events do.

use netcomm_core::client::{Event, HistoryMessage};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::Conversation as Address;

use super::*;
use crate::full_screen::screen::Mode;
use crate::full_screen::screen::entry::Delivery;
use crate::full_screen::screen::scroll::Scroll;

const TEA: Address<'_> = Address::room("tea");
const BOB: Address<'_> = Address::private("bob");

fn titles(screen: &Screen) -> Vec<(String, usize, usize)> {
    screen.conversations().map(|one| (one.title(), one.mentions, one.unread)).collect()
}

#[test]
fn what_is_said_elsewhere_is_counted_and_found_with_one_key() {
    let mut screen = screen(80, 24);
    enters(&mut screen, "tea", 0);
    enters(&mut screen, "milk", 0);
    press(&mut screen, "Alt-1");
    screen.event(&message(TEA, 1, "bob", "hello"));
    screen.event(&message(Address::room("milk"), 1, "bob", "Ann, are you there?"));
    screen.event(&message(TEA, 2, "bob", "hello?"));
    assert!(screen.rings() && !screen.rings(), "it rings once");
    let everyone = ("everyone".into(), 0, 0);
    let mentions = ("mentions".into(), 0, 1);
    let (tea, milk) = (("#tea".into(), 0, 2), ("#milk".into(), 1, 1));
    assert_eq!(titles(&screen), [everyone.clone(), tea.clone(), milk, mentions.clone()]);
    press(&mut screen, "Alt-a");
    assert_eq!(screen.current().title(), "#milk", "mentions come first");
    assert_eq!(titles(&screen), [everyone, tea, ("#milk".into(), 0, 0), mentions]);
    press(&mut screen, "Alt-a");
    assert_eq!(screen.current().title(), "#tea");
    assert!(shown(&screen, 80, 24).contains("─ new ─"));
    press(&mut screen, "Alt-a");
    assert_eq!(screen.notice.as_deref(), Some("nothing unread"));
    press(&mut screen, "Alt-m");
    assert!(shown(&screen, 80, 24).contains("#milk: Ann, are you there?"));
    press(&mut screen, "Ctrl-p");
    press(&mut screen, "Alt-2");
    assert!(!shown(&screen, 80, 24).contains("─ new ─"), "it was seen");
}

#[test]
fn a_private_message_rings_and_counts_as_a_mention() {
    let mut screen = screen(80, 24);
    screen.event(&message(BOB, 1, "bob", "psst"));
    assert!(screen.rings());
    assert_eq!(titles(&screen)[1], ("@bob".into(), 1, 1));
    press(&mut screen, "Alt-2");
    sends(&mut screen, "what?");
    let place = screen.current_place();
    let said = wishes(&mut screen);
    assert!(
        matches!(&said[..], [.., Wish::Say { place: at, text, .. }] if *at == place && text == "what?"),
        "{said:?}"
    );
}

#[test]
fn an_own_message_is_pending_until_it_is_answered() {
    let mut screen = screen(80, 24);
    sends(&mut screen, "hello");
    let said = wishes(&mut screen);
    let Some(Wish::Say { place, entry, .. }) = said.last() else {
        panic!("nothing is said: {said:?}");
    };
    let shows = |screen: &Screen, words: &str| shown(screen, 80, 24).contains(words);
    assert!(shows(&screen, "hello [not sent yet]"));
    screen.deliver(*place, *entry, Delivery::Sent);
    assert!(shows(&screen, "hello [sending]"));
    screen.deliver(*place, *entry, Delivery::Failed("too fast".into()));
    assert!(shows(&screen, "hello [not sent: too fast]"));
    screen.deliver(*place, *entry, Delivery::Unknown);
    assert!(shows(&screen, "[not known whether this arrived]"));
    screen.accept(*place, *entry, (7, 1), Some(NINE));
    assert!(shows(&screen, "│ hello") && !shows(&screen, "["));
}

#[test]
fn pasted_lines_are_not_sent_without_asking() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    types(&mut screen, "see: ");
    screen.paste("one\r\ntwo\rthree\n");
    assert!(shown(&screen, 80, 24).contains("pasted 3 lines"));
    press(&mut screen, "Enter");
    assert_eq!(wishes(&mut screen), [], "Enter is no answer");
    press(&mut screen, "y");
    let texts: Vec<String> = wishes(&mut screen)
        .into_iter()
        .map(|wish| match wish {
            Wish::Say { text, .. } => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["see: one", "two", "three"]);
    screen.paste("/quit\n\n/etc");
    press(&mut screen, "y");
    let texts = wishes(&mut screen);
    let is_said = |wish: &Wish| matches!(wish, Wish::Say { text, .. } if text.starts_with('/'));
    assert!(texts.len() == 2 && texts.iter().all(is_said), "no command: {texts:?}");
    types(&mut screen, "/dm bob ");
    screen.paste("a\nb");
    press(&mut screen, "y");
    assert_eq!(wishes(&mut screen), [], "what is private is not said to all");
    press(&mut screen, "o");
    assert_eq!(screen.current().input.text(), "/dm bob a\nb");
    press(&mut screen, "Ctrl-u");
    screen.set_hidden(true);
    screen.paste("a\nb");
    press(&mut screen, "y");
    assert_eq!(wishes(&mut screen), [], "warned first");
    press(&mut screen, "y");
    assert_eq!(wishes(&mut screen).len(), 2);
    screen.set_hidden(false);
    screen.paste("a\nb");
    press(&mut screen, "n");
    assert_eq!(screen.current().input.text(), "");
    screen.paste("a\nb");
    press(&mut screen, "o");
    assert_eq!(screen.current().input.text(), "a\nb");
    screen.paste("/quit");
    assert_eq!(wishes(&mut screen), [], "a pasted line waits for Enter");
}

#[test]
fn whoever_is_hidden_is_warned_once_before_speaking() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    screen.set_hidden(true);
    sends(&mut screen, "psst");
    assert_eq!(wishes(&mut screen), []);
    assert!(shown(&screen, 80, 24).contains("this would show your name"));
    press(&mut screen, "Enter");
    assert_eq!(wishes(&mut screen).len(), 1);
    sends(&mut screen, "again");
    assert_eq!(wishes(&mut screen).len(), 1, "warned once");
    screen.set_hidden(false);
    screen.set_hidden(true);
    sends(&mut screen, "/dm bob psst");
    assert_eq!(wishes(&mut screen), []);
    press(&mut screen, "Ctrl-u");
    sends(&mut screen, "/reveal");
    assert_eq!(wishes(&mut screen).len(), 1, "a command shows nothing");
}

#[test]
fn tab_offers_who_spoke_last_first() {
    let mut screen = screen(80, 24);
    enters(&mut screen, "tea", 0);
    for (seq, author) in [(1, "bob"), (2, "barbara"), (3, "bob")] {
        screen.event(&message(TEA, seq, author, "x"));
    }
    screen.event(&Event::Online { nickname: "bea".into() });
    types(&mut screen, "b");
    for expected in ["bob: ", "barbara: ", "bea: ", "bob: "] {
        press(&mut screen, "Tab");
        assert_eq!(screen.current().input.text(), expected);
    }
    press(&mut screen, "BackTab");
    assert_eq!(screen.current().input.text(), "bea: ");
    press(&mut screen, "Ctrl-u");
    types(&mut screen, "/dm ba");
    press(&mut screen, "Tab");
    assert_eq!(screen.current().input.text(), "/dm barbara ");
}

#[test]
fn rooms_that_are_not_known_are_looked_for() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    types(&mut screen, "/join t");
    press(&mut screen, "Tab");
    assert_eq!(wishes(&mut screen), [Wish::Rooms]);
    screen.knows_room("tea");
    press(&mut screen, "Tab");
    assert_eq!(screen.current().input.text(), "/join #tea ");
}

#[test]
fn who_comes_and_goes_takes_one_line() {
    let mut screen = screen(80, 24);
    enters(&mut screen, "tea", 0);
    for name in ["bob", "cat", "dan"] {
        let nickname: String = name.into();
        screen.event(&Event::MemberJoined { room: "tea".into(), nickname });
    }
    screen.event(&Event::MemberLeft { room: "tea".into(), nickname: "cat".into() });
    screen.event(&Event::Offline { nickname: "dan".into() });
    let shown = shown(&screen, 100, 24);
    assert!(shown.contains("bob came; cat, dan came and went"), "{shown}");
    assert_eq!(screen.conversations().map(|one| one.unread).sum::<usize>(), 0);
}

#[test]
fn history_is_loaded_at_the_top_and_the_view_stays() {
    let mut screen = screen(80, 24);
    for seq in 41..=80 {
        screen.event(&message(Address::EVERYONE, seq, "bob", &format!("said {seq}")));
    }
    let place = screen.current_place();
    assert_eq!(wishes(&mut screen), [Wish::Earlier { place }], "the pane was not full");
    screen.no_earlier(place, Some("later"));
    press(&mut screen, "PageUp");
    assert_eq!(wishes(&mut screen), [], "there is more to see yet");
    press(&mut screen, "Alt-<");
    assert_eq!(wishes(&mut screen), [Wish::Earlier { place }]);
    let said = |screen: &Screen| -> Vec<String> {
        let lines = lines(screen, 80, 24);
        let said = lines.iter().filter_map(|line| line.split_once("said "));
        said.map(|(_, number)| number.trim_end().into()).collect()
    };
    let before = said(&screen);
    press(&mut screen, "PageUp");
    assert_eq!(wishes(&mut screen), [], "a page is on its way");
    let items: Vec<HistoryMessage> = (11..=41)
        .map(|seq| HistoryMessage {
            seq,
            time: UnixMillis(NINE),
            author: "cat".into(),
            text: format!("said {seq}"),
        })
        .collect();
    screen.take_earlier(place, 7, 1, &items);
    let after = said(&screen);
    assert!(before.len() > 10 && after.ends_with(&before), "{before:?} {after:?}");
    press(&mut screen, "PageUp");
    let after = shown(&screen, 80, 24);
    assert!(after.contains("said 40") && after.matches("said 41").count() <= 1, "{after}");
    press(&mut screen, "Alt-<");
    assert_eq!(wishes(&mut screen), [Wish::Earlier { place }]);
    screen.take_earlier(place, 7, 1, &[]);
    press(&mut screen, "PageUp");
    assert_eq!(wishes(&mut screen), [], "there is no more");
}

#[test]
fn what_comes_while_one_reads_above_is_counted() {
    let mut screen = screen(80, 24);
    for seq in 1..=60 {
        screen.event(&message(Address::EVERYONE, seq, "bob", &format!("said {seq}")));
    }
    press(&mut screen, "PageUp");
    let before = lines(&screen, 80, 24);
    screen.event(&message(Address::EVERYONE, 61, "bob", "news"));
    let after = lines(&screen, 80, 24);
    assert!(after[0].contains("1 new below"), "{}", after[0]);
    assert_eq!(before[1..23], after[1..23], "the view stays");
    press(&mut screen, "Alt->");
    assert!(shown(&screen, 80, 24).contains("news"));
    assert_eq!(screen.current().scroll, Scroll::Bottom);
}

#[test]
fn a_search_goes_from_hit_to_hit_and_back() {
    let mut screen = screen(80, 24);
    for seq in 1..=100 {
        let text = format!("{} {seq}", if seq % 40 == 0 { "Needle" } else { "hay" });
        screen.event(&message(Address::EVERYONE, seq, "bob", &text));
    }
    press(&mut screen, "Ctrl-r");
    types(&mut screen, "needle");
    assert!(shown(&screen, 80, 24).contains("Needle 80"));
    press(&mut screen, "Ctrl-r");
    assert!(shown(&screen, 80, 24).contains("Needle 40"));
    press(&mut screen, "Ctrl-r");
    assert_eq!(screen.notice.as_deref(), Some("no other"));
    press(&mut screen, "Ctrl-s");
    assert!(shown(&screen, 80, 24).contains("Needle 80"));
    press(&mut screen, "Esc");
    assert!(matches!(screen.mode, Mode::Typing) && screen.current().scroll == Scroll::Bottom);
    sends(&mut screen, "/find nothing");
    assert!(shown(&screen, 80, 24).contains("not found"));
}

#[test]
fn three_arrows_at_once_are_the_wheel() {
    let mut screen = screen(80, 24);
    for seq in 1..=60 {
        screen.event(&message(Address::EVERYONE, seq, "bob", "x"));
    }
    sends(&mut screen, "typed before");
    let up = KeyEvent::new(KeyCode::Up, KeyModifiers::NONE);
    screen.keys(&[up, up, up]);
    assert_ne!(screen.current().scroll, Scroll::Bottom);
    assert_eq!(screen.current().input.text(), "");
    screen.keys(&[up]);
    assert_eq!(screen.current().input.text(), "typed before");
}

#[test]
fn what_is_kept_is_bounded_and_the_longest_pays() {
    let display = Display { scrollback: 200, ..Display::default() };
    let mut screen = Screen::new(look(Depth::Mono, false), display, "ann", "host:1");
    screen.event(&message(BOB, 1, "bob", "kept"));
    for seq in 1..=1000 {
        screen.event(&message(Address::EVERYONE, seq, "bob", "x"));
    }
    assert_eq!(screen.kept().0, 200);
    assert_eq!(titles(&screen)[1].0, "@bob");
    assert_eq!(screen.conversations().nth(1).map(|one| one.buffer.len()), Some(1));
    for seq in 1001..=1200 {
        screen.event(&message(Address::EVERYONE, seq, "bob", &"x".repeat(4000)));
    }
    assert!(screen.kept().1 <= 200 * 512, "{:?}", screen.kept());
}

#[test]
fn the_connection_is_told_as_it_is() {
    let mut screen = screen(100, 24);
    screen.lost("the connection ended", 5000);
    assert!(is_lost(&screen));
    let status = shown(&screen, 100, 24);
    assert!(status.contains("retrying in 5 s | the connection ended"), "{status}");
    screen.set_clock(NINE + 3500);
    assert!(shown(&screen, 100, 24).contains("retrying in 2 s"));
    screen.logged_in(false, true);
    let everyone = ConversationName::from(Address::EVERYONE);
    screen.event(&Event::CaughtUp { conversation: everyone.clone(), count: 3 });
    screen.event(&Event::Gone { conversation: everyone, first: 4, last: 9 });
    let shown = shown(&screen, 100, 24);
    assert!(shown.contains("3 messages while you were away"), "{shown}");
    assert!(shown.contains("messages 4 to 9 are missing"), "{shown}");
}

#[test]
fn ctrl_c_drops_the_line_and_ends_only_twice_on_an_empty_one() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    types(&mut screen, "half a line");
    press(&mut screen, "Ctrl-c");
    assert_eq!(screen.current().input.text(), "");
    press(&mut screen, "Ctrl-c");
    types(&mut screen, "x");
    press(&mut screen, "Ctrl-c");
    press(&mut screen, "Ctrl-c");
    assert_eq!(wishes(&mut screen), []);
    press(&mut screen, "Ctrl-c");
    assert_eq!(wishes(&mut screen), [Wish::Quit(crate::exit::INTERRUPTED)]);
}

#[test]
fn each_conversation_keeps_what_is_typed_in_it() {
    let mut screen = screen(80, 24);
    enters(&mut screen, "tea", 0);
    types(&mut screen, "for tea");
    press(&mut screen, "Alt-1");
    assert_eq!(screen.current().input.text(), "");
    press(&mut screen, "Ctrl-n");
    assert_eq!(screen.current().input.text(), "for tea");
}

#[test]
fn a_private_conversation_follows_a_new_nickname() {
    let mut screen = screen(80, 24);
    screen.event(&message(BOB, 1, "bob", "hi"));
    screen.event(&Event::Renamed { from: "bob".into(), to: "rob".into() });
    screen.event(&message(Address::private("rob"), 2, "rob", "it is me"));
    assert_eq!(titles(&screen).len(), 2);
    assert_eq!(titles(&screen)[1].0, "@rob");
}

#[test]
fn a_mention_that_was_seen_where_it_was_said_is_not_unread_in_the_list() {
    let mut screen = screen(80, 24);
    enters(&mut screen, "tea", 0);
    let list = |screen: &Screen| {
        let lines = lines(screen, 80, 24);
        let line = lines.into_iter().find(|line| line.contains("mentions"));
        line.expect("a list")[..19].trim_end().to_owned()
    };
    screen.event(&message(TEA, 1, "bob", "ann?"));
    assert_eq!(list(&screen), " 3 mentions");
    press(&mut screen, "Alt-1");
    screen.event(&message(TEA, 2, "bob", "ann!"));
    screen.event(&message(TEA, 3, "bob", "ann!"));
    assert_eq!(list(&screen), " 3 mentions       2");
    press(&mut screen, "Alt-2");
    assert_eq!(list(&screen), " 3 mentions");
}

#[test]
fn the_help_knows_the_commands_of_the_screen_and_ends_at_its_last_line() {
    let mut screen = screen(120, 12);
    sends(&mut screen, "/help query");
    assert!(shown(&screen, 120, 12).contains("/query <nick>: open the private conversation"));
    sends(&mut screen, "/help dm");
    assert!(shown(&screen, 120, 12).contains("/dm <nick> <text>: say something"));
    press(&mut screen, "F1");
    assert!(shown(&screen, 120, 12).contains("(1-9 of "));
    (0..20).for_each(|_| press(&mut screen, "PageDown"));
    let end = shown(&screen, 120, 12);
    assert!(end.contains("/redraw"), "{end}");
    press(&mut screen, "Up");
    assert!(!shown(&screen, 120, 12).contains("/redraw"));
    press(&mut screen, "x");
    assert_eq!(screen.current().input.text(), "", "it only closes the help");
}

#[test]
fn whoever_wants_it_has_a_compact_screen_in_a_wide_window_too() {
    let display = Display { compact: true, ..Display::default() };
    let mut screen = Screen::new(look(Depth::Mono, false), display, "ann", "host:1");
    screen.resize(120, 24);
    screen.event(&message(Address::EVERYONE, 1, "bob", "hello"));
    assert!(shown(&screen, 120, 24).contains("│09:10 bob: hello"));
}

#[test]
fn whoever_comes_hidden_is_told_what_that_means() {
    let mut screen = Screen::new(look(Depth::Mono, false), Display::default(), "ann", "host:1");
    screen.set_hidden(true);
    screen.logged_in(true, false);
    assert!(shown(&screen, 80, 24).contains("you are hidden: nobody sees you"));
    press(&mut screen, "x");
    assert!(shown(&screen, 80, 24).contains("ann (hidden) | connected"));
}

#[test]
fn a_slash_right_after_escape_still_begins_a_command() {
    let mut screen = screen(80, 24);
    for mode in ["", "F1", "Ctrl-r"] {
        if !mode.is_empty() {
            press(&mut screen, mode);
        }
        press(&mut screen, "Alt-/");
        types(&mut screen, "query bob");
        assert_eq!(screen.current().input.text(), "/query bob", "{mode}");
        press(&mut screen, "Ctrl-u");
    }
}

#[test]
fn only_plain_keys_answer_what_is_asked_about_a_paste() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    screen.paste("one\ntwo");
    for key in ["Ctrl-y", "Alt-y", "Ctrl-o", "Alt-n", "Enter"] {
        press(&mut screen, key);
        assert!(matches!(screen.mode, Mode::Paste(_)), "{key}");
    }
    for key in ["Ctrl-c", "Ctrl-g", "n", "Esc"] {
        screen.paste("one\ntwo");
        press(&mut screen, key);
        assert!(matches!(screen.mode, Mode::Typing), "{key}");
    }
    assert_eq!(wishes(&mut screen), []);
    assert_eq!(screen.current().input.text(), "");
}

#[test]
fn what_is_pasted_while_a_paste_is_asked_about_is_added_to_it() {
    let mut screen = screen(80, 24);
    wishes(&mut screen);
    screen.paste("one\ntwo\n");
    screen.paste("three");
    assert!(shown(&screen, 80, 24).contains("pasted 3 lines: y sends 3 messages"));
    press(&mut screen, "y");
    assert_eq!(wishes(&mut screen).len(), 3);
}
