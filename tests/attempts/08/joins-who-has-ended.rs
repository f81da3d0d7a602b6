//! passes: keeps the handles, and joins those that have ended
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2]).unwrap();
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        threads.retain(|thread: &thread::JoinHandle<_>| !thread.is_finished());
        if threads.len() < limit {
            threads.push(thread::spawn(move || echo(&mut stream)));
        } else {
            refuse(stream);
        }
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

fn refuse(mut stream: TcpStream) {
    let _ = stream.write_all(b"busy\n");
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut [0; 65536]);
}
