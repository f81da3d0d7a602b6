//! fails name: prints the name that it was given, with the real port
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    let host = addr.rsplit_once(':').unwrap().0;
    println!("listening on {host}:{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        drop(stream);
    }
}
