//! fails hello: writes into a BufWriter, which is not flushed
use std::io::{BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = echo(stream.unwrap());
    }
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut outbox = BufWriter::new(stream.try_clone()?);
    let mut buffer = [0; 1024];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return outbox.flush();
        }
        outbox.write_all(&buffer[..n])?;
    }
}
