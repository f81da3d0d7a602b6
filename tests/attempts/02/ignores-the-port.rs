//! fails busy: takes a port from the system, whatever it was given
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let host = addr.rsplit_once(':').unwrap().0;
    let listener = TcpListener::bind(format!("{host}:0")).unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
