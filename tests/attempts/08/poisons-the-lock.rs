//! fails reset: a thread panics with the lock, and nobody gets it again
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2]).unwrap();
    let served = Arc::new(Mutex::new(0));
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut count = served.lock().unwrap();
        if *count >= limit {
            refuse(stream);
            continue;
        }
        *count += 1;
        let served = Arc::clone(&served);
        thread::spawn(move || {
            let outcome = echo(&mut stream);
            let mut count = served.lock().unwrap();
            outcome.unwrap();
            *count -= 1;
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

fn refuse(mut stream: TcpStream) {
    let _ = stream.write_all(b"busy\n");
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut [0; 65536]);
}
