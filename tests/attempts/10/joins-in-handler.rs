//! fails second: the handler itself waits for the threads

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

fn main() {
    let addr = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    type Clients = Mutex<Vec<(Weak<TcpStream>, thread::JoinHandle<()>)>>;
    let clients: &'static Clients = Box::leak(Box::default());
    let accepting = listener;
    let us = accepting.local_addr().unwrap();
    let stopping: &'static AtomicBool = Box::leak(Box::default());
    ctrlc::set_handler(move || {
        stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(us);
        let clients: Vec<_> = clients.lock().unwrap().drain(..).collect();
        for client in clients.iter().filter_map(|(client, _)| client.upgrade()) {
            let _ = client.shutdown(Shutdown::Read);
        }
        for (_, thread) in clients {
            let _ = thread.join();
        }
        std::process::exit(0);
    })
    .unwrap();
    for stream in accepting.incoming() {
        if stopping.load(Ordering::SeqCst) {
            break;
        }
        let client = Arc::new(stream.unwrap());
        let weak = Arc::downgrade(&client);
        let thread = thread::spawn(move || echo(&client));
        clients.lock().unwrap().push((weak, thread));
    }
    drop(accepting);
    loop {
        thread::park();
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
