//! fails own-address: sends the line and does not print it
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        let _ = stream.write_all(line.as_bytes());
    }
}
