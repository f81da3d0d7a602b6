//! Exercise 1, solved: a server that tells each client the addresses of its connection.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    let mut number = 0;
    loop {
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            // Some systems say so when a client was gone before its turn came.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        number += 1;
        // A client that has left ends its own connection and nobody else's.
        if let Err(error) = tell(number, &stream, peer) {
            eprintln!("connection {number} ended early: {error}");
        }
    }
}

/// Prints the line of one connection and sends it. The connection is closed when the
/// caller drops the stream.
///
/// The address of the peer came with `accept`: of a connection that is gone, it could not
/// be asked any more.
fn tell(number: u64, mut stream: &TcpStream, peer: SocketAddr) -> io::Result<()> {
    let local = stream.local_addr()?;
    let line = format!("conn {number} local {local} peer {peer}\n");
    print!("{line}");
    stream.write_all(line.as_bytes())
}
