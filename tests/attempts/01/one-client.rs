//! fails two-clients: accepts one client and ends
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let (mut stream, peer) = listener.accept().unwrap();
    let line = format!("conn 1 local {} peer {peer}\n", stream.local_addr().unwrap());
    print!("{line}");
    stream.write_all(line.as_bytes()).unwrap();
}
