//! fails no-panic: only the thread of the client that has left panics
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for (i, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let (local, peer) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
            let line = format!("conn {} local {local} peer {peer}\n", i + 1);
            print!("{line}");
            stream.write_all(line.as_bytes()).unwrap();
        });
    }
}
