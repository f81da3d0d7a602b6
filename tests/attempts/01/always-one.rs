//! fails counts: each thread counts its own connections
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        std::thread::spawn(move || {
            let mut n = 0;
            n += 1;
            let line = format!("conn {n} local {local} peer {peer}\n");
            print!("{line}");
            let _ = stream.write_all(line.as_bytes());
        });
    }
}
