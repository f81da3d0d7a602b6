//! Exercise 13, solved: two streams for each caller, and a thread for each direction.

use std::env;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [target, addr] = &args[..] else {
        return Err(io::Error::other("usage: forwarder TARGET ADDR"));
    };
    let listener = TcpListener::bind(addr)?;
    thread::scope(|scope| {
        for caller in listener.incoming() {
            let caller = match caller {
                Ok(caller) => caller,
                Err(error) => {
                    eprintln!("a caller was gone before its turn: {error}");
                    continue;
                }
            };
            scope.spawn(move || {
                // A target that refuses ends this caller, and nobody else.
                if let Err(error) = forward(&caller, target) {
                    eprintln!("could not connect to {target}: {error}");
                }
            });
        }
    });
    Ok(())
}

fn forward(caller: &TcpStream, target: &str) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    thread::scope(|scope| {
        scope.spawn(|| carry(caller, &server));
        carry(&server, caller);
    });
    Ok(())
}

/// Carries one direction: its bytes, and then its end.
fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    // What follows fails if the other side has gone: then there is nothing to end.
    if io::copy(&mut from, &mut to).is_ok() {
        // Only this direction has ended. The answer may still be on its way.
        let _ = to.shutdown(Shutdown::Write);
    } else {
        // A reset gives up both directions, and the other thread has to notice.
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
