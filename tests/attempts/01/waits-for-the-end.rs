//! fails two-clients: the next client has to wait until the first has left
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
}
