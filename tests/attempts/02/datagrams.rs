//! fails port-zero: a UDP socket, to which nobody can connect
use std::net::UdpSocket;

fn main() {
    let addr = std::env::args().last().unwrap();
    let socket = UdpSocket::bind(&addr).unwrap();
    println!("listening on {}", socket.local_addr().unwrap());
    while socket.recv_from(&mut [0; 64]).is_ok() {}
}
