//! fails own-address: prints the Result that the address is in
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (local, peer) = (stream.local_addr(), stream.peer_addr());
        let line = format!("conn {} local {local:?} peer {peer:?}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
