//! fails ipv6: splits host and port at the first colon
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let (host, port) = addr.split_once(':').unwrap();
    let listener = TcpListener::bind((host, port.parse().unwrap_or(0))).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
