//! The server as its peers see it: real sockets, every limit, and what no well-behaved peer sends.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up or its helpers do")]

mod bad_input;
mod half_open;
mod limits_connections;
mod limits_kept;
mod limits_output;
mod limits_rates;
mod limits_sizes;
mod limits_sockets;
mod limits_table;
mod paging;
mod peers;
mod slow_reader;
