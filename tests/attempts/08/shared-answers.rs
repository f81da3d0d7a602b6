//! fails twenty: a channel brings every answer to whoever asks next
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
    let shared = Arc::new(Mutex::new(Vec::new()));
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        if SERVED.load(SeqCst) >= limit {
            refuse(stream);
            continue;
        }
        SERVED.fetch_add(1, SeqCst);
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let _ = echo(&mut stream, &shared);
            SERVED.fetch_sub(1, SeqCst);
        });
    }
}

fn echo(stream: &mut TcpStream, shared: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        shared.lock().unwrap().extend(&buffer[..n]);
        thread::sleep(std::time::Duration::from_millis(1));
        let answer = std::mem::take(&mut *shared.lock().unwrap());
        stream.write_all(&answer)?;
    }
}

fn refuse(mut stream: TcpStream) {
    let _ = stream.write_all(b"busy\n");
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut [0; 65536]);
}
