//! Exercise 11: a server that rolls dice, over UDP.
//!
//! The datagram `roll NdM` asks for N dice of M sides. The answer is one datagram: the
//! results, `=`, their sum and LF. Everything else is answered with `error` and LF.
//! Check it with `sockdemo check 11`.

use std::io;
use std::net::UdpSocket;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let socket = UdpSocket::bind(addr)?;
    let mut buffer = [0; 64];
    loop {
        let (n, sender) = socket.recv_from(&mut buffer)?;
        // Your turn: this sends every request back as it came.
        socket.send_to(&buffer[..n], sender)?;
    }
}
