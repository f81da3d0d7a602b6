//! fails split-character: makes text of each part
use std::io::Error;
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
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut left = u16::from_be_bytes(length) as usize;
        let mut word = String::new();
        while left > 0 {
            let mut part = vec![0; left];
            let n = stream.read(&mut part)?;
            if n == 0 {
                return Ok(());
            }
            word.push_str(&String::from_utf8_lossy(&part[..n]));
            left -= n;
        }
        let text = word.to_uppercase();
        let length = u16::try_from(text.len()).map_err(Error::other)?;
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(text.as_bytes())?;
    }
}
