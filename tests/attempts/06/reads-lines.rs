//! fails one-word: waits for a newline, without a limit
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = converse(stream.unwrap());
    }
}

fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let mut inbox = BufReader::new(stream.try_clone()?);
    let mut line = Vec::new();
    while inbox.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line[2..]).to_uppercase();
        stream.write_all(&(text.len() as u16).to_be_bytes())?;
        stream.write_all(text.as_bytes())?;
        line.clear();
    }
    Ok(())
}
