//! fails line: takes the end of the stream for silence, and goes round
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        let _ = writeln!(stream, "time {}", now());
        let _ = stream.shutdown(Shutdown::Write);
        loop {
            if stream.read(&mut [0; 16384]).is_err() {
                break;
            }
        }
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
