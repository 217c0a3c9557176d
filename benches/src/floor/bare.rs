//! A thread per connection that waits, and gives back what comes.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

pub(crate) fn run(listener: &TcpListener) -> std::io::Result<Infallible> {
    loop {
        let (socket, _) = listener.accept()?;
        let builder = std::thread::Builder::new().stack_size(64 * 1024);
        builder.spawn(move || echo(socket))?;
    }
}

fn echo(mut socket: TcpStream) {
    let mut buffer = [0; 64];
    while let Ok(length) = socket.read(&mut buffer)
        && length > 0
    {
        if socket.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}
