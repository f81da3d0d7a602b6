//! Exercise 6: a word server.
//!
//! It listens on the address in its last argument. A frame is a length in two bytes, the
//! larger half first, and that many bytes of UTF-8. Each frame is answered with its text
//! in upper case, in a frame of the same form. `sockdemo check 06` looks at it from
//! outside.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(converse) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

fn converse(mut stream: TcpStream) -> io::Result<()> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    // Your turn: read the text behind the length, answer it, and take the next frame.
    println!("a frame of {} bytes is announced", u16::from_be_bytes(length));
    Ok(())
}
