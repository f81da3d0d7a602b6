//! fails cut-off: an error of one connection ends the program
use std::io::{Error, Read, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr)?;
    loop {
        let (mut stream, _) = listener.accept()?;
        loop {
            let mut length = [0; 2];
            if stream.read(&mut length[..1])? == 0 {
                break;
            }
            stream.read_exact(&mut length[1..])?;
            let mut text = vec![0; u16::from_be_bytes(length) as usize];
            stream.read_exact(&mut text)?;
            let text = String::from_utf8(text).map_err(Error::other)?.to_uppercase();
            let length = u16::try_from(text.len()).map_err(Error::other)?;
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(text.as_bytes())?;
        }
    }
}
