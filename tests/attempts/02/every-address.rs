//! fails only-there: listens on 0.0.0.0, and prints the host that it was given
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let (host, port) = addr.rsplit_once(':').unwrap();
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {host}:{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        drop(stream);
    }
}
