//! fails name: parses an IP address instead of looking a name up
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let Ok(at) = addr.parse::<std::net::SocketAddr>() else {
        eprintln!("{addr} is no address");
        std::process::exit(1)
    };
    let listener = TcpListener::bind(at).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
