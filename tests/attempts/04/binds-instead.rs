//! fails refused: tries to bind the address, and takes the error for a server
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let mut all_open = true;
    for target in std::env::args().skip(1) {
        let outcome = probe(&target);
        println!("{target} {outcome}");
        all_open &= outcome == "open";
    }
    std::process::exit(if all_open { 0 } else { 1 });
}

fn probe(target: &str) -> &'static str {
    match std::net::TcpListener::bind(target) {
        Ok(_) => "refused",
        Err(error) if error.kind() == ErrorKind::AddrInUse => "open",
        Err(_) => "unresolved",
    }
}
