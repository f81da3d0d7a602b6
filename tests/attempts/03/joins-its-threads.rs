//! fails silent: a thread for each client, and waits until it has ended
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for mut stream in listener.incoming().flatten() {
        let thread = std::thread::spawn(move || {
            let _ = writeln!(stream, "time {}", now());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let _ = thread.join();
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
