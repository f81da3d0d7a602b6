//! passes: sends each byte with a call of its own
use std::io::Write;
use std::net::TcpListener;

fn main() {
    let addr = std::env::args().last().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for n in 1.. {
        let Ok((mut stream, peer)) = listener.accept() else { continue };
        let Ok(local) = stream.local_addr() else { continue };
        let line = format!("conn {n} local {local} peer {peer}\n");
        print!("{line}");
        for byte in line.bytes() {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
        }
    }
}
