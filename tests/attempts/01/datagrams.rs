//! fails starts: a UDP socket on the same number
use std::net::UdpSocket;

fn main() {
    let addr = std::env::args().last().unwrap();
    let socket = UdpSocket::bind(addr).unwrap();
    let mut n = 0;
    while let Ok((_, peer)) = socket.recv_from(&mut [0; 64]) {
        n += 1;
        let line = format!("conn {n} local {} peer {peer}\n", socket.local_addr().unwrap());
        print!("{line}");
        let _ = socket.send_to(line.as_bytes(), peer);
    }
}
