//! Exercise 2, solved: a server that says where it listens, or why it cannot.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;

fn main() -> ExitCode {
    let addr = std::env::args().next_back().unwrap_or_default();
    match listen(&addr) {
        Ok(listener) => serve(&listener),
        Err(error) => {
            eprintln!("could not listen on {addr}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// `bind` looks the name up, tries each of its addresses, and keeps the first that works.
/// Which one that is, and which port, only the socket knows.
fn listen(addr: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(addr)?;
    writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
    Ok(listener)
}

/// Accepts for ever. Nobody has anything to say here: each stream is dropped at once.
fn serve(listener: &TcpListener) {
    for stream in listener.incoming() {
        if let Err(error) = stream {
            eprintln!("could not accept: {error}");
        }
    }
}
