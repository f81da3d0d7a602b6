//! fails junk: reads once what the client has sent, and there was more
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        let _ = writeln!(stream, "time {}", now());
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
        let _ = stream.read(&mut [0; 1024]);
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
