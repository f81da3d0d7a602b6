//! Exercise 7: `count`, a client and its server in one program.
//!
//! `count ADDR` sends its standard input to a server, ends its half of the connection,
//! and prints the answer. `serve ADDR` is such a server: it reads to the end of the
//! stream, then answers `bytes=N`. `sockdemo check 07` looks at both from outside.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [role, addr] if role == "serve" => serve(addr),
        [role, addr] if role == "count" => count(addr),
        _ => Err(io::Error::other("usage: serve ADDR, or count ADDR")),
    }
}

fn serve(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        // Your turn: read to the end of the stream, and only then say how much it was.
        stream?.write_all(b"bytes=0\n")?;
    }
    Ok(())
}

fn count(addr: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    io::copy(&mut io::stdin(), &mut stream)?;
    // Your turn: the server has still to learn that this is all. Then it can answer.
    Ok(())
}
