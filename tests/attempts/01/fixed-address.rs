//! fails starts: listens on an address of its own
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
