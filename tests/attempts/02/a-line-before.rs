//! fails port-zero: another line comes first
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    println!("starting on {addr}");
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
