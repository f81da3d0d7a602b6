//! fails port-zero: the address of a client that is gone already is unwrapped
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        eprintln!("hello {}", stream.unwrap().peer_addr().unwrap());
    }
}
