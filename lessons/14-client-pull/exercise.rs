//! Exercise 14: `files FOLDER ADDR`, which serves the files of a folder over HTTP/1.1.
//!
//! It answers each GET with the file, or with 404, and keeps the connection for the next
//! one. `sockdemo check 14` fills a folder and asks for what is in it, and for what is not.

use std::env;
use std::io::{self, Read, Write};
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [_folder, addr] = &args[..] else {
        return Err(io::Error::other("usage: files FOLDER ADDR"));
    };
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut buffer = [0; 1024];
        let n = stream.read(&mut buffer)?;
        println!("{}", buffer[..n].escape_ascii());
        // Your turn: find out which file is asked for, and answer with it.
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
    }
    Ok(())
}
