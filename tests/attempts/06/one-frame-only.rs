//! fails three-in-one: one frame for each connection
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
    {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut text = vec![0; u16::from_be_bytes(length) as usize];
        stream.read_exact(&mut text)?;
        let text = String::from_utf8(text).map_err(Error::other)?;
        let text = text.to_uppercase();
        let length = u16::try_from(text.len()).map_err(Error::other)?;
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(text.as_bytes())
    }
}
