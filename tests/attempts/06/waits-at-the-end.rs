//! fails cut-off: reads on at the end of the stream
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
    let mut inbox = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            continue;
        }
        inbox.extend(&buffer[..n]);
        while inbox.len() >= 2 {
            let end = 2 + u16::from_be_bytes([inbox[0], inbox[1]]) as usize;
            if inbox.len() < end {
                break;
            }
            let text = std::str::from_utf8(&inbox[2..end]).map_err(Error::other)?;
            let text = text.to_uppercase();
            let length = u16::try_from(text.len()).map_err(Error::other)?;
            let answer = [&length.to_be_bytes(), text.as_bytes()].concat();
            stream.write_all(&answer)?;
            inbox.drain(..end);
        }
    }
}
