//! A server in the process, and peers of both faces.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::preface::{ClientPreface, LENGTH, ServerPreface, Version};
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Conversation, Credential, Position, RefusalCode, RequestId,
    ResumeToken, ServerMessage,
};
use netcomm_server::Server;
use netcomm_server::config::Config;
use rustix::net::{AddressFamily, SendFlags, SocketType, sockopt};

/// Nothing takes so long, however loaded the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A limit of time that no test lives to see.
pub(crate) const NEVER_MS: u64 = 3_600_000;

/// A server that is shut down when its test has passed.
pub(crate) struct Hall {
    server: Option<Server>,
    pub(crate) address: SocketAddr,
}

impl Hall {
    /// Opens with these limits, and with rates that no test reaches unless it sets them.
    pub(crate) fn open(limits: &[(&str, u64)]) -> Self {
        let mut config =
            Config { listen: vec!["127.0.0.1:0".parse().unwrap()], ..Config::default() };
        for (name, value) in [("post_burst", 1_000_000), ("query_burst", 1_000_000)] {
            config.limits.set(name, value).unwrap();
        }
        for (name, value) in limits {
            config.limits.set(name, *value).unwrap();
        }
        let server = Server::start(&config).unwrap();
        Self { address: server.addresses()[0], server: Some(server) }
    }

    /// Shuts down in a thread of its own; what is answered tells when that is done.
    pub(crate) fn shut_down(mut self) -> std::sync::mpsc::Receiver<()> {
        let (done, wait) = std::sync::mpsc::channel();
        let server = self.server.take().unwrap();
        std::thread::spawn(move || {
            server.shut_down();
            // The test may have seen enough.
            done.send(()).ok();
        });
        wait
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        if let Some(server) = self.server.take()
            && !std::thread::panicking()
        {
            server.shut_down();
        }
    }
}

/// One message, as it came.
#[derive(Debug)]
pub(crate) struct Heard(Vec<u8>);

impl Heard {
    pub(crate) fn id(&self) -> u32 {
        self.decode().0.0
    }

    pub(crate) fn message(&self) -> ServerMessage<'_> {
        self.decode().1
    }

    /// It is a refusal: its code and its words.
    pub(crate) fn refusal(&self) -> (RefusalCode, String) {
        match self.message() {
            ServerMessage::Refused { code, text, .. } => (code, text.to_owned()),
            other => panic!("{other:?}"),
        }
    }

    /// It says that this was accepted, or where a room stands.
    pub(crate) fn position(&self) -> Position {
        match self.message() {
            ServerMessage::Posted { position, .. } | ServerMessage::Joined { position, .. } => {
                position
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.message() == ServerMessage::Done
    }

    fn decode(&self) -> (RequestId, ServerMessage<'_>) {
        wire::decode(&self.0).unwrap()
    }
}

/// How a stream ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) heard: Vec<Heard>,
    /// Whether the last frame is not whole.
    pub(crate) is_cut_short: bool,
}

impl Ending {
    /// Why, where the last whole frame says so.
    pub(crate) fn code(&self) -> Option<CloseCode> {
        match self.heard.last()?.message() {
            ServerMessage::Closing { code, text, .. } => {
                assert_eq!(text, code.reason());
                Some(code)
            }
            _ => None,
        }
    }
}

/// A peer of the framed face.
pub(crate) struct Framed {
    pub(crate) socket: TcpStream,
    decoder: FrameDecoder,
    input: Vec<u8>,
    last: u32,
    pub(crate) token: ResumeToken,
}

impl Framed {
    /// Says the preface and reads the other.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    pub(crate) fn enter(address: SocketAddr, nickname: &str) -> Self {
        let mut peer = Self::connect(address);
        assert!(!peer.log_in(nickname, None).0);
        peer
    }

    /// Somebody for whom the kernel keeps little, so that what is not read soon waits elsewhere.
    pub(crate) fn enter_narrow(address: SocketAddr, nickname: &str) -> Self {
        let mut peer = Self::over(narrow(address));
        peer.log_in(nickname, None);
        peer
    }

    fn over(mut socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.write_all(&ClientPreface::OURS.to_bytes()).unwrap();
        let mut preface = [0; LENGTH];
        socket.read_exact(&mut preface).unwrap();
        let accepted = ServerPreface::from_bytes(preface).unwrap();
        assert_eq!(accepted, ServerPreface::Accepted(Version::V1));
        Self {
            socket,
            decoder: FrameDecoder::new(MAX_PAYLOAD),
            input: Vec::new(),
            last: 0,
            token: ResumeToken([0; 16]),
        }
    }

    /// Whether a session was resumed, and where the conversation of everyone stands.
    pub(crate) fn log_in(
        &mut self,
        nickname: &str,
        resume: Option<ResumeToken>,
    ) -> (bool, Position) {
        let welcome = self.ask(&login(nickname, resume));
        match welcome.message() {
            ServerMessage::Welcome { resumed, token, everyone, .. } => {
                self.token = token;
                (resumed, everyone)
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn send(&mut self, message: &ClientMessage<'_>) -> u32 {
        self.last += 1;
        self.send_as(self.last, message);
        self.last
    }

    pub(crate) fn send_as(&mut self, id: u32, message: &ClientMessage<'_>) {
        let mut bytes = Vec::new();
        wire::encode(RequestId(id), message, &mut bytes).unwrap();
        self.write(&bytes);
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    pub(crate) fn ask(&mut self, message: &ClientMessage<'_>) -> Heard {
        let id = self.send(message);
        self.answer(id)
    }

    /// Says something to everyone, and waits until that is accepted.
    pub(crate) fn say(&mut self, text: &str) -> Position {
        self.ask(&post(Conversation::EVERYONE, text)).position()
    }

    /// The answer to a request; events before it are skipped.
    pub(crate) fn answer(&mut self, id: u32) -> Heard {
        loop {
            let heard = self.next().unwrap();
            if heard.id() == id {
                return heard;
            }
            assert_eq!(heard.id(), 0, "{:?}", heard.message());
        }
    }

    /// The next event that `wanted` likes.
    pub(crate) fn event(&mut self, wanted: impl Fn(&ServerMessage<'_>) -> bool) -> Heard {
        loop {
            let heard = self.next().unwrap();
            if heard.id() == 0 && wanted(&heard.message()) {
                return heard;
            }
        }
    }

    /// All events up to now.
    pub(crate) fn events(&mut self) -> Vec<Heard> {
        let id = self.send(&ClientMessage::Ping { nonce: 7 });
        let mut events = Vec::new();
        loop {
            let heard = self.next().unwrap();
            if heard.id() == id {
                return events;
            }
            events.push(heard);
        }
    }

    /// The next message, or `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        loop {
            let mut rest = &self.input[..];
            let found = self.decoder.next_frame(&mut rest).unwrap();
            let found = found.map(|payload| Heard(payload.to_vec()));
            let taken = self.input.len() - rest.len();
            self.input.drain(..taken);
            if found.is_some() {
                return found;
            }
            let mut chunk = [0; 8192];
            match self.socket.read(&mut chunk) {
                Ok(0) => return None,
                Ok(read) => self.input.extend_from_slice(&chunk[..read]),
                // Who was cut while its own words were on their way.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads to the end. Whatever is no frame or no message fails the test.
    pub(crate) fn rest(mut self) -> Ending {
        let mut heard = Vec::new();
        while let Some(next) = self.next() {
            next.message();
            heard.push(next);
        }
        let is_cut_short = !self.decoder.is_between_frames();
        Ending { heard, is_cut_short }
    }

    /// Reads to the end, which must be a word of farewell.
    pub(crate) fn closing(self) -> CloseCode {
        let ending = self.rest();
        assert!(!ending.is_cut_short);
        ending.code().unwrap()
    }
}

/// Somebody on the text face.
pub(crate) struct Person(BufReader<TcpStream>);

impl Person {
    /// Its own address, as the server knows it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }

    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(socket))
    }

    pub(crate) fn enter(address: SocketAddr, nickname: &str) -> Self {
        let mut person = Self::connect(address);
        person.say(nickname);
        person.until("/help lists the commands");
        person
    }

    /// See [`Framed::enter_narrow`].
    pub(crate) fn enter_narrow(address: SocketAddr, nickname: &str) -> Self {
        let socket = narrow(address);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut person = Self(BufReader::new(socket));
        person.sees(nickname, "/help lists the commands");
        person
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Sends a byte that is no part of what is typed, as telnet does to be noticed at once.
    pub(crate) fn write_urgent(&mut self) {
        rustix::net::send(self.0.get_ref(), b"!", SendFlags::OOB).unwrap();
    }

    /// Types a line and reads up to one that contains `part`.
    pub(crate) fn sees(&mut self, typed: &str, part: &str) -> String {
        self.say(typed);
        self.until(part)
    }

    /// Reads up to the line that contains `part`.
    pub(crate) fn until(&mut self, part: &str) -> String {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("no {part:?}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The next line without its end, or `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.pop().map(|end| assert_eq!(end, '\n', "a line without end"))?;
        Some(line)
    }

    /// Reads to the end.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            _ => String::from_utf8(rest).unwrap(),
        }
    }
}

/// A socket whose buffer is set before it connects, so that its window is small from the start.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
    rustix::net::connect(&socket, &address).unwrap();
    socket.into()
}

/// A name or text of so many bytes.
pub(crate) struct Long(String);

impl Long {
    pub(crate) fn of(bytes: usize) -> Self {
        Self("x".repeat(bytes))
    }
}

impl Deref for Long {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

pub(crate) fn login(nickname: &str, resume: Option<ResumeToken>) -> ClientMessage<'_> {
    ClientMessage::Login {
        nickname,
        hidden: false,
        resume,
        credential: Credential::NONE,
        features: 0,
        extensions: Vec::new(),
    }
}

pub(crate) const fn post<'a>(conversation: Conversation<'a>, text: &'a str) -> ClientMessage<'a> {
    ClientMessage::Post { conversation, epoch: None, nonce: 0, text }
}

pub(crate) const fn create(room: &str) -> ClientMessage<'_> {
    ClientMessage::CreateRoom { room }
}

/// The messages of a conversation from `first` on.
pub(crate) const fn history(conversation: Conversation<'_>, first: u64) -> ClientMessage<'_> {
    ClientMessage::History {
        conversation,
        epoch: None,
        first,
        last: u64::MAX,
        latest: false,
        most: 0,
    }
}
