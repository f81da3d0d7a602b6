//! Exercise 6, solved: a word server that finds the edges of its frames by their lengths.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let listener = TcpListener::bind(addr)?;
    for stream in listener.incoming() {
        // A client that resets ends its own conversation and nobody else's.
        if let Err(error) = stream.and_then(|stream| converse(&stream)) {
            eprintln!("a conversation ended early: {error}");
        }
    }
    Ok(())
}

/// Answers frame after frame. There is one reader for the whole connection: what it has
/// read ahead belongs to the next frame.
fn converse(mut stream: &TcpStream) -> io::Result<()> {
    let mut inbox = BufReader::new(stream);
    while let Some(word) = read_frame(&mut inbox)? {
        // Length and text go out in one write, so that they can travel in one packet.
        stream.write_all(&frame(&word.to_uppercase())?)?;
    }
    Ok(())
}

/// `None` if the stream ends where a frame could begin. An end inside one is an error.
fn read_frame(inbox: &mut impl BufRead) -> io::Result<Option<String>> {
    if inbox.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut length = [0; 2];
    inbox.read_exact(&mut length)?;
    // Two bytes cannot announce more than 65,535: the format is its own limit.
    let mut text = vec![0; u16::from_be_bytes(length).into()];
    inbox.read_exact(&mut text)?;
    let text = String::from_utf8(text);
    text.map(Some).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Upper case can take more bytes than lower case, so an answer may not fit its frame.
fn frame(text: &str) -> io::Result<Vec<u8>> {
    let length = u16::try_from(text.len())
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    Ok([&length.to_be_bytes(), text.as_bytes()].concat())
}
