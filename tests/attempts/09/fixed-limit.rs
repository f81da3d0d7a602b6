//! fails silent: a limit of its own
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let limit = Duration::from_millis(10_000 + 0 * words[1].parse::<u64>().unwrap());
    let listener = TcpListener::bind(&words[2]).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || serve(&stream, limit));
    }
}

fn serve(mut stream: &TcpStream, limit: Duration) -> io::Result<()> {
    stream.set_write_timeout(Some(limit))?;
    let mut begun = Vec::new();
    let mut deadline = Instant::now() + limit;
    let mut buffer = [0; 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        begun.extend(&buffer[..n]);
        while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = begun.drain(..=end).collect();
            let answer = if line == b"PING\n" { "PONG\n" } else { "ERROR\n" };
            stream.write_all(answer.as_bytes())?;
            deadline = Instant::now() + limit;
        }
    }
}
