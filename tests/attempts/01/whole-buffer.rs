//! fails own-address: sends the whole buffer, with the zeros behind the line
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        print!("{line}");
        let mut buffer = [0; 128];
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        let _ = stream.write_all(&buffer);
    }
}
