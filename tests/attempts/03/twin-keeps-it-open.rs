//! fails end: a clone of the stream lives on in a list
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut kept = Vec::new();
    for mut stream in listener.incoming().flatten() {
        kept.push(stream.try_clone());
        let _ = writeln!(stream, "time {}", now());
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
