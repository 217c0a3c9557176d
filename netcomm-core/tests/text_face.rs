//! The text face through a real connection and router (PROTOCOL.md, "Text face", "Commands"), and
//! the bytes of the worked example (PROTOCOL.md, "A worked example").

use std::collections::BTreeMap;

use netcomm_core::command::COMMANDS;
use netcomm_core::limits::Limits;
use netcomm_core::server::{
    ConnId, Connection, Deliver, Next, Origin, Outgoing, Recipient, Recipients, Router,
};
use netcomm_core::time::{Instant, UnixMillis, WallClock};

/// What every connection was sent.
#[derive(Default)]
struct Screens(BTreeMap<ConnId, Vec<u8>>);

impl Deliver for Screens {
    fn deliver(&mut self, to: Recipients<'_>, message: &mut Outgoing<'_>) {
        for to in to.iter() {
            self.close(to, message);
        }
    }

    fn close(&mut self, to: Recipient, last: &mut Outgoing<'_>) {
        let bytes = last.bytes(to.face).to_vec();
        self.0.entry(to.conn).or_default().extend(bytes);
    }
}

struct Server {
    router: Router,
    screens: Screens,
    sockets: Vec<(ConnId, Connection)>,
}

impl Server {
    fn new() -> Self {
        let clock = WallClock::new(Instant::EPOCH, UnixMillis(0));
        Self {
            router: Router::new(Limits::default(), clock, [0; 16]),
            screens: Screens::default(),
            sockets: Vec::new(),
        }
    }

    fn open(&mut self) -> usize {
        let (now, place) = (Instant::EPOCH, self.sockets.len());
        let entropy = [u8::try_from(place).expect("few people"); 16];
        let conn = self
            .router
            .connect(now, Origin::Exempt, entropy, &mut self.screens)
            .expect("the server has room");
        let connection = Connection::new(&Limits::default(), now);
        self.sockets.push((conn, connection));
        place
    }

    /// What `who` is shown after it has sent `input`.
    fn send(&mut self, who: usize, mut input: &[u8]) -> Vec<u8> {
        let now = Instant::EPOCH;
        let (conn, connection) = &mut self.sockets[who];
        while let Next::Message(incoming) = connection.next(now, &mut input) {
            let after = self.router.handle(now, *conn, &incoming, &mut self.screens);
            connection.apply(now, after);
        }
        self.screens.0.remove(conn).unwrap_or_default()
    }

    fn says(&mut self, who: usize, line: &str) -> String {
        let shown = self.send(who, format!("{line}\n").as_bytes());
        String::from_utf8(shown).expect("the text face writes UTF-8")
    }
}

#[test]
fn every_command_is_answered_in_lines_of_the_system() {
    let mut server = Server::new();
    let (ann, bob) = (server.open(), server.open());
    server.says(ann, "ann");
    server.says(bob, "bob");
    let said = [
        "/members",
        "/create_room tea",
        "/room tea hello",
        "/dm bob hello",
        "/broadcast hello",
        "/get_rooms",
        "/join tea",
        "/history #tea 5",
        "/leave tea",
        "/hide",
        "/reveal",
        "/nick Anna",
        "/help",
        "/quit",
    ];
    for row in COMMANDS {
        let tried = said.iter().any(|line| line.split(' ').next() == Some(row.name));
        assert!(tried, "{} is not tried", row.name);
    }
    for line in said {
        let shown = server.says(ann, line);
        let is_post = ["/room ", "/dm ", "/broadcast "].iter().any(|post| line.starts_with(post));
        assert_eq!(shown.is_empty(), is_post, "one's own post is not shown again: {line}");
        // A line of history is the only one that carries what somebody said.
        let is_foreign = shown.lines().any(|shown| !shown.starts_with("* "));
        assert_eq!(is_foreign, line.starts_with("/history"), "{line}: {shown}");
    }
    let shown = server.says(bob, "/members");
    let shown: Vec<&str> = shown.lines().collect();
    let messages = ["00:00:00 [private] <ann> hello", "00:00:00 <ann> hello"];
    for message in messages {
        assert!(shown.contains(&message), "{shown:?}");
    }
    assert!(!shown.iter().any(|line| line.contains("#tea")), "{shown:?}");
    assert_eq!(
        shown[shown.len() - 5..],
        [
            "* ann is offline",
            "* ann is online",
            "* ann is now Anna",
            "* Anna is offline",
            "* online: bob",
        ]
    );
}

#[test]
fn blanks_around_the_first_nickname_do_not_count() {
    for (first, greeting) in [
        ("ann ", "* welcome, ann"),
        (" \tann\t", "* welcome, ann"),
        (" \t\nann", "* welcome, ann"),
        ("/nick ann ", "* welcome, ann"),
    ] {
        let mut server = Server::new();
        let ann = server.open();
        let shown = server.says(ann, first);
        assert!(shown.starts_with(greeting), "{first:?}: {shown:?}");
    }
}

#[test]
fn the_worked_example_is_answered_as_it_says() {
    let document = include_str!("../../PROTOCOL.md");
    let start = document.find("### A worked example").expect("the section");
    let block = document[start..].split("```").nth(1).expect("the block");
    let mut server = Server::new();
    let ann = server.open();
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    for line in block.lines().filter(|line| !line.contains('│')) {
        let bytes = line.get(1..).unwrap_or_default().trim_start();
        // Words stand farther to the right.
        let bytes = bytes.split("   ").next().unwrap_or_default().split_whitespace();
        let bytes = bytes.map_while(|word| {
            let byte = u8::from_str_radix(word, 16).ok();
            byte.filter(|_| word.len() == 2)
        });
        if line.starts_with('S') {
            let shown = server.send(ann, &std::mem::take(&mut requests));
            answers.push((bytes.collect::<Vec<u8>>(), shown));
        } else {
            requests.extend(bytes);
        }
    }
    let posted = server.send(ann, &requests);
    assert_eq!(answers.len(), 4, "preface, welcome, joined, posted");
    let (preface, shown) = &answers[0];
    assert_eq!(shown, preface);
    assert_eq!(answers[1].1[4..6], [1, 0], "a welcome to request 1");
    // Nobody has made the lobby here: the request is read, and refused by its number.
    assert_eq!(answers[2].1[4..6], [2, 2]);
    assert_eq!(answers[3].1[4..6], [3, 2]);
    assert!(posted.is_empty());
}
