//! Exercise 12: `receive GIVE-UP LINGER ADDR`, the receiver of a file over UDP.
//!
//! The file comes in numbered blocks, and each of them is acknowledged. `sockdemo check 12`
//! plays the sender, and the network between.

use std::env;
use std::io;
use std::net::UdpSocket;

/// A block has this many bytes; the last one has fewer.
const BLOCK: usize = 512;

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [_give_up, _linger, addr] = &args[..] else {
        return Err(io::Error::other("usage: receive GIVE-UP LINGER ADDR"));
    };
    let socket = UdpSocket::bind(addr)?;
    let mut datagram = [0; 2 + BLOCK + 1];
    let mut content = Vec::new();
    loop {
        let (n, sender) = socket.recv_from(&mut datagram)?;
        // Your turn: which block is this, who sent it, and when is it the last one?
        content.extend_from_slice(&datagram[..n]);
        socket.send_to(b"got it", sender)?;
    }
}
