//! passes: tries the addresses of the name by itself
use std::net::{TcpListener, ToSocketAddrs};

fn main() {
    let addr = std::env::args().last().unwrap();
    let mut problem = None;
    for at in addr.to_socket_addrs().into_iter().flatten() {
        match TcpListener::bind(at) {
            Ok(listener) => return serve(listener),
            Err(error) => problem = Some(error),
        }
    }
    eprintln!("could not listen on {addr}: {problem:?}");
    std::process::exit(1);
}

fn serve(listener: TcpListener) {
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        drop(stream);
    }
}
