//! fails both-ways: carries whole lines only
use std::io::{self, BufRead, BufReader, Write};
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

fn forward(caller: TcpStream, target: &str) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (caller2, server2) = (caller.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || carry(caller2, server2));
    carry(server, caller);
    let _ = up.join();
    Ok(())
}

fn carry(from: TcpStream, mut to: TcpStream) {
    let mut line = Vec::new();
    let mut from = BufReader::new(from);
    while let Ok(1..) = from.read_until(b'\n', &mut line) {
        if to.write_all(&line).is_err() {
            return;
        }
        line.clear();
    }
    let _ = to.shutdown(Shutdown::Write);
}
