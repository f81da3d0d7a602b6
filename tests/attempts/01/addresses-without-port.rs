//! fails own-address: tells the IP addresses without the ports
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {} peer {}\n", i + 1, local.ip(), peer.ip());
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
