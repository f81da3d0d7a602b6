//! fails both-ways: the whole question first, then the whole answer
use std::io;
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
    io::copy(&mut caller, &mut server)?;
    server.shutdown(Shutdown::Write)?;
    io::copy(&mut server, &mut caller)?;
    Ok(())
}
