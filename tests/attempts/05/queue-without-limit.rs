//! passes: reads on, whoever does not read; a thread writes
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let _ = echo(stream.unwrap());
    }
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut outgoing = stream.try_clone()?;
    let (sender, queue) = mpsc::channel();
    let writer = std::thread::spawn(move || {
        for bytes in queue {
            let bytes: Vec<u8> = bytes;
            if outgoing.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        let _ = sender.send(buffer[..n].to_vec());
    }
    drop(sender);
    let _ = writer.join();
    Ok(())
}
