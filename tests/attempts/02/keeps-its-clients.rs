//! passes: keeps every connection until the client has left
use std::io::Read;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    for mut stream in listener.incoming().flatten() {
        std::thread::spawn(move || stream.read(&mut [0; 64]));
    }
}
