//! Exercise 13: `forwarder TARGET ADDR`, which passes on what is not for it.
//!
//! It listens at ADDR, connects to TARGET for each caller, and carries bytes both ways
//! until both directions have ended. `sockdemo check 13` plays the callers and the target.

use std::env;
use std::io;
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [target, addr] = &args[..] else {
        return Err(io::Error::other("usage: forwarder TARGET ADDR"));
    };
    let listener = TcpListener::bind(addr)?;
    for caller in listener.incoming() {
        let mut caller = caller?;
        let mut server = TcpStream::connect(target)?;
        io::copy(&mut caller, &mut server)?;
        // Your turn: the answer goes the other way, and it may come at any time.
    }
    Ok(())
}
