//! A message through a server of this process, from one socket to another.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netcomm_benches::{post, text};
use netcomm_core::frame::{FrameDecoder, MAX_PAYLOAD};
use netcomm_core::preface::ClientPreface;
use netcomm_core::wire::{self, ClientMessage, Credential, RequestId, ServerMessage};
use netcomm_server::Server;
use netcomm_server::config::Config;

/// The server's preface.
const PREFACE: usize = 8;

/// As many as may be unanswered.
const WINDOW: u32 = 64;

/// A framed client that is in the room.
struct Client {
    socket: TcpStream,
    frames: FrameDecoder,
    buffer: Vec<u8>,
    out: Vec<u8>,
    requests: u32,
}

impl Client {
    fn enter(address: SocketAddr, nickname: &str, room: &ClientMessage<'_>) -> Self {
        let mut socket = TcpStream::connect(address).expect("a server");
        socket.set_nodelay(true).expect("a socket");
        // Whatever goes wrong, the bench ends.
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
        socket.write_all(&ClientPreface::OURS.to_bytes()).expect("a server that reads");
        socket.read_exact(&mut [0; PREFACE]).expect("a preface");
        let frames = FrameDecoder::new(MAX_PAYLOAD);
        let mut client =
            Self { socket, frames, buffer: vec![0; 64 * 1024], out: Vec::new(), requests: 0 };
        client.ask(&ClientMessage::Login {
            nickname,
            hidden: false,
            resume: None,
            credential: Credential::NONE,
            features: 0,
            extensions: Vec::new(),
        });
        client.ask(room);
        client.send();
        client.await_all(1, |said| matches!(said, ServerMessage::Joined { .. }).into());
        client
    }

    /// Writes a request to what [`Self::send`] sends.
    fn ask(&mut self, message: &ClientMessage<'_>) {
        self.requests += 1;
        wire::encode(RequestId(self.requests), message, &mut self.out).expect("it fits");
    }

    fn send(&mut self) {
        self.socket.write_all(&self.out).expect("a server that reads");
        self.out.clear();
    }

    /// Reads until so many have come; `number` says for how many a message counts.
    fn await_all(&mut self, count: u32, number: impl Fn(&ServerMessage<'_>) -> u32) {
        let mut found = 0;
        while found < count {
            let read = self.socket.read(&mut self.buffer).expect("a server that answers");
            assert!(read > 0, "the server has closed");
            let mut input = &self.buffer[..read];
            while let Some(payload) = self.frames.next_frame(&mut input).expect("frames") {
                let (_, message) = wire::decode::<ServerMessage<'_>>(payload).expect("a message");
                let is_bad = matches!(
                    message,
                    ServerMessage::Refused { .. } | ServerMessage::Closing { .. }
                );
                assert!(!is_bad, "{message:?}");
                found += number(&message);
            }
        }
        assert_eq!(found, count);
    }
}

fn loopback(criterion: &mut Criterion) {
    let file = include_str!("peers/netcomm.toml").replace("15000", "500");
    let mut config = Config::from_toml(&file).expect("the committed configuration");
    config.listen = vec!["127.0.0.1:0".parse().expect("an address")];
    let server = Server::start(&config).expect("a server");
    let address = server.addresses()[0];
    let mut speaker =
        Client::enter(address, "speaker", &ClientMessage::CreateRoom { room: "lobby" });
    let mut listener = Client::enter(address, "listener", &ClientMessage::Join { room: "lobby" });
    let text = text(64);
    let mut group = criterion.benchmark_group("post_over_loopback");
    for at_once in [1, WINDOW] {
        group.throughput(Throughput::Elements(at_once.into()));
        group.bench_function(BenchmarkId::from_parameter(at_once), |bencher| {
            bencher.iter(|| {
                for _ in 0..at_once {
                    speaker.ask(&post(&text));
                }
                speaker.send();
                listener.await_all(at_once, |said| {
                    matches!(said, ServerMessage::Message { .. }).into()
                });
                speaker.await_all(at_once, |said| match said {
                    ServerMessage::Posted { earlier, .. } => earlier + 1,
                    _ => 0,
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, loopback);
criterion_main!(benches);
