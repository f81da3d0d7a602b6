//! fails in-progress: sleeps for half a second, then exits

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn main() {
    let addr = std::env::args().nth(1).unwrap();
    let listener = TcpListener::bind(addr).unwrap();
    ctrlc::set_handler(|| {
        thread::sleep(Duration::from_millis(500));
        std::process::exit(0);
    })
    .unwrap();
    for stream in listener.incoming() {
        let client = stream.unwrap();
        thread::spawn(move || echo(&client));
    }
}

fn echo(mut stream: &TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}
