//! fails two-clients: tells every client the addresses of the first
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut first = String::new();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        if first.is_empty() {
            let (local, peer) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
            first = format!("local {local} peer {peer}");
        }
        let line = format!("conn {} {first}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
