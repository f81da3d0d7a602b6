//! fails one-mib: a read that does not fill the buffer is taken for the last
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
    let mut buffer = [0; 512];
    loop {
        let n = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..n])?;
        if n < buffer.len() {
            return Ok(());
        }
    }
}
