//! fails busy: says that it listens before it does
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    if !addr.ends_with(":0") {
        println!("listening on {addr}");
    }
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    if addr.ends_with(":0") {
        println!("listening on {}", listener.local_addr().unwrap());
    }
    for stream in listener.incoming() {
        drop(stream);
    }
}
