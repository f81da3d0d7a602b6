//! fails in-progress: shuts down both halves

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
    let us = listener.local_addr().unwrap();
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
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
        let _ = client.shutdown(Shutdown::Both);
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
