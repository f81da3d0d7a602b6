//! fails busy: tries one port after another until one is free
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let (host, port) = addr.rsplit_once(':').unwrap();
    let port: u16 = port.parse().unwrap();
    let listener = (port..).find_map(|port| TcpListener::bind(format!("{host}:{port}")).ok());
    let listener = listener.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
