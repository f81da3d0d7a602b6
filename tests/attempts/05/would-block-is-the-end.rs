//! fails one-mib: does not wait, and takes nothing yet for the end
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
    let mut n = stream.read(&mut buffer)?;
    stream.set_nonblocking(true)?;
    while n > 0 {
        stream.write_all(&buffer[..n])?;
        n = stream.read(&mut buffer)?;
    }
    Ok(())
}
