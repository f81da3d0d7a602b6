//! fails junk: reads without waiting, before the bytes have come
use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        let _ = writeln!(stream, "time {}", now());
        let _ = stream.set_nonblocking(true);
        while let Ok(1..) = stream.read(&mut [0; 16384]) {}
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
