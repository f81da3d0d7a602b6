//! Exercise 5: an echo server.
//!
//! It listens on the address in its last argument and sends back to each client every
//! byte that comes, until the client ends its half of the connection; then it ends its
//! own. One client after the other. `sockdemo check 05` looks at it from outside.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(echo) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let n = stream.read(&mut buffer)?;
    // Your turn: send back what came, all of it, and go on until the stream ends.
    println!("{n} bytes came");
    Ok(())
}
