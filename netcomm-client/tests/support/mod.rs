//! The program, and a server that says what a test tells it to.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::preface::{LENGTH, ServerPreface, Version};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{
    self, ClientMessage, CloseCode, Position, RequestId, ResumeToken, ServerMessage,
};

/// Far above what anything takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the program against `listener`, with piped input and output.
pub(crate) fn client(listener: &TcpListener, arguments: &[&str]) -> Child {
    let address = listener.local_addr().expect("it is bound").to_string();
    Command::new(env!("CARGO_BIN_EXE_netcomm-client"))
        .args([&*address, "--nick", "ann"])
        .args(arguments)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Types `input` and ends it.
pub(crate) fn type_all(child: &mut Child, input: &[u8]) {
    let mut stdin = child.stdin.take().expect("input is piped");
    stdin.write_all(input).expect("the program reads");
}

/// Waits for the end; gives the exit code and what was written.
pub(crate) fn finish(child: Child) -> (Option<i32>, String) {
    let (code, shown, _) = finish_aside(child);
    (code, shown)
}

/// The same, and what was told beside it.
pub(crate) fn finish_aside(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().expect("the program ends");
    let shown = String::from_utf8(output.stdout).expect("output is text");
    let aside = String::from_utf8(output.stderr).expect("troubles are text");
    (output.status.code(), shown, aside)
}

/// The server's end of one connection.
pub(crate) struct Peer {
    stream: TcpStream,
    decoder: FrameDecoder,
    unread: Vec<u8>,
}

impl Peer {
    /// Waits for a connection, up to its login, which it leaves unanswered.
    pub(crate) fn accept(listener: &TcpListener) -> (Self, RequestId) {
        let (mut stream, _) = listener.accept().expect("the program connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a time-out");
        let mut preface = [0; LENGTH];
        stream.read_exact(&mut preface).expect("a preface comes");
        stream
            .write_all(&ServerPreface::Accepted(Version::V1).to_bytes())
            .expect("the program reads");
        let mut peer = Self { stream, decoder: FrameDecoder::new(MAX_PAYLOAD), unread: Vec::new() };
        let id = peer.next(|id, message| {
            assert!(matches!(message, ClientMessage::Login { .. }), "{message:?}");
            id
        });
        (peer, id)
    }

    /// Waits for a connection and logs it in as new.
    pub(crate) fn welcome(listener: &TcpListener) -> Self {
        let (mut peer, id) = Self::accept(listener);
        peer.log_in(id);
        peer
    }

    /// Answers a login.
    pub(crate) fn log_in(&mut self, id: RequestId) {
        self.let_in(id, false);
    }

    /// Answers a login as a return to the session from before.
    pub(crate) fn resume(&mut self, id: RequestId) {
        self.let_in(id, true);
    }

    fn let_in(&mut self, id: RequestId, resumed: bool) {
        let welcome = ServerMessage::Welcome {
            nickname: "ann",
            resumed,
            hidden: false,
            token: ResumeToken([7; 16]),
            time: UnixMillis(0),
            everyone: Position { epoch: 5, seq: 0 },
            limits: Vec::new(),
            features: 0,
            extensions: Vec::new(),
        };
        self.send(id, &welcome);
    }

    /// Waits for a message that a user meant; what the session asks for by itself is answered.
    pub(crate) fn next<R>(
        &mut self,
        mut read: impl FnMut(RequestId, &ClientMessage<'_>) -> R,
    ) -> R {
        loop {
            let mut own = None;
            let mut result = None;
            let mut input = &self.unread[..];
            let whole = match self.decoder.next_frame(&mut input).expect("frames come") {
                None => false,
                Some(payload) => {
                    let (id, message) =
                        wire::decode::<ClientMessage<'_>>(payload).expect("messages come");
                    match message {
                        ClientMessage::Pong { .. } => {}
                        ClientMessage::Ping { nonce } => {
                            own = Some((id, ServerMessage::Pong { nonce }));
                        }
                        ClientMessage::Conversations { .. } => {
                            let conversations = Vec::new();
                            let next = None;
                            own = Some((id, ServerMessage::Conversations { conversations, next }));
                        }
                        _ => result = Some(read(id, &message)),
                    }
                    true
                }
            };
            self.unread = input.to_vec();
            if let Some((id, answer)) = own {
                self.send(id, &answer);
            }
            if let Some(result) = result {
                return result;
            }
            if !whole {
                let mut chunk = [0; 4096];
                let length = self.stream.read(&mut chunk).expect("the program talks");
                assert_ne!(length, 0, "the program hung up");
                self.unread.extend_from_slice(&chunk[..length]);
            }
        }
    }

    /// Waits for a post; gives what it says.
    pub(crate) fn post(&mut self) -> (RequestId, String) {
        self.next(|id, message| match message {
            ClientMessage::Post { text, .. } => (id, String::from(*text)),
            other => panic!("no post: {other:?}"),
        })
    }

    /// Waits for the polite end, and grants it.
    pub(crate) fn goodbye(&mut self) {
        let id = self.next(|id, message| {
            assert_eq!(*message, ClientMessage::Quit);
            id
        });
        self.send(id, &ServerMessage::Done);
        self.close(CloseCode::QUIT);
    }

    /// Accepts a post as the `seq`th message.
    pub(crate) fn posted(&mut self, id: RequestId, seq: u64) {
        let answer = ServerMessage::Posted {
            position: Position { epoch: 5, seq },
            time: UnixMillis(0),
            earlier: 0,
        };
        self.send(id, &answer);
    }

    /// Says why, as the last word.
    pub(crate) fn close(&mut self, code: CloseCode) {
        let closing = ServerMessage::Closing { code, retry_after: None, text: code.reason() };
        self.send(RequestId::NONE, &closing);
    }

    /// Says something.
    pub(crate) fn send(&mut self, id: RequestId, message: &ServerMessage<'_>) {
        let mut bytes = Vec::new();
        wire::encode(id, message, &mut bytes).expect("it fits a frame");
        self.stream.write_all(&bytes).expect("the program reads");
    }
}
