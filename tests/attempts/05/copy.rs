//! passes: io::copy between the two halves
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = echo(stream.unwrap());
    }
}

fn echo(stream: TcpStream) -> std::io::Result<u64> {
    std::io::copy(&mut &stream, &mut &stream)
}
