//! fails own-address: takes the listener's address for the peer's
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        let local = stream.local_addr().unwrap();
        let peer = listener.local_addr().unwrap();
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
