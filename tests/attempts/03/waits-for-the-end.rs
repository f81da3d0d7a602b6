//! fails end: closes when the client has closed
use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        std::thread::spawn(move || {
            let _ = writeln!(stream, "time {}", now());
            let _ = stream.read_to_end(&mut Vec::new());
        });
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
