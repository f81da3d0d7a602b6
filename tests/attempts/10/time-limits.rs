//! passes: looks at the flag ten times a second

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn main() {
    let addr = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let stopping: &'static AtomicBool = Box::leak(Box::default());
    ctrlc::set_handler(move || {
        if stopping.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut threads = Vec::new();
    while !stopping.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).unwrap();
                threads.push(thread::spawn(move || echo(&client, stopping)));
            }
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
    drop(listener);
    for thread in threads {
        let _ = thread.join();
    }
}

fn echo(mut stream: &TcpStream, stopping: &AtomicBool) {
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) if stream.write_all(&buffer[..n]).is_err() => return,
            Ok(_) => {}
            // A read with a time limit is not begun anew after Ctrl-Z and fg.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
