//! fails binary: finds the end of the text by the zeros behind it
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
    loop {
        let mut buffer = [0; 1024];
        if stream.read(&mut buffer)? == 0 {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(1024);
        stream.write_all(&buffer[..end])?;
    }
}
