//! fails both-ways: reads from both sides in turn
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (target, addr) = (args[1].clone(), args[2].clone());
    let listener = TcpListener::bind(addr).unwrap();
    for caller in listener.incoming() {
        let Ok(caller) = caller else { continue };
        let target = target.clone();
        thread::spawn(move || {
            if let Err(error) = forward(caller, &target) {
                eprintln!("{error}");
            }
        });
    }
}

fn forward(mut caller: TcpStream, target: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(target)?;
    let mut buffer = [0; 16384];
    loop {
        let n = caller.read(&mut buffer)?;
        server.write_all(&buffer[..n])?;
        if n == 0 {
            server.shutdown(Shutdown::Write)?;
        }
        let n = server.read(&mut buffer)?;
        caller.write_all(&buffer[..n])?;
        if n == 0 {
            return Ok(());
        }
    }
}
