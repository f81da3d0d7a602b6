//! passes: io::copy in two threads
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

fn forward(caller: TcpStream, target: &str) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (caller2, server2) = (caller.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || carry(caller2, server2));
    carry(server, caller);
    let _ = up.join();
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let how = match io::copy(&mut from, &mut to) {
        Ok(_) => Shutdown::Write,
        Err(_) => Shutdown::Both,
    };
    let _ = to.shutdown(how);
    if how == Shutdown::Both {
        let _ = from.shutdown(how);
    }
}
