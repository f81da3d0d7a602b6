//! fails second: the handler can be called only once

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

fn main() {
    let addr = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = stopping.clone();
    let mut us = listener.local_addr().ok();
    ctrlc::set_handler(move || {
        let us = us.take().unwrap();
        stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(us);
    })
    .unwrap();
    let mut clients: Vec<Weak<TcpStream>> = Vec::new();
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            break;
        }
        let client = Arc::new(stream.unwrap());
        clients.push(Arc::downgrade(&client));
        threads.push(thread::spawn(move || echo(&client)));
    }
    drop(listener);
    for client in clients.iter().filter_map(Weak::upgrade) {
        let _ = client.shutdown(Shutdown::Read);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn echo(mut stream: &TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}
