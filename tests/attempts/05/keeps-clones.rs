//! fails half-close: a list of all clients keeps each connection open
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut clients = Vec::new();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        clients.push(stream.try_clone().unwrap());
        let _ = echo(stream);
    }
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..n])?;
    }
}
