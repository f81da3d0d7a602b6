//! fails busy: waits until the port is free
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = loop {
        match TcpListener::bind(&addr) {
            Ok(listener) => break listener,
            Err(error) => eprintln!("could not listen on {addr}: {error}"),
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    };
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
