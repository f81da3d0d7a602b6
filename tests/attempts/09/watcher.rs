//! passes: a second thread watches the clock, and shuts the stream down
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let limit = Duration::from_millis(words[1].parse().unwrap());
    for stream in TcpListener::bind(&words[2]).unwrap().incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || serve(stream, limit));
    }
}

fn serve(stream: TcpStream, limit: Duration) {
    let (lines, seen) = channel();
    let twin = stream.try_clone().unwrap();
    thread::spawn(move || {
        while seen.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
            if twin.peer_addr().is_err() {
                return;
            }
        }
        let _ = twin.shutdown(Shutdown::Both);
    });
    let mut reader = BufReader::new(&stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok() && line.ends_with(b"\n") {
        let _ = lines.send(());
        let answer = if line == b"PING\n" { "PONG\n" } else { "ERROR\n" };
        if (&stream).write_all(answer.as_bytes()).is_err() {
            break;
        }
        line.clear();
    }
}
