//! fails starts: is a client, where a server is wanted
use std::net::TcpStream;

fn main() {
    let addr = std::env::args().last().unwrap();
    let stream = TcpStream::connect(addr).unwrap();
    println!("conn 1 local {} peer {}", stream.local_addr().unwrap(), stream.peer_addr().unwrap());
}
