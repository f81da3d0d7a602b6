//! Exercise 10, solved: every thread that sleeps is woken, and then all are joined.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1).ok_or("usage: graceful ADDR")?;
    let listener = TcpListener::bind(addr)?;
    let us = listener.local_addr()?;
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopping);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::SeqCst) {
            end_at_once();
        }
        let _ = TcpStream::connect(us); // accept returns, and sees the flag.
    })?;
    serve(listener, &stopping);
    Ok(())
}

fn serve(listener: TcpListener, stopping: &AtomicBool) {
    // A socket is closed when its thread has ended, so nobody else may own it.
    let mut clients: Vec<Weak<TcpStream>> = Vec::new();
    thread::scope(|scope| {
        for stream in listener.incoming() {
            if stopping.load(Ordering::SeqCst) {
                break;
            }
            let Ok(client) = stream.map(Arc::new) else { continue };
            clients.retain(|client| client.strong_count() > 0);
            clients.push(Arc::downgrade(&client));
            scope.spawn(move || {
                if let Err(error) = echo(&client) {
                    eprintln!("a conversation ended early: {error}");
                }
            });
        }
        drop(listener); // From here on, whoever connects is refused.
        for client in clients.iter().filter_map(Weak::upgrade) {
            let _ = client.shutdown(Shutdown::Read); // It may have left.
        }
    }); // The scope joins its threads.
}

/// After the shutdown, read gives what has arrived, and then 0.
fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the user asked twice")]
fn end_at_once() {
    std::process::exit(130);
}
