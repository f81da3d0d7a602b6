//! fails port-zero: prints the line and ends
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
}
