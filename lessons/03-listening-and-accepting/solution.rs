//! Exercise 3, solved: a server that tells the time and hangs up.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long a client may go on sending, or may keep silent, after it was answered.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    thread::scope(|scope| {
        for stream in listener.incoming() {
            // A thread for each client: whoever keeps one waiting keeps nobody else waiting.
            let served = stream.and_then(|stream| {
                thread::Builder::new().spawn_scoped(scope, move || serve(&stream))
            });
            if let Err(error) = served {
                eprintln!("could not serve a client: {error}");
            }
        }
    });
    Ok(())
}

fn serve(stream: &TcpStream) {
    match tell_the_time(stream) {
        Ok(()) => drain(stream),
        Err(error) => eprintln!("a client was not told the time: {error}"),
    }
}

/// One line, and the end of our half: the client knows that no more will come.
fn tell_the_time(mut stream: &TcpStream) -> io::Result<()> {
    let time = UNIX_EPOCH.elapsed().map_err(io::Error::other)?;
    stream.write_all(format!("time {}\n", time.as_millis()).as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Reads what the client has sent, until it has ended too, is gone, or has had its time.
///
/// To close with bytes unread makes the kernel send a reset, and a reset can destroy the
/// line on its way.
fn drain(mut stream: &TcpStream) {
    let deadline = Instant::now() + PATIENCE;
    let mut unread = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A limit of zero is an error: then the time is over, too.
        let limited = stream.set_read_timeout(Some(left));
        match limited.and_then(|()| stream.read(&mut unread)) {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}
