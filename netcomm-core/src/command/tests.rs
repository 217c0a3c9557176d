use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

use super::*;

fn command(line: &str) -> Result<Command<'_>, CommandError> {
    match parse(line)? {
        Line::Command(command) => Ok(command),
        Line::Text(text) => panic!("{text:?} is a text"),
    }
}

#[test]
fn every_command_reads_its_arguments() {
    let members = |room, from| Command::Members { room, from };
    let private = |nickname, text| Command::Private { nickname, text };
    let room = |room, text| Command::Room { room, text };
    let history = |conversation, count, before| Command::History { conversation, count, before };
    let (everyone, b) = (Conversation::EVERYONE, Conversation::private("b"));
    let lines = [
        ("/members", members(None, "")),
        ("/members *", members(None, "")),
        ("/members * bob", members(None, "bob")),
        ("/who lobby", members(Some("lobby"), "")),
        ("/who #lobby @bob", members(Some("lobby"), "bob")),
        ("/broadcast hi  all ", Command::Broadcast("hi  all ")),
        ("/ALL\t hi", Command::Broadcast("hi")),
        ("/dm bob hi", private("bob", "hi")),
        ("/msg @bob  /quit", private("bob", "/quit")),
        ("/w bob #x", private("bob", "#x")),
        ("/create_room lobby", Command::CreateRoom("lobby")),
        ("/create #lobby", Command::CreateRoom("lobby")),
        ("/get_rooms", Command::Rooms("")),
        ("/rooms lobby", Command::Rooms("lobby")),
        ("/list #lobby", Command::Rooms("lobby")),
        ("/join lobby", Command::Join("lobby")),
        ("/join \t #lobby \t", Command::Join("lobby")),
        ("/leave lobby", Command::Leave("lobby")),
        ("/part #lobby", Command::Leave("lobby")),
        ("/room lobby hi\nthere", room("lobby", "hi\nthere")),
        ("/room #lobby @bob", room("lobby", "@bob")),
        ("/hide", Command::Hide),
        ("/hide ", Command::Hide),
        ("/Reveal", Command::Reveal),
        ("/nick rob", Command::Nick("rob")),
        ("/history", history(None, None, None)),
        ("/history 1", history(None, Some(1), None)),
        ("/history 100 2", history(None, Some(100), Some(2))),
        ("/history *", history(Some(everyone), None, None)),
        ("/history #7 5", history(Some(Conversation::room("7")), Some(5), None)),
        ("/history @b 5 18446744073709551615", history(Some(b), Some(5), Some(u64::MAX))),
        ("/help", Command::Help(None)),
        ("/help /dm", Command::Help(Some("/dm"))),
        ("/quit", Command::Quit),
        ("/exit", Command::Quit),
    ];
    for (line, expected) in lines {
        assert_eq!(command(line), Ok(expected), "{line}");
    }
    for row in COMMANDS {
        for name in [row.name].iter().chain(row.aliases) {
            let tried =
                |(line, _): &(&str, _)| line.to_lowercase().split([' ', '\t']).next() == Some(name);
            assert!(lines.iter().any(tried), "no line tries {name}");
        }
    }
}

#[test]
fn what_is_missing_superfluous_or_malformed_shows_the_usage() {
    let lines = [
        "/members @bob",
        "/members #",
        "/members lobby #x",
        "/members lobby bob x",
        "/broadcast",
        "/broadcast \t",
        "/dm",
        "/dm bob",
        "/dm bob ",
        "/dm #lobby hi",
        "/dm * hi",
        "/dm @ hi",
        "/dm @@bob hi",
        "/create_room",
        "/create_room a b",
        "/create_room *",
        "/rooms a b",
        "/rooms @a",
        "/join",
        "/join #",
        "/join ##a",
        "/join @bob",
        "/join a b",
        "/leave",
        "/leave a b",
        "/room",
        "/room lobby",
        "/room lobby ",
        "/room @bob hi",
        "/hide x",
        "/reveal x",
        "/nick",
        "/nick a b",
        "/history lobby",
        "/history 0",
        "/history 101",
        "/history +5",
        "/history -5",
        "/history 5 0",
        "/history 5 1",
        "/history 5 x",
        "/history 5 18446744073709551616",
        "/history 5 6 7",
        "/history * *",
        "/history *x",
        "/history #",
        "/history @",
        "/history 99999999999999999999999",
        "/help a b",
        "/quit x",
    ];
    for line in lines {
        let name = line.split([' ', '\t']).next().and_then(|name| table::find(&name[1..]));
        let row = name.expect("the command exists");
        let error = CommandError::Usage(row.name, row.arguments);
        assert_eq!(command(line), Err(error), "{line}");
    }
    assert_eq!(
        command("/history 101").map_err(|error| error.to_string()),
        Err("usage: /history [conversation] [1-100] [before]".into())
    );
    assert_eq!(command("/hide x").map_err(|error| error.to_string()), Err("usage: /hide".into()));
}

#[test]
fn what_is_no_command_is_a_text_or_refused() {
    assert_eq!(parse(""), Err(CommandError::Empty));
    for (line, text) in [("hi", "hi"), (" /quit", " /quit"), ("//", "/"), ("//quit", "/quit")] {
        assert_eq!(parse(line), Ok(Line::Text(text)));
    }
    for line in ["/", "/ ", "/ join x", "/joinx", "/\u{212a}", "/quit\n", "/h", "/ /help"] {
        assert_eq!(parse(line), Err(CommandError::Unknown), "{line:?}");
    }
}

#[test]
fn requests_say_what_the_commands_say() {
    let here = Conversation::room("here");
    let message = |line| parse(line).map(|line| line.to_message(here, 7));
    let post = |conversation, text| {
        Ok(Some(ClientMessage::Post { conversation, epoch: None, nonce: 7, text }))
    };
    let history = |conversation, last, most| {
        Ok(Some(ClientMessage::History {
            conversation,
            epoch: None,
            first: 1,
            last,
            latest: true,
            most,
        }))
    };
    assert_eq!(message("hi"), post(here, "hi"));
    assert_eq!(message("//hi"), post(here, "/hi"));
    assert_eq!(message("/all hi"), post(Conversation::EVERYONE, "hi"));
    assert_eq!(message("/room x hi"), post(Conversation::room("x"), "hi"));
    assert_eq!(message("/dm bob hi"), post(Conversation::private("bob"), "hi"));
    assert_eq!(message("/history"), history(here, u64::MAX, 0));
    assert_eq!(message("/history @bob 5 9"), history(Conversation::private("bob"), 8, 5));
    assert_eq!(
        message("/who a b"),
        Ok(Some(ClientMessage::Members { room: Some("a"), from: "b" }))
    );
    assert_eq!(message("/rooms a"), Ok(Some(ClientMessage::Rooms { from: "a" })));
    assert_eq!(message("/create a"), Ok(Some(ClientMessage::CreateRoom { room: "a" })));
    assert_eq!(message("/join a"), Ok(Some(ClientMessage::Join { room: "a" })));
    assert_eq!(message("/leave a"), Ok(Some(ClientMessage::Leave { room: "a" })));
    assert_eq!(message("/nick a"), Ok(Some(ClientMessage::Rename { nickname: "a" })));
    assert_eq!(message("/hide"), Ok(Some(ClientMessage::Hide)));
    assert_eq!(message("/reveal"), Ok(Some(ClientMessage::Reveal)));
    assert_eq!(message("/quit"), Ok(Some(ClientMessage::Quit)));
    assert_eq!(message("/help"), Ok(None));
}

#[test]
fn names_are_unique_and_found_by_help() {
    let mut names = Vec::new();
    for row in COMMANDS {
        for name in [row.name].iter().chain(row.aliases) {
            assert!(!names.contains(name), "{name} stands for two commands");
            names.push(name);
            for asked in [name.to_string(), name[1..].to_uppercase()] {
                let rows = help(Some(&asked)).expect("it has help");
                assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), vec![row.name]);
            }
        }
    }
    assert_eq!(help(Some("dance")).err(), Some(CommandError::Unknown));
    assert_eq!(help(Some("")).err(), Some(CommandError::Unknown));
}

#[test]
fn help_is_aligned_and_complete() {
    let lines: Vec<String> =
        help(None).expect("the list").iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), COMMANDS.len());
    let column = lines[0].find(COMMANDS[0].help);
    for (line, row) in lines.iter().zip(COMMANDS) {
        assert!(line.starts_with(&format!("{} {}", row.name, row.arguments)), "{line}");
        assert_eq!(line.find(row.help), column, "{line}");
        assert!(line.len() <= 98, "{line}");
        for alias in row.aliases {
            assert!(line.contains(alias), "{line}");
        }
    }
    assert_eq!(
        lines[2],
        "/dm <nick> <text>                         say something to one user; also /msg, /w"
    );
}

proptest! {
    #[test]
    fn any_line_is_read_and_a_known_command_is_never_unknown(line in any::<String>(), word in "[a-z_]{0,12}|room|history|dm") {
        if let Ok(line) = parse(&line) {
            let is_help = matches!(line, Line::Command(Command::Help(_)));
            prop_assert_eq!(line.to_message(Conversation::EVERYONE, 0).is_none(), is_help);
        }
        let typed = format!("/{word} {line}");
        let unknown = parse(&typed) == Err(CommandError::Unknown);
        prop_assert_eq!(unknown, table::find(&word).is_none());
    }

    #[test]
    fn texts_arrive_unchanged(text in "[^ \t].{0,40}", gap in "[ \t]{1,3}") {
        let line = format!("/all{gap}{text}");
        prop_assert_eq!(command(&line), Ok(Command::Broadcast(&text)));
        let line = format!("/room{gap}a{gap}{text}");
        prop_assert_eq!(command(&line), Ok(Command::Room { room: "a", text: &text }));
        let plain = Line::Text(&text);
        let escaped = if text.starts_with('/') { format!("/{text}") } else { text.clone() };
        prop_assert_eq!(parse(&escaped), Ok(plain));
    }
}
