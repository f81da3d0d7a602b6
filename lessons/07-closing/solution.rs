//! Exercise 7, solved: a client that says when it has finished, and a server that waits
//! for that.

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &args[..] {
        [role, addr] if role == "serve" => serve(addr),
        [role, addr] if role == "count" => count(addr),
        _ => Err(io::Error::other("usage: serve ADDR, or count ADDR")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("could not go on: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        // A client that resets ends its own conversation and nobody else's.
        if let Err(error) = stream.and_then(|stream| tell_how_much(&stream)) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

/// `copy` reads until the stream ends. Nothing is left unread, so that the close behind
/// the answer is no reset.
fn tell_how_much(mut stream: &TcpStream) -> io::Result<()> {
    let n = io::copy(&mut stream, &mut io::sink())?;
    stream.write_all(format!("bytes={n}\n").as_bytes())
}

fn count(addr: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    io::copy(&mut io::stdin(), &mut stream)?;
    // Our half ends and the other stays open: the answer comes through that one.
    stream.shutdown(Shutdown::Write)?;
    let mut stdout = io::stdout();
    let n = io::copy(&mut stream, &mut stdout)?;
    stdout.flush()?;
    match n {
        0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the answer did not come")),
        _ => Ok(()),
    }
}
