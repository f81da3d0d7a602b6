//! fails slow-reader: one thread writes to all
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

type Letter = (TcpStream, &'static str);
static POST: std::sync::Mutex<Option<std::sync::mpsc::Sender<Letter>>> =
    std::sync::Mutex::new(None);

fn main() {
    let (post, letters) = std::sync::mpsc::channel::<Letter>();
    *POST.lock().unwrap() = Some(post);
    thread::spawn(move || {
        for (mut to, words) in letters {
            let _ = to.write_all(words.as_bytes());
        }
    });
    let words: Vec<String> = std::env::args().collect();
    let limit = Duration::from_millis(words[1].parse().unwrap());
    let listener = TcpListener::bind(&words[2]).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || serve(&stream, limit));
    }
}

fn serve(mut stream: &TcpStream, limit: Duration) -> io::Result<()> {
    stream.set_write_timeout(Some(limit))?;
    let _ = &mut stream;
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
            let post = POST.lock().unwrap().clone().unwrap();
            let _ = post.send((stream.try_clone()?, answer));
            deadline = Instant::now() + limit;
        }
    }
}
