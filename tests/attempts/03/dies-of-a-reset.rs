//! fails fifty: a reset leaves main by ?
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener};

fn main() -> io::Result<()> {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        writeln!(stream, "time {}", now())?;
        stream.shutdown(Shutdown::Write)?;
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
