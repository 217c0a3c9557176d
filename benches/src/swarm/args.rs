//! What the swarm is told.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;

/// The command line.
#[derive(Clone, Debug, Parser)]
#[command(name = "swarm", about = "Loads a server, and judges what it delivers")]
pub(crate) struct Args {
    /// The server
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) server: SocketAddr,
    /// Clients that read, each in one room
    #[arg(long, default_value_t = 1000)]
    pub(crate) clients: usize,
    /// Rooms that the clients are spread over
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rooms: u16,
    /// Clients in each room that post
    #[arg(long, default_value_t = 2)]
    pub(crate) senders: usize,
    /// Posts per second of each sender
    #[arg(long, default_value_t = 2.0)]
    pub(crate) rate: f64,
    /// How long to measure, in seconds
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Length of a message's text
    #[arg(long, default_value_t = 128)]
    pub(crate) bytes: usize,
    /// Further clients that enter a room and never read again
    #[arg(long, default_value_t = 0)]
    pub(crate) never_read: usize,
    /// Further connections that never say anything
    #[arg(long, default_value_t = 0)]
    pub(crate) silent: usize,
    /// Measure so many seconds without those that never read or speak, then with them
    #[arg(long, value_name = "SECONDS")]
    pub(crate) baseline: Option<u64>,
    /// How fast new connections are made
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connects_per_second: u32,
    /// How long coming up may take, and so long again the delivery of the last messages
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) patience: u64,
    /// The server's process, to report its memory and processor time
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Option<u32>,
    /// Print the report as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    /// The time between two posts of a sender.
    pub(crate) fn pause(&self) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.rate).unwrap_or(Duration::MAX)
    }

    pub(crate) fn room_of(&self, client: usize) -> usize {
        client % usize::from(self.rooms)
    }

    /// Whether the client posts.
    pub(crate) fn is_sender(&self, client: usize) -> bool {
        client < self.clients && client / usize::from(self.rooms) < self.senders
    }
}
