//! fails reset: the accept loop returns when a conversation has failed
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() -> std::io::Result<()> {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2])?;
    let mut threads = Vec::<thread::JoinHandle<std::io::Result<()>>>::new();
    for stream in listener.incoming() {
        let mut stream = stream?;
        while let Some(at) = threads.iter().position(|thread| thread.is_finished()) {
            threads.remove(at).join().unwrap()?;
        }
        if threads.len() >= limit {
            refuse(stream);
            continue;
        }
        threads.push(thread::spawn(move || echo(&mut stream)));
    }
    Ok(())
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
