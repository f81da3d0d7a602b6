//! fails one-word: collects the answers until the stream ends
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = converse(stream.unwrap());
    }
}

fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    let mut rest = &all[..];
    while rest.len() >= 2 {
        let end = 2 + u16::from_be_bytes([rest[0], rest[1]]) as usize;
        let Some(text) = rest.get(2..end) else { break };
        let text = String::from_utf8_lossy(text).to_uppercase();
        stream.write_all(&(text.len() as u16).to_be_bytes())?;
        stream.write_all(text.as_bytes())?;
        rest = &rest[end..];
    }
    Ok(())
}
