//! passes: asks again and again, and blocks in no call
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(&addr).unwrap_or_else(|error| {
        eprintln!("could not listen on {addr}: {error}");
        std::process::exit(1)
    });
    println!("listening on {}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    loop {
        let _ = listener.accept();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
