//! fails early-leaver: an error of one connection leaves main by ?
use std::io::{self, Write};
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr)?;
    let mut n = 0;
    loop {
        let (mut stream, peer) = listener.accept()?;
        n += 1;
        println!("conn {n} local {} peer {peer}", stream.local_addr()?);
        write!(stream, "conn {n} local {} ", stream.local_addr()?)?;
        writeln!(stream, "peer {peer}")?;
    }
}
