//! fails line: the line stays in a BufWriter that lives on
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut kept = Vec::new();
    for stream in listener.incoming().flatten() {
        let mut out = std::io::BufWriter::new(stream);
        let _ = writeln!(out, "time {}", now());
        kept.push(out);
    }
}

fn now() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()
}
