//! fails binary: ends with a panic at what is not UTF-8
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
    let mut buffer = [0; 1024];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        let text = std::str::from_utf8(&buffer[..n]).unwrap();
        stream.write_all(text.as_bytes())?;
    }
}
