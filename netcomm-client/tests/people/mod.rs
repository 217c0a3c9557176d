//! People at the other end of a real server: at the text face, or behind the real client.

#![allow(
    dead_code,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "each test file uses its part, and nobody else any"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use netcomm_server::Server;
use netcomm_server::config::Config;

/// How long a line may take on a loaded machine before the test gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A server in this process.
pub struct House(Option<Server>);

impl House {
    /// On a port of its own, with these limits.
    pub fn open(limits: &[(&str, u64)]) -> Self {
        Self::open_at("127.0.0.1:0".parse().expect("an address"), limits)
    }

    /// The same at a given address.
    pub fn open_at(address: SocketAddr, limits: &[(&str, u64)]) -> Self {
        let mut config = Config { listen: vec![address], ..Config::default() };
        for (name, value) in limits {
            config.limits.set(name, *value).expect("a limit within its range");
        }
        Self(Some(Server::start(&config).expect("a server")))
    }

    pub fn address(&self) -> SocketAddr {
        self.0.as_ref().expect("it runs").addresses()[0]
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(server) = self.0.take() {
            server.shut_down();
        }
    }
}

/// Somebody who types lines and reads lines.
pub struct Person {
    name: String,
    mouth: Option<Box<dyn Write + Send>>,
    lines: Receiver<String>,
    seen: Vec<String>,
    client: Option<Child>,
}

impl Person {
    /// Somebody with a plain socket, who has not said anything.
    pub fn at_socket(server: SocketAddr, name: &str) -> Self {
        let socket = TcpStream::connect(server).expect("a connection");
        let ear = socket.try_clone().expect("a second handle");
        Self::new(name, Box::new(Mouth(socket)), Box::new(ear), None)
    }

    /// Somebody with a plain socket, logged in.
    pub fn with_socket(server: SocketAddr, name: &str) -> Self {
        let mut person = Self::at_socket(server, name);
        person.types(name);
        person.reads(&["* welcome, ", name]);
        person
    }

    /// Somebody with the client, whose input is a pipe, logged in.
    pub fn with_client(server: SocketAddr, name: &str) -> Self {
        Self::with_client_and(server, name, &[])
    }

    /// The same, with more arguments.
    pub fn with_client_and(server: SocketAddr, name: &str, more: &[&str]) -> Self {
        let mut client = Command::new(env!("CARGO_BIN_EXE_netcomm-client"))
            .args([&server.to_string(), "--nick", name])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client");
        let mouth = client.stdin.take().expect("its input");
        let ear = client.stdout.take().expect("its output");
        let mut person = Self::new(name, Box::new(mouth), Box::new(ear), Some(client));
        person.reads(&["* welcome, ", name]);
        person
    }

    fn new(
        name: &str,
        mouth: Box<dyn Write + Send>,
        ear: Box<dyn Read + Send>,
        client: Option<Child>,
    ) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(ear).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { name: name.into(), mouth: Some(mouth), lines, seen: Vec::new(), client }
    }

    pub fn types(&mut self, line: &str) {
        let mouth = self.mouth.as_mut().expect("an open input");
        writeln!(mouth, "{line}").and_then(|()| mouth.flush()).expect("a line is taken");
    }

    /// Waits for a line in which all of `parts` stand; what comes before is passed over.
    pub fn reads(&mut self, parts: &[&str]) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if has(&line, parts) {
                        return line;
                    }
                }
                Err(why) => {
                    panic!("{} waits for {parts:?} ({why}) after {:#?}", self.name, self.seen)
                }
            }
        }
    }

    /// The very next line.
    pub fn next_line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        self.seen.push(line.clone());
        line
    }

    /// Nothing of this kind was read so far.
    pub fn has_not_read(&self, parts: &[&str]) {
        let line = self.seen.iter().find(|line| has(line, parts));
        assert_eq!(line, None, "{} should not know of it", self.name);
    }

    /// Every line so far.
    pub fn seen(&self) -> &[String] {
        &self.seen
    }

    /// Ends the input, reads to the end of the output, and answers the client's exit code.
    pub fn ends(mut self) -> Option<i32> {
        self.mouth = None;
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.client.as_mut().and_then(|client| client.wait().expect("its end").code())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(client) = &mut self.client {
            // Both fail where it has ended already, which is as well.
            drop(client.kill());
            drop(client.wait());
        }
    }
}

/// The sending half of a socket: when it is dropped, the input of the other side ends.
struct Mouth(TcpStream);

impl Write for Mouth {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        // Fails where the other side has ended it already.
        drop(self.0.shutdown(Shutdown::Write));
    }
}

fn has(line: &str, parts: &[&str]) -> bool {
    parts.iter().all(|part| line.contains(part))
}
