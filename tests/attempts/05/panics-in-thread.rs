//! fails no-panic: unwraps in the thread of a connection
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let addr = std::env::args().next_back().unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(|| echo(stream));
    }
}

fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    loop {
        let n = stream.read(&mut buffer).unwrap();
        if n == 0 {
            return;
        }
        stream.write_all(&buffer[..n]).unwrap();
    }
}
