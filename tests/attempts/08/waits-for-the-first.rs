//! fails idle-first: accepts as many as it may, and only then serves them
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2]).unwrap();
    loop {
        let streams: Vec<_> = listener.incoming().take(limit).map(|s| s.unwrap()).collect();
        thread::scope(|scope| {
            for mut stream in streams {
                scope.spawn(move || echo(&mut stream));
            }
        });
    }
}

fn echo(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..n])?;
    }
}
