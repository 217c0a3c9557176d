//! The servers that are compared, and how each is started.

use std::fs;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::dialects::Language;

/// How many come in at a time, where it is all the same to the server.
pub(crate) const AT_ONCE: usize = 64;
/// How long one may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// By name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Server {
    /// netcomm, framed
    Netcomm,
    /// netcomm, the text face
    NetcommText,
    /// NATS, of the package nats-server
    Nats,
    /// Redis, of the package redis-server
    Redis,
    /// Mosquitto, of the package mosquitto
    Mosquitto,
    /// ngIRCd, of the package ngircd
    Ngircd,
    /// `InspIRCd`, of the package inspircd
    Inspircd,
    /// The floor of blocking threads
    Threads,
    /// The floor of blocking threads that answer each post
    Answering,
    /// The same, which also checks, seeks and keeps what a chat server must
    Keeping,
    /// The floor of one thread that defers
    Defer,
    /// Threads that wait
    Bare,
}

/// A server that listens, and how it is approached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) language: Language,
    /// Whether a floor answers posts.
    pub(crate) answers: bool,
    /// How many may come in at a time.
    pub(crate) at_once: usize,
    /// How long is looked again before sleeping.
    pub(crate) awake: Duration,
    pub(crate) pid: Option<u32>,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    server: Server,
}

impl Server {
    pub(crate) fn language(self) -> Language {
        match self {
            Self::Netcomm => Language::Framed,
            Self::NetcommText => Language::Text,
            Self::Nats => Language::Nats,
            Self::Redis => Language::Redis,
            Self::Mosquitto => Language::Mqtt,
            Self::Ngircd | Self::Inspircd => Language::Irc,
            Self::Threads | Self::Answering | Self::Keeping | Self::Defer | Self::Bare => {
                Language::Floor
            }
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().into())
    }

    /// Whether it is one that others wrote.
    pub(crate) fn is_peer(self) -> bool {
        !matches!(self.language(), Language::Framed | Language::Text | Language::Floor)
    }

    fn at_once(self) -> usize {
        match self {
            // It lets the system keep ten that wait for it.
            Self::Ngircd => 8,
            // It looks once a second at who comes in.
            Self::Inspircd => 512,
            _ => AT_ONCE,
        }
    }

    /// Starts it on a free port of 127.0.0.1, and waits until it listens.
    pub(crate) fn start(self) -> Result<Running> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let name = format!("netcomm-load-{}-{port}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        let (mut command, file) = self.command(&folder, address)?;
        if let Some((path, template)) = file {
            let text = template.replace("@PORT@", &port.to_string());
            fs::write(path, text.replace("@DIR@", &folder.display().to_string()))?;
        }
        let errors = folder.join("errors");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&errors)?);
        let child = command.spawn().map_err(|error| {
            let program = command.get_program().display();
            Error::new(error.kind(), format!("{program}: {error}"))
        })?;
        let mut running = Running { child, folder, address, server: self };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let has_ended = running.child.try_wait()?.is_some();
            if has_ended || Instant::now() > deadline {
                let said = fs::read_to_string(&errors).unwrap_or_default();
                return Err(Error::other(format!("{} does not listen: {said}", self.name())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(running)
    }

    fn command(
        self,
        folder: &Path,
        address: SocketAddr,
    ) -> Result<(Command, Option<(PathBuf, &'static str)>)> {
        let file = folder.join("config");
        let port = address.port().to_string();
        let mut floor = Command::new(beside("floor")?);
        floor.args(["--listen", &address.to_string()]);
        let floor = |more: &[&str]| {
            floor.args(more);
            Ok((floor, None))
        };
        let (mut command, template) = match self {
            Self::Threads => return floor(&["--kind", "threads"]),
            Self::Answering => return floor(&["--kind", "threads", "--answers"]),
            Self::Keeping => return floor(&["--kind", "threads", "--answers", "--keeps"]),
            Self::Defer => return floor(&["--kind", "defer"]),
            Self::Bare => return floor(&["--kind", "bare"]),
            Self::Netcomm | Self::NetcommText => {
                let mut command = Command::new(beside("netcomm-server")?);
                command.args(["--listen", &address.to_string(), "--config"]).arg(&file);
                (command, include_str!("../../peers/netcomm.toml"))
            }
            Self::Nats => {
                let mut command = Command::new("nats-server");
                command.arg("-c").arg(&file);
                (command, include_str!("../../peers/nats.conf"))
            }
            Self::Redis => {
                let mut command = Command::new("redis-server");
                command.arg(&file);
                (command, include_str!("../../peers/redis.conf"))
            }
            Self::Mosquitto => {
                let mut command = Command::new("/usr/sbin/mosquitto");
                command.arg("-c").arg(&file);
                (command, include_str!("../../peers/mosquitto.conf"))
            }
            Self::Ngircd => {
                let mut command = Command::new("/usr/sbin/ngircd");
                command.arg("-n").arg("-f").arg(&file);
                (command, include_str!("../../peers/ngircd.conf"))
            }
            Self::Inspircd => {
                let mut command = Command::new("/usr/sbin/inspircd");
                command.args(["--nofork", "--runasroot", "--config"]).arg(&file);
                (command, include_str!("../../peers/inspircd.conf"))
            }
        };
        command.current_dir(folder).env("PORT", port);
        Ok((command, Some((file, template))))
    }
}

impl Running {
    pub(crate) fn target(&self, awake: Duration) -> Target {
        Target {
            address: self.address,
            language: self.server.language(),
            answers: matches!(self.server, Server::Answering | Server::Keeping),
            at_once: self.server.at_once(),
            awake,
            pid: Some(self.child.id()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, and what it wrote is nobody's loss.
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A program that was built beside this one.
fn beside(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        return Ok(path);
    }
    let path = path.display();
    Err(Error::other(format!("{path} is not there: build it with the same profile first")))
}
