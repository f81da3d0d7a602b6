//! fails junk: ends its half, and drops the stream at once
use std::io::Write;
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        let _ = writeln!(stream, "time {}", now());
        let _ = stream.shutdown(Shutdown::Write);
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
