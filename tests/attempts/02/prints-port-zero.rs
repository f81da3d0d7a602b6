//! fails port-zero: prints the address that it was given
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {addr}");
    for stream in listener.incoming() {
        drop(stream);
    }
}
