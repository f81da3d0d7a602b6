//! Exercise 5, solved: an echo server, one client after the other.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

/// The most that one read can bring. The conversation does not depend on it.
const BUFFER: usize = 16 * 1024;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        // A client that resets ends its own conversation and nobody else's.
        if let Err(error) = stream.and_then(echo) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

/// Sends back what comes, until no more can come. Our half ends when `stream` is dropped.
fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // Behind the first `n` bytes is what an earlier read has left there.
            Ok(n) => stream.write_all(&buffer[..n])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
