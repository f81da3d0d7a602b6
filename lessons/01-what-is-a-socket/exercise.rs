//! Exercise 1: a server that knows who is who.
//!
//! It listens on the address in its last argument. For each connection it makes the line
//! `conn N local L peer P`, prints it, sends it to the client, and closes the connection.
//! `sockdemo check 01` looks at it from outside.

use std::io;
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        let stream = stream?;
        // Your turn: make the line, print it, and send it to the client.
        println!("conn: {stream:?}");
    }
    Ok(())
}
