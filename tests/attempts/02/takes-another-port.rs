//! fails busy: takes a port from the system if the one that it was given is taken
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let host = addr.rsplit_once(':').unwrap().0;
    let listener = TcpListener::bind(&addr).or_else(|_| TcpListener::bind(format!("{host}:0")));
    let listener = listener.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
