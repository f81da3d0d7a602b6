//! fails extremes: no room for a length and the longest text
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
    let mut buffer = [0; 65_536];
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..])?;
        if n == 0 {
            return Ok(());
        }
        filled += n;
        while filled >= 2 {
            let end = 2 + u16::from_be_bytes([buffer[0], buffer[1]]) as usize;
            if filled < end {
                break;
            }
            let text = std::str::from_utf8(&buffer[2..end]).map_err(Error::other)?;
            let text = text.to_uppercase();
            let length = u16::try_from(text.len()).map_err(Error::other)?;
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(text.as_bytes())?;
            buffer.copy_within(end..filled, 0);
            filled -= end;
        }
    }
}
