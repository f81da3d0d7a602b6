//! fails port-zero: tries the address first, and then binds another port
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    drop(listener);
    let listener = TcpListener::bind(&addr).unwrap();
    for stream in listener.incoming() {
        drop(stream);
    }
}
