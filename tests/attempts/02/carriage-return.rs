//! fails port-zero: the line ends with CR LF
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    print!("listening on {}\r\n", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
