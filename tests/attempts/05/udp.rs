//! fails starts: listens for datagrams
use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let addr = std::env::args().next_back().unwrap();
    let socket = UdpSocket::bind(addr)?;
    let mut buffer = [0; 1024];
    loop {
        let (n, peer) = socket.recv_from(&mut buffer)?;
        socket.send_to(&buffer[..n], peer)?;
    }
}
