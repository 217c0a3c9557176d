//! The full screen in a real terminal, against the real server.

mod people;
mod support;
mod window;

use std::env;
use std::net::TcpListener;

use netcomm_client::full_screen::look::Depth;
use netcomm_client::full_screen::terminal::Terminal;
use people::{House, Person};
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use support::Peer;
use window::{Window, client};

const ENTER: &str = "\r";
const PAGE_UP: &str = "\u{1b}[5~";

fn house() -> House {
    House::open(&[("post_burst", 100_000), ("query_burst", 100_000)])
}

#[test]
fn a_whole_evening() {
    let house = house();
    let address = house.address();
    let mut bob = Person::with_socket(address, "bob");
    let mut ann = Window::open(client(address, &[]));
    ann.waits("the full screen", vt100::Screen::alternate_screen);
    ann.shows("welcome, ann");
    ann.types(&format!("/create_room tea{ENTER}"));
    ann.shows("you are in #tea");
    bob.types("/join tea");
    bob.reads(&["* you are in #tea"]);
    ann.shows("bob came");

    // Completion, and messages both ways.
    ann.types("b\t");
    ann.shows("#tea> bob:");
    ann.types(&format!("milk or lemon?{ENTER}"));
    bob.reads(&["ann", "bob: milk or lemon?"]);
    ann.waits("an accepted message", |screen| {
        let contents = screen.contents();
        contents.contains("│ bob: milk or lemon?") && !contents.contains("[sending]")
    });
    bob.types("lemon");
    ann.shows("bob │ lemon");
    ann.types(&format!("/dm zoe hello{ENTER}"));
    ann.shows("[not sent: ");
    ann.types("\u{1b}2");
    bob.types("/dm ann psst");
    ann.shows("@1/1");
    ann.types("\u{1b}a");
    ann.shows("bob │ psst");
    ann.types("\u{1b}2");

    // Scrolling.
    (0..60).for_each(|n| bob.types(&format!("line {n} of many")));
    ann.shows("line 59 of many");
    ann.types(PAGE_UP);
    ann.shows("scrolled up");
    ann.shows_no("line 59 of many");
    ann.types("\u{1b}>");
    ann.shows("line 59 of many");
    ann.types("\u{12}line 7 of");
    ann.shows("line 7 of many");
    ann.types("\u{1b}");
    ann.shows("line 59 of many");

    // Smaller, and wider again.
    ann.resize(40, 10);
    ann.shows_no("│");
    ann.shows("bob: line 59 of many");
    ann.resize(110, 30);
    ann.shows("bob │ line 59 of many");

    // More lines than one are not sent without asking.
    ann.types("\u{1b}[200~one\rtwo\u{1b}[201~");
    ann.shows("pasted 2 lines");
    ann.types("n");
    ann.shows_no("pasted 2 lines");

    // The server goes and comes back.
    drop(house);
    bob.ends();
    ann.shows("not connected");
    ann.types(&format!("said to nobody{ENTER}"));
    ann.shows("said to nobody [not sent yet]");
    let house = House::open_at(address, &[("post_burst", 100_000), ("query_burst", 100_000)]);
    ann.shows("connected again as ann");
    ann.shows_no("[not sent yet]");
    let mut carol = Person::with_socket(address, "carol");
    carol.types("/history #tea");
    carol.types("/join tea");
    carol.reads(&["* you are in #tea"]);
    carol.types("still here?");
    ann.shows("carol │ still here?");

    ann.types(&format!("/quit{ENTER}"));
    carol.reads(&["* ann is offline"]);
    assert_eq!(ann.ends().exit_code(), 0);
    ann.is_given_back();
    carol.ends();
    drop(house);
}

#[test]
fn much_that_is_typed_at_once_is_read_to_its_end() {
    let house = house();
    let mut ann = Window::open(client(house.address(), &[]));
    ann.shows("welcome, ann");
    for round in ["first", "second"] {
        // A terminal that does not bracket a paste sends it as if it were typed.
        ann.types(&format!("{}the {round} end", "x".repeat(3000)));
        ann.shows(&format!("the {round} end"));
        ann.types("\u{15}");
        ann.shows_no(&format!("the {round} end"));
    }
}

#[test]
fn history_is_read_while_one_scrolls() {
    let house = house();
    let mut bob = Person::with_socket(house.address(), "bob");
    (1..=250).for_each(|n| bob.types(&format!("/all number {n}.")));
    bob.types("/history * 1");
    bob.reads(&["number 250."]);
    let mut ann = Window::open(client(house.address(), &[]));
    ann.shows("number 250.");
    // Each page is asked for when the top is reached; the help tells that the keys were read.
    let mut is_top = false;
    for _ in 0..10_000 {
        ann.types("\u{1b}<\u{1b}?");
        ann.shows("any key closes the help");
        ann.types("x");
        ann.shows_no("any key closes the help");
        ann.look(|screen| is_top = screen.contents().contains("number 1."));
        if is_top {
            break;
        }
    }
    assert!(is_top, "the first message is never reached");
    ann.types("\u{1b}>");
    ann.shows("number 250.");
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    let house = house();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut ann = Window::open(client(house.address(), &[]));
        ann.shows("welcome, ann");
        ann.signal(signal);
        assert_eq!(ann.ends().exit_code(), 130);
        ann.is_given_back();
    }
}

#[test]
fn suspending_gives_the_terminal_back_for_a_while() {
    let house = house();
    let mut bob = Person::with_socket(house.address(), "bob");
    // A shell that minds its jobs, as a person's does.
    let script = "set -m; \"$0\" \"$@\"; echo stopped; read go_on; fg; exit $?";
    let mut ann = Window::open(in_shell(script, &client(house.address(), &[])));
    ann.shows("welcome, ann");
    ann.types("\u{1a}");
    ann.shows("stopped");
    ann.is_given_back();
    bob.types("/all are you there?");
    ann.types(ENTER);
    ann.waits("the full screen", vt100::Screen::alternate_screen);
    ann.shows("are you there?");
    ann.types(&format!("yes{ENTER}"));
    bob.reads(&["ann", "yes"]);
    ann.types("\u{3}\u{3}");
    assert_eq!(ann.ends().exit_code(), 130);
    ann.is_given_back();
}

#[test]
fn nothing_is_suspended_that_no_shell_could_let_go_on() {
    let house = house();
    let alone = client(house.address(), &[]);
    let minded = in_shell("\"$0\" \"$@\"; exit $?", &alone);
    for command in [alone, minded] {
        let mut ann = Window::open(command);
        ann.shows("welcome, ann");
        ann.types("\u{1a}");
        ann.shows("not suspended: no shell here could let it go on");
        ann.types(&format!("/quit{ENTER}"));
        assert_eq!(ann.ends().exit_code(), 0);
    }
}

/// `command` as the arguments of a shell's script, in its environment.
fn in_shell(script: &str, command: &CommandBuilder) -> CommandBuilder {
    let mut shell = command.clone();
    let argv = shell.get_argv_mut();
    argv.splice(0..0, ["sh", "-c", script].map(Into::into));
    shell
}

#[test]
fn a_second_signal_to_end_gives_the_terminal_back_too() {
    // A server that does not say goodbye.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let mut ann = Window::open(client(listener.local_addr().expect("it is bound"), &[]));
    let _peer = Peer::welcome(&listener);
    ann.shows("welcome, ann");
    ann.signal(Signal::TERM);
    ann.signal(Signal::INT);
    assert_eq!(ann.ends().exit_code(), 130);
    ann.is_given_back();
}

/// What the test below runs in a terminal.
const PANICS: &str = "NETCOMM_TEST_PANICS";

#[test]
fn a_panic_gives_the_terminal_back() {
    if env::var_os(PANICS).is_some() {
        let _terminal = Terminal::enter(Depth::Mono).expect("a terminal");
        panic!("as a test");
    }
    let mut command = CommandBuilder::new(env::current_exe().expect("this program"));
    command.args(["--exact", "a_panic_gives_the_terminal_back", "--nocapture"]);
    command.env(PANICS, "1");
    command.env("TERM", "xterm");
    let mut window = Window::open(command);
    assert_ne!(window.ends().exit_code(), 0);
    window.shows("as a test");
    window.is_given_back();
}

#[test]
fn a_terminal_that_cannot_do_it_gets_lines() {
    let house = house();
    for (term, more) in [(Some("dumb"), &[][..]), (None, &[]), (Some("xterm"), &["--plain"])] {
        let mut command = client(house.address(), more);
        match term {
            Some(term) => command.env("TERM", term),
            None => command.env_remove("TERM"),
        }
        let mut ann = Window::open(command);
        ann.shows("* welcome, ann");
        ann.waits("no full screen", |screen| !screen.alternate_screen());
        ann.types("/quit\n");
        assert_eq!(ann.ends().exit_code(), 0);
    }
}

#[test]
fn the_environment_decides_about_colours_and_characters() {
    let house = house();
    let mut bob = Person::with_socket(house.address(), "bob");
    bob.types("/all grüße");
    bob.types("/history * 1");
    bob.reads(&["grüße"]);
    for (name, value, bar) in [
        ("TERM", "xterm", "│"),
        ("NO_COLOR", "1", "│"),
        ("COLORTERM", "truecolor", "│"),
        ("LC_ALL", "C", "|"),
    ] {
        let mut command = client(house.address(), &[]);
        command.env(name, value);
        let mut ann = Window::open(command);
        let said = if name == "LC_ALL" { "gr??e" } else { "grüße" };
        ann.shows(&format!("bob {bar} {said}"));
        ann.look(|screen| {
            let (rows, columns) = screen.size();
            let cells = (0..rows.get()).flat_map(|y| (0..columns.get()).map(move |x| (y, x)));
            let colours: Vec<vt100::Color> = cells
                .filter_map(|(y, x)| screen.cell(y, x))
                .map(vt100::Cell::fgcolor)
                .filter(|colour| *colour != vt100::Color::Default)
                .collect();
            let few = |colour: &vt100::Color| matches!(colour, vt100::Color::Idx(0..16));
            let rgb = |colour: &vt100::Color| matches!(colour, vt100::Color::Rgb(..));
            match name {
                "TERM" => assert!(!colours.is_empty() && colours.iter().all(few), "{colours:?}"),
                "NO_COLOR" => assert_eq!(colours, []),
                "COLORTERM" => assert!(colours.iter().any(rgb), "{colours:?}"),
                _ => assert!(screen.contents().is_ascii(), "{}", screen.contents()),
            }
        });
        ann.types("/quit\r");
        ann.ends();
    }
}

#[test]
fn lines_in_a_c_locale_are_ascii_on_a_terminal() {
    let house = house();
    let mut bob = Person::with_socket(house.address(), "bob");
    let mut command = client(house.address(), &["--plain"]);
    command.env("LC_ALL", "C");
    let mut ann = Window::open(command);
    ann.shows("* welcome, ann");
    bob.types("/all grüße");
    ann.shows("bob | gr??e");
    ann.types("/quit\n");
    assert_eq!(ann.ends().exit_code(), 0);
}

#[test]
fn a_window_that_changes_while_it_starts_is_drawn_as_it_is() {
    let house = house();
    for lines in 5..25 {
        let mut ann = Window::open(client(house.address(), &[]));
        // Between the first measure and the first key that is waited for.
        ann.waits("the full screen", vt100::Screen::alternate_screen);
        ann.resize(96, lines);
        ann.shows("welcome, ann");
        ann.waits("a prompt in the last line", |screen| {
            screen
                .contents()
                .lines()
                .nth(usize::from(lines) - 1)
                .is_some_and(|last| last.starts_with("everyone>"))
        });
        ann.types("/quit\r");
        ann.ends();
    }
}
