//! fails refused-behind: has a connection ready before anybody calls
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (target, addr) = (args[1].clone(), args[2].clone());
    let listener = TcpListener::bind(addr).unwrap();
    loop {
        let server = TcpStream::connect(&target);
        let caller = listener.accept().map(|(caller, _)| caller);
        let (Ok(caller), Ok(server)) = (caller, server) else { continue };
        thread::spawn(move || {
            if let Err(error) = forward(caller, server) {
                eprintln!("{error}");
            }
        });
    }
}

fn forward(caller: TcpStream, server: TcpStream) -> io::Result<()> {
    let (caller2, server2) = (caller.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || carry(caller2, server2));
    carry(server, caller);
    let _ = up.join();
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16384];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(n) => {
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
