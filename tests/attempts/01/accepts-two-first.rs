//! fails own-address: waits for a second client before it tells the first
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    let mut n = 0;
    loop {
        let pair = [listener.accept(), listener.accept()];
        for (mut stream, peer) in pair.into_iter().flatten() {
            n += 1;
            let Ok(local) = stream.local_addr() else { continue };
            let line = format!("conn {n} local {local} peer {peer}\n");
            print!("{line}");
            let _ = stream.write_all(line.as_bytes());
        }
    }
}
