//! fails idle-first: one buffer in a mutex, locked while a client is read
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

static SERVED: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = TcpListener::bind(&args[2]).unwrap();
    let buffer = Arc::new(Mutex::new(vec![0; 4096]));
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        if SERVED.load(SeqCst) >= limit {
            refuse(stream);
            continue;
        }
        SERVED.fetch_add(1, SeqCst);
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || {
            let _ = echo(&mut stream, &buffer);
            SERVED.fetch_sub(1, SeqCst);
        });
    }
}

fn echo(stream: &mut TcpStream, buffer: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    loop {
        let mut buffer = buffer.lock().unwrap();
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
