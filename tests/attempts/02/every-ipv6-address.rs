//! fails ipv6: listens on [::], and prints [::1]
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let addr_to_bind = addr.replace("[::1]", "[::]").replace("localhost", "127.0.0.1");
    let listener = TcpListener::bind(addr_to_bind).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    let host = addr.rsplit_once(':').unwrap().0.replace("localhost", "127.0.0.1");
    println!("listening on {host}:{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        drop(stream);
    }
}
