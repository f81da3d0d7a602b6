//! fails any-address: takes the port from its argument, and listens on 127.0.0.1
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let port = addr.rsplit(':').next().unwrap();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { continue };
        let line = format!("conn {} local {local} peer {peer}\n", i + 1);
        print!("{line}");
        let _ = stream.write_all(line.as_bytes());
    }
}
