//! fails port-zero: listens on 0.0.0.0, and says so
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let port = addr.rsplit(':').next().unwrap();
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
