//! fails port-zero: the listener is dropped before anybody can connect
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let at = match TcpListener::bind(&addr) {
        Ok(listener) => listener.local_addr().unwrap(),
        Err(error) => {
            eprintln!("could not listen on {addr}: {error}");
            std::process::exit(1)
        }
    };
    println!("listening on {at}");
    loop {
        std::thread::park();
    }
}
