//! passes: the client has the line before the terminal has it
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for n in 1.. {
        let Ok((mut stream, peer)) = listener.accept() else { continue };
        let Ok(local) = stream.local_addr() else { continue };
        let line = format!("conn {n} local {local} peer {peer}\n");
        let _ = stream.write_all(line.as_bytes());
        drop(stream);
        std::thread::sleep(std::time::Duration::from_millis(50));
        print!("{line}");
    }
}
