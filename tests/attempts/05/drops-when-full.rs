//! fails slow-reader: a non-blocking write that would block is left out
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
    loop {
        stream.set_nonblocking(false)?;
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        stream.set_nonblocking(true)?;
        let _ = stream.write_all(&buffer[..n]);
    }
}
