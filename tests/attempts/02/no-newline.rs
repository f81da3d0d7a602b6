//! fails port-zero: no newline behind the line
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    print!("listening on {}", listener.local_addr().unwrap());
    let _ = std::io::stdout().flush();
    for stream in listener.incoming() {
        drop(stream);
    }
}
