//! passes: asks again and again, and blocks in no call
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut n = 0;
    loop {
        let Ok((mut stream, peer)) = listener.accept() else {
            std::thread::sleep(std::time::Duration::from_millis(1));
            continue;
        };
        n += 1;
        let Ok(local) = stream.local_addr() else { continue };
        let line = format!("conn {n} local {local} peer {peer}\n");
        print!("{line}");
        let _ = stream.set_nonblocking(false);
        let _ = stream.write_all(line.as_bytes());
    }
}
