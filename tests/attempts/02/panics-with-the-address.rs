//! fails busy: ends with a panic, which is exit code 101
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = match TcpListener::bind(&addr) {
        Ok(listener) => listener,
        Err(error) => panic!("could not listen on {addr}: {error}"),
    };
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
