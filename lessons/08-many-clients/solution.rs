//! Exercise 8, solved: a thread for each client, and a word to the one too many.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// The most that one read can bring.
const BUFFER: usize = 16 * 1024;

/// Whoever has sent more than so many reads can take is not heard to the end.
const READS_OF_A_STRANGER: usize = 64;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [limit, addr] = &args[..] else {
        return Err(io::Error::other("usage: crowd LIMIT ADDR"));
    };
    let limit: usize = limit.parse().map_err(io::Error::other)?;
    let listener = TcpListener::bind(addr)?;
    // Each client's thread holds a clone of it, so that its count is one more than theirs.
    let places = Arc::new(());
    for stream in listener.incoming() {
        let served = stream.and_then(|stream| {
            if Arc::strong_count(&places) > limit {
                return refuse(&stream);
            }
            // Taken here: the thread may begin later than the next client comes.
            let place = Arc::clone(&places);
            // Detached: it ends with its client, and this loop never does.
            thread::Builder::new().spawn(move || serve(&stream, place)).map(drop)
        });
        if let Err(error) = served {
            eprintln!("could not serve a client: {error}");
        }
    }
    Ok(())
}

/// The place is free before the client sees the end of the stream: it may come again.
fn serve(stream: &TcpStream, place: Arc<()>) {
    if let Err(error) = echo(stream) {
        eprintln!("a conversation ended early: {error}");
    }
    drop(place);
}

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => stream.write_all(&buffer[..n])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Says so, ends our half, and reads what has come: a close with bytes unread would be a
/// reset. Waits for nothing, because all others wait for this thread.
fn refuse(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"busy\n")?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_nonblocking(true)?;
    let mut unread = [0; BUFFER];
    for _ in 0..READS_OF_A_STRANGER {
        if !matches!(stream.read(&mut unread), Ok(1..)) {
            break; // That was all, for now.
        }
    }
    Ok(())
}
