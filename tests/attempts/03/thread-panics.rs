//! fails no-panic: only the thread of the client that broke its connection panics
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        std::thread::spawn(move || {
            writeln!(stream, "time {}", now()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        });
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
