//! fails busy: a message, and exit code 0
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = match TcpListener::bind(&addr) {
        Ok(listener) => listener,
        Err(error) => return eprintln!("could not listen on {addr}: {error}"),
    };
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
