//! fails three-in-one: answers the first frame of a read, and throws away the rest
use std::io::{Error, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = converse(stream.unwrap());
    }
}

fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    loop {
        let mut buffer = [0; 70_000];
        let n = stream.read(&mut buffer)?;
        if n < 2 {
            return Ok(());
        }
        let end = 2 + u16::from_be_bytes([buffer[0], buffer[1]]) as usize;
        let text = buffer[2..end].to_vec();
        let text = String::from_utf8(text).map_err(Error::other)?;
        let text = text.to_uppercase();
        let length = u16::try_from(text.len()).map_err(Error::other)?;
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(text.as_bytes())?;
    }
}
