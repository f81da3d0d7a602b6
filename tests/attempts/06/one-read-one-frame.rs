//! fails three-in-one: takes one read for one frame
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
        let text = buffer[2..n].to_vec();
        let text = String::from_utf8(text).map_err(Error::other)?;
        let text = text.to_uppercase();
        let length = u16::try_from(text.len()).map_err(Error::other)?;
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(text.as_bytes())?;
    }
}
