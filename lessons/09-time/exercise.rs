//! Exercise 9: a server that lets go of clients that are silent for too long.
//!
//! It is started with a limit in milliseconds and its address. The line `PING` is answered
//! with the line `PONG`, any other line with `ERROR`. A client that does not complete a line
//! within the limit gets the end of the stream. Check it with `sockdemo check 09`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let limit = words.next().unwrap_or_default().parse().unwrap_or(1000);
    let limit = Duration::from_millis(limit);
    let listener = TcpListener::bind(words.next().unwrap_or_default())?;
    for stream in listener.incoming() {
        let _ = serve(&stream?, limit); // One client's error is not the others'.
    }
    Ok(())
}

fn serve(mut stream: &TcpStream, _limit: Duration) -> io::Result<()> {
    // Your turn: this waits for ever, for one client at a time, and knows only PONG.
    for _line in BufReader::new(stream).split(b'\n') {
        stream.write_all(b"PONG\n")?;
    }
    Ok(())
}
