//! The pictures of the README are what a terminal shows. `NETCOMM_WRITE_PICTURES=1` draws them
//! anew.

mod people;
mod picture;
mod window;

use std::env;
use std::fs;
use std::path::Path;

use people::{House, Person};
use window::{Window, client};

const ENTER: &str = "\r";

/// Waits until all of this is in the window; draws it, or finds the same in the picture.
fn shows(window: &Window, name: &str, words: &[&str]) {
    for words in words {
        window.shows(words);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if env::var_os("NETCOMM_WRITE_PICTURES").is_some() {
        let mut drawn = String::new();
        window.look(|screen| drawn = picture::svg(screen));
        fs::write(&path, drawn).expect("a picture");
    }
    let drawn = fs::read_to_string(&path).expect("a picture");
    for words in words {
        let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(drawn.contains(&words), "{name} does not show {words:?}: draw it anew");
    }
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("docs/{name}")), "the README does not show {name}");
}

fn says(person: &mut Person, line: &str, ann: &Window, shown: &str) {
    person.types(line);
    ann.shows(shown);
}

#[test]
fn what_is_said_and_what_is_unread() {
    let house = House::open(&[("post_burst", 1000), ("query_burst", 1000)]);
    let [mut bob, mut carol, mut dave] =
        ["bob", "carol", "dave"].map(|name| Person::with_socket(house.address(), name));
    let mut ann = Window::open(client(house.address(), &["--join", "lobby"]));
    ann.resize(96, 24);
    ann.shows("you are in #lobby");
    ann.types(&format!("/create_room tea{ENTER}"));
    ann.shows("you are in #tea");
    says(&mut bob, "/join tea", &ann, "bob came");
    says(&mut dave, "/join tea", &ann, "bob, dave came");
    says(&mut dave, "/leave tea", &ann, "dave came and went");
    says(&mut bob, "the kettle is on. milk or lemon?", &ann, "milk or lemon?");
    says(&mut carol, "/join tea", &ann, "carol came");
    says(&mut carol, "for me just hot water, I have had three cups already", &ann, "hot water");
    ann.types(&format!("lemon for both of us{ENTER}"));
    ann.shows("lemon for both of us");
    ann.shows_no("[sending]");
    says(&mut bob, "ann: there is cake, too: 抹茶ケーキ", &ann, "there is cake");
    ann.types("\u{1b}1");
    ann.shows("everyone> ");
    says(&mut bob, "is the lemon yours?", &ann, "#tea           1");
    says(&mut bob, "I cannot find the knife", &ann, "#tea           2");
    ann.types("\u{1b}3");
    ann.shows("find the knife");
    carol.types("/join lobby");
    says(&mut carol, "has anybody seen ann today?", &ann, "@1/1");
    says(&mut dave, "/dm ann are you coming on Friday?", &ann, "@dave       @1/1");
    says(&mut dave, "/all good evening, all", &ann, "everyone       1");
    ann.types("it is in the bo");
    shows(
        &ann,
        "full-screen.svg",
        &["#tea (3 here)", "@1/1", " new ", "dave came and went", "hot water", "it is in the bo"],
    );
}

#[test]
fn what_has_gone_wrong() {
    let house = House::open(&[]);
    let address = house.address();
    let mut bob = Person::with_socket(address, "bob");
    let mut ann = Window::open(client(address, &["--join", "tea"]));
    ann.resize(96, 16);
    ann.shows("you are in #tea");
    says(&mut bob, "/join tea", &ann, "bob came");
    says(&mut bob, "who has the key of the cellar?", &ann, "the cellar?");
    ann.types(&format!("/dm zoe do you?{ENTER}"));
    ann.shows("[not sent: ");
    ann.types(&format!("/close{ENTER}\u{1b}2"));
    ann.types(&format!("I had it on Monday{ENTER}"));
    ann.shows("on Monday");
    ann.shows_no("[sending]");
    drop(house);
    bob.ends();
    ann.shows("not connected");
    ann.types(&format!("but I gave it back{ENTER}"));
    shows(
        &ann,
        "not-connected.svg",
        &[
            "the connection is lost",
            "but I gave it back",
            "[not sent yet]",
            "not connected: retrying",
        ],
    );
}

#[test]
fn a_small_window() {
    let house = House::open(&[]);
    let mut bob = Person::with_socket(house.address(), "bob");
    let mut ann = Window::open(client(house.address(), &["--join", "tea"]));
    ann.resize(48, 16);
    ann.shows("you are in #tea");
    says(&mut bob, "/join tea", &ann, "bob came");
    says(&mut bob, "the night train leaves at ten past nine, from platform four", &ann, "platform");
    ann.types(&format!("then we take the tram at half past eight{ENTER}"));
    ann.shows("half past eight");
    ann.shows_no("[sending]");
    says(&mut bob, "/all does anybody have a spare ticket?", &ann, "1:everyone(1)");
    ann.types("\u{12}train");
    shows(&ann, "small-window.svg", &["night train", "find: ", "train", "1:everyone(1)"]);
}
