//! Exercise 2: a server that says where it listens.
//!
//! It listens on the address in its last argument (`HOST:PORT`), and prints
//! `listening on IP:PORT` with the address that it really has. If it cannot listen, it
//! says why on standard error and ends with exit code 1. `sockdemo check 02` looks at it
//! from outside.

use std::io;
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    // Your turn: print the address that the listener has, not the one it was asked for.
    println!("listening on {addr}");
    // Your turn: an error must name the address, in a sentence of yours.
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        drop(stream?);
    }
    Ok(())
}
