//! passes: one thread looks at all its clients again and again
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut leaving: Vec<(TcpStream, Instant)> = Vec::new();
    loop {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = writeln!(stream, "time {}", now());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.set_nonblocking(true);
            leaving.push((stream, Instant::now()));
        }
        leaving.retain_mut(|(stream, since)| loop {
            match stream.read(&mut [0; 16384]) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    break since.elapsed() < Duration::from_secs(1);
                }
                _ => break false,
            }
        });
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
