//! Servers that do nothing but forward frames to the rest of a room: what a chat costs at least.
//!
//! A frame is a `u32` length, big-endian, and so many bytes. The first enters a room (`J` and the
//! room's number) and is answered `J`; each further one (`P` and a text) goes to the others in it
//! as it is, and is answered `A` where that was asked for.

mod bare;
mod defer;
mod keeper;
mod threads;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "floor", about = "Forwards frames, and nothing else")]
struct Args {
    /// How it is built
    #[arg(long, value_enum)]
    kind: Kind,
    /// Answer each post to its sender
    #[arg(long)]
    answers: bool,
    /// With threads: check each text, seek a name, and keep the last texts
    #[arg(long)]
    keeps: bool,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A thread per connection; senders flush what they claimed, after a yield
    Threads,
    /// One thread, which reads all that is ready and then flushes once
    Defer,
    /// A thread per connection that forwards nothing: what an idle one takes
    Bare,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Err(error) = run(&args);
    // Nothing is left to do where even this cannot be said.
    writeln!(std::io::stderr(), "floor: {error}").ok();
    ExitCode::FAILURE
}

fn run(args: &Args) -> std::io::Result<std::convert::Infallible> {
    netcomm_benches::process::raise_file_limit()?;
    let listener = TcpListener::bind(args.listen)?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    out.flush()?;
    match args.kind {
        Kind::Threads => threads::run(&listener, args.answers, args.keeps),
        Kind::Defer => defer::run(&listener, args.answers),
        Kind::Bare => bare::run(&listener),
    }
}

/// The answer to a post.
const ANSWER: &[u8] = b"\0\0\0\x01A";
/// The answer to the first frame.
const JOINED: &[u8] = b"\0\0\0\x01J";
/// How much is read at once; no frame is longer.
const READ: usize = 64 * 1024;

/// The first whole frame of `bytes`, with its length.
fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.get(..length)?;
    bytes.get(..4 + length)
}

/// The room that a first frame names.
fn room(frame: &[u8]) -> Option<u32> {
    let number = frame.get(5..).and_then(<[u8]>::first_chunk)?;
    (frame.get(4) == Some(&b'J')).then(|| u32::from_be_bytes(*number))
}
