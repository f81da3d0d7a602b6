//! Exercise 10: `graceful`, an echo server that ends when it is asked to.
//!
//! At Ctrl-C (SIGINT) or SIGTERM it lets nobody in any more, answers what has arrived,
//! ends every client's stream, joins its threads, and ends with exit code 0. At the second
//! one it ends at once. `sockdemo check 10` looks at it from outside.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1).ok_or(io::Error::other("usage: graceful ADDR"))?;
    let listener = TcpListener::bind(addr)?;
    // Your turn: who takes note of the signal? ctrlc::set_handler takes a closure.
    thread::scope(|scope| {
        for stream in listener.incoming() {
            // Your turn: how does this loop end, and how do the threads?
            let Ok(client) = stream else { continue };
            scope.spawn(move || {
                if let Err(error) = echo(&client) {
                    eprintln!("a conversation ended early: {error}");
                }
            });
        }
    });
    Ok(())
}

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}
