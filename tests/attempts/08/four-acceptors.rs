//! passes: four threads accept, and one atomic step counts
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

static SERVED: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let args: Vec<_> = std::env::args().collect();
    let limit: usize = args[1].parse().unwrap();
    let listener = Arc::new(TcpListener::bind(&args[2]).unwrap());
    let accept = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let one_more = |n| (n < limit).then_some(n + 1);
            if SERVED.fetch_update(SeqCst, SeqCst, one_more).is_err() {
                refuse(stream);
                continue;
            }
            thread::spawn(move || {
                let _ = echo(&mut stream);
                SERVED.fetch_sub(1, SeqCst);
            });
        }
    };
    let threads = [(); 4].map(|()| thread::spawn(accept.clone()));
    threads.map(|thread| thread.join().unwrap());
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
