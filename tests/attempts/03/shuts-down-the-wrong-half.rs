//! fails end: ends the half that reads
use std::io::Write;
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut kept = Vec::new();
    for mut stream in listener.incoming().flatten() {
        let _ = writeln!(stream, "time {}", now());
        let _ = stream.shutdown(Shutdown::Read);
        kept.push(stream);
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
