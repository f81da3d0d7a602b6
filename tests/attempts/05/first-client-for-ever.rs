//! fails half-close: accepts once, and never again
use std::io::{Read, Write};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr)?;
    let (mut stream, _) = listener.accept()?;
    let mut buffer = [0; 1024];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            drop(stream);
            std::thread::park();
            return Ok(());
        }
        stream.write_all(&buffer[..n])?;
    }
}
