//! fails busy: deals with a port that is taken, and with no other error
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = match TcpListener::bind(&addr) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            eprintln!("{addr} is taken");
            std::process::exit(1)
        }
        bound => bound.unwrap(),
    };
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
