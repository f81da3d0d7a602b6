//! fails ipv6: prints an IPv6 address without brackets
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr.replace("localhost", "127.0.0.1")).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    let at = listener.local_addr().unwrap();
    println!("listening on {}:{}", at.ip(), at.port());
    for stream in listener.incoming() {
        drop(stream);
    }
}
