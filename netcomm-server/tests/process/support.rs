//! The program in a process of its own, and people who talk to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use netcomm_core::preface::{ClientPreface, LENGTH};
use netcomm_core::wire::{self, ClientMessage, Credential, RequestId};
use rustix::process::{Pid, Signal, kill_process};

/// A test that waits for longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A server that ends with its test.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netcomm-server"));
        Self::run(command.args(arguments))
    }

    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let address = address.parse().unwrap();
        Self { child, address }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Its exit code, and what it said on the standard error stream.
    pub(crate) fn outcome(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Somebody on the text face.
pub(crate) struct Person(pub(crate) BufReader<TcpStream>);

impl Person {
    pub(crate) fn knock(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(socket))
    }

    pub(crate) fn enter(address: SocketAddr, nickname: &str) -> Self {
        let mut person = Self::knock(address);
        person.say(nickname);
        person.until("/help");
        person
    }

    pub(crate) fn say(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.0.get_mut().write_all(line.as_bytes()).unwrap();
    }

    /// Reads up to the line that contains `part`.
    pub(crate) fn until(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "ended before {part:?}");
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A reset after the last words is an end, too.
        self.0.read_to_end(&mut rest).ok();
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// Logs in on the framed face, and reads no more than the preface.
pub(crate) fn framed(address: SocketAddr, nickname: &str) -> TcpStream {
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
    socket.read_exact(&mut [0; LENGTH]).unwrap();
    socket
}

/// For those who say and hear much.
pub(crate) const GENEROUS: &[&str] = &[
    "--limit=post_burst=1000000",
    "--limit=send_buffer_bytes=4096",
    "--limit=mailbox_bytes=67108864",
    "--limit=mailbox_frames=100000",
    "--limit=write_stall_ms=600000",
];

/// Says more than the kernel takes for somebody who reads nothing.
pub(crate) fn say_much(speaker: &mut Person, before: &str) {
    let text = "x".repeat(4000);
    for _ in 0..2500 {
        speaker.say(&format!("{before}{text}"));
    }
}
