//! passes: a thread per client, and some that do nothing
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for _ in 0..3 {
        std::thread::spawn(|| std::thread::park());
    }
    for n in 1.. {
        let Ok((mut stream, peer)) = listener.accept() else { continue };
        std::thread::spawn(move || {
            let Ok(local) = stream.local_addr() else { return };
            let line = format!("conn {n} local {local} peer {peer}\n");
            print!("{line}");
            let _ = stream.write_all(line.as_bytes());
        });
    }
}
