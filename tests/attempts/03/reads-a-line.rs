//! fails no-panic: reads a line of text, and the junk is none
use std::io::{BufRead, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        std::thread::spawn(move || {
            let _ = writeln!(stream, "time {}", now());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            let mut text = String::new();
            std::io::BufReader::new(stream).read_line(&mut text).unwrap();
        });
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
