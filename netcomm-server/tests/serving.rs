//! A server in the process, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use netcomm_core::frame::FrameDecoder;
use netcomm_core::preface::{ClientPreface, LENGTH};
use netcomm_core::wire::{self, ClientMessage, CloseCode, Credential, RequestId, ServerMessage};
use netcomm_server::Server;
use netcomm_server::config::Config;

fn start(limits: &[(&str, u64)]) -> (Server, SocketAddr) {
    let mut config = Config { listen: vec!["127.0.0.1:0".parse().unwrap()], ..Config::default() };
    for (name, value) in limits {
        config.limits.set(name, *value).unwrap();
    }
    let server = Server::start(&config).unwrap();
    let address = server.addresses()[0];
    (server, address)
}

/// Somebody on the text face.
struct Person(BufReader<TcpStream>);

impl Person {
    fn enter(address: SocketAddr, nickname: &str) -> Self {
        let mut person = Self(BufReader::new(TcpStream::connect(address).unwrap()));
        person.say(nickname);
        person.until(nickname);
        person
    }

    fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Reads up to the line that contains `part`.
    fn until(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "ended before {part:?}");
            if line.contains(part) {
                return line;
            }
        }
    }

    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A reset after the last words is an end, too.
        self.0.read_to_end(&mut rest).ok();
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// Logs in on the framed face, and reads no more than the preface.
fn framed(address: SocketAddr, nickname: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let mut bytes = ClientPreface::OURS.to_bytes().to_vec();
    let login = ClientMessage::Login {
        nickname,
        hidden: false,
        resume: None,
        credential: Credential::NONE,
        features: 0,
        extensions: Vec::new(),
    };
    wire::encode(RequestId(1), &login, &mut bytes).unwrap();
    socket.write_all(&bytes).unwrap();
    let mut preface = [0; LENGTH];
    socket.read_exact(&mut preface).unwrap();
    socket
}

/// Reads to the end: why it was closed.
fn close_code(mut socket: TcpStream) -> Option<CloseCode> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).ok();
    let mut decoder = FrameDecoder::new(16 * 1024);
    let mut input = &bytes[..];
    let mut code = None;
    while let Ok(Some(payload)) = decoder.next_frame(&mut input) {
        let (_, message): (_, ServerMessage<'_>) = wire::decode(payload).unwrap();
        if let ServerMessage::Closing { code: last, .. } = message {
            code = Some(last);
        }
    }
    code
}

#[test]
fn people_hear_each_other_and_a_quit_frees_the_name() {
    let (server, address) = start(&[]);
    let mut ann = Person::enter(address, "ann");
    let mut ben = Person::enter(address, "ben");
    ben.say("hello from here");
    assert!(ann.until("hello from here").contains("ben"));
    ben.say("/quit");
    ben.rest();
    ann.until("ben");
    Person::enter(address, "ben");
    server.shut_down();
}

#[test]
fn what_was_sent_before_the_end_of_input_is_executed_and_answered() {
    let (server, address) = start(&[]);
    let mut ann = Person::enter(address, "ann");
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"ben\nsaid in haste\n/help\n").unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    ann.until("said in haste");
    assert!(Person(BufReader::new(socket)).rest().contains("/quit"));
    server.shut_down();
}

#[test]
fn everybody_is_told_of_a_shutdown() {
    let (server, address) = start(&[]);
    let mut ann = Person::enter(address, "ann");
    let ben = framed(address, "ben");
    ann.until("ben");
    let draining = std::thread::spawn(move || server.shut_down());
    assert_eq!(close_code(ben), Some(CloseCode::SHUTTING_DOWN));
    assert!(ann.rest().contains(CloseCode::SHUTTING_DOWN.reason()));
    draining.join().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn who_does_not_read_is_cut_and_delays_nobody() {
    let (server, address) = start(&[
        ("mailbox_bytes", 32 * 1024),
        ("send_buffer_bytes", 4096),
        ("post_burst", 1_000_000),
        ("write_stall_ms", 60_000),
    ]);
    let mut ann = Person::enter(address, "ann");
    let mut ben = Person::enter(address, "ben");
    let slow = framed(address, "slow");
    ann.until("slow");
    let text = "x".repeat(4000);
    // More than the kernel takes for a peer that never reads.
    for turn in 0..5000 {
        ben.say(&format!("{turn} {text}"));
        let line = ann.until("");
        if line.contains("slow") {
            // She hears that it went as she hears every message: she was never waited for.
            assert!(turn > 0);
            drop(slow);
            server.shut_down();
            return;
        }
    }
    panic!("nobody was cut");
}

#[test]
fn one_too_many_is_told_so() {
    let (server, address) = start(&[("connections", 1)]);
    let _ann = Person::enter(address, "ann");
    let mut ben = Person(BufReader::new(TcpStream::connect(address).unwrap()));
    ben.say("ben");
    assert!(ben.rest().contains(CloseCode::FULL.reason()));
    server.shut_down();
}
