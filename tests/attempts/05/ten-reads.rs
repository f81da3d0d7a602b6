//! fails one-mib: reads ten times
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = echo(stream.unwrap());
    }
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    for _ in 0..10 {
        let n = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..n])?;
    }
    Ok(())
}
