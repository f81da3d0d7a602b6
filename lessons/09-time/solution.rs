//! Solution 9: a deadline for each line, and a thread for each client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// No line of this protocol is longer.
const LONGEST: usize = 1000;

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let limit = words.next().unwrap_or_default().parse().map_err(io::Error::other)?;
    let limit = Duration::from_millis(limit);
    let listener = TcpListener::bind(words.next().unwrap_or_default())?;
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let stream = stream?;
            // An error, or a time that is over, ends this conversation and no other.
            scope.spawn(move || serve(&stream, limit));
        }
        Ok(())
    })
}

fn serve(mut stream: &TcpStream, limit: Duration) -> io::Result<()> {
    stream.set_write_timeout(Some(limit))?;
    let mut begun = Vec::new(); // A line whose end has not come yet.
    let mut deadline = Instant::now() + limit;
    let mut buffer = [0; 1024];
    loop {
        // A time limit of zero is an error: the time is over before that.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || begun.len() > LONGEST {
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
            deadline = Instant::now() + limit; // Only a whole line counts.
        }
    }
}
