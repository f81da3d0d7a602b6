//! fails counts: counts the clients that are there now
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut here = 0;
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        here += 1;
        let line = format!("conn {here} local {local} peer {peer}\n");
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
        drop(stream);
        here -= 1;
    }
}
