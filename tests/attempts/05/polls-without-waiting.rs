//! passes: one thread goes round all its non-blocking clients
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    let mut clients: Vec<(TcpStream, Vec<u8>, bool)> = Vec::new();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            clients.push((stream, Vec::new(), false));
        }
        clients.retain_mut(|(stream, unsent, ended)| step(stream, unsent, ended).is_ok());
    }
}

fn step(
    stream: &mut TcpStream,
    unsent: &mut Vec<u8>,
    ended: &mut bool,
) -> Result<(), ()> {
    let mut buffer = [0; 65536];
    if unsent.is_empty() {
        match stream.read(&mut buffer) {
            Ok(0) => *ended = true,
            Ok(n) => unsent.extend(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Err(()),
        }
    }
    match stream.write(unsent) {
        Ok(n) => drop(unsent.drain(..n)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(_) => return Err(()),
    }
    if *ended && unsent.is_empty() { Err(()) } else { Ok(()) }
}
