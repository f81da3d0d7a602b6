//! Exercise 8: `crowd`, an echo server for many clients at once.
//!
//! It is started with two arguments: how many clients it serves at the same time, and the
//! address. Each client gets back every byte, until it ends its half of the connection. One
//! client too many gets the line `busy` and the end of the stream. `sockdemo check 08`
//! looks at it from outside.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [limit, addr] = &args[..] else {
        return Err(io::Error::other("usage: crowd LIMIT ADDR"));
    };
    let limit: usize = limit.parse().map_err(io::Error::other)?;
    let listener = TcpListener::bind(addr)?;
    println!("a client at a time, but {limit} are wanted");
    for stream in listener.incoming() {
        // Your turn: this thread serves one client, and all others wait for it.
        if let Err(error) = stream.and_then(echo) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}
