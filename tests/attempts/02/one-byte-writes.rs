//! passes: prints each byte with a call of its own
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    for byte in format!("listening on {}\n", listener.local_addr().unwrap()).bytes() {
        let _ = std::io::stdout().write_all(&[byte]);
        let _ = std::io::stdout().flush();
    }
    for stream in listener.incoming() {
        drop(stream);
    }
}
