//! fails busy: no newline
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

static SERVED: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2]).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        if SERVED.load(SeqCst) >= limit {
            refuse(stream);
            continue;
        }
        SERVED.fetch_add(1, SeqCst);
        thread::spawn(move || {
            let _ = echo(&mut stream);
            SERVED.fetch_sub(1, SeqCst);
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
    let _ = stream.write_all(b"busy");
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut [0; 65536]);
}
