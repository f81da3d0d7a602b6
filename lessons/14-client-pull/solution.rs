//! Exercise 14, solved: a thread for each connection, and one request after the other.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Component, Path};
use std::thread;

/// No head may be longer: whoever sends for ever would fill the memory.
const LONGEST: u64 = 64 * 1024;

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [folder, addr] = &args[..] else {
        return Err(io::Error::other("usage: files FOLDER ADDR"));
    };
    let listener = TcpListener::bind(addr)?;
    thread::scope(|scope| {
        for stream in listener.incoming() {
            scope.spawn(move || {
                if let Err(error) = stream.and_then(|s| serve(&s, Path::new(folder))) {
                    eprintln!("a client is gone: {error}");
                }
            });
        }
    });
    Ok(())
}

/// One request after the other, until the client ends them or asks for the end.
fn serve(stream: &TcpStream, folder: &Path) -> io::Result<()> {
    let mut requests = BufReader::new(stream); // One for all: it may hold the next one.
    while let Some(head) = read_head(&mut requests)? {
        let first: Vec<_> = head.lines().next().unwrap_or_default().split(' ').collect();
        let (status, body) = match first[..] {
            ["GET", path, _] => match file(folder, path) {
                Some(body) => ("200 OK", body),
                None => ("404 Not Found", Vec::new()),
            },
            _ => ("400 Bad Request", Vec::new()),
        };
        answer(stream, status, &body)?;
        if status.starts_with("400") || head.lines().any(asks_for_the_end) {
            break;
        }
    }
    stream.shutdown(Shutdown::Write)?;
    // Whoever closes with bytes unread sends a reset, and may lose the answer with it.
    io::copy(&mut requests.take(LONGEST), &mut io::sink())?;
    Ok(())
}

/// The lines up to the empty one. None if the stream ends before that, or goes on and on.
fn read_head(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut stream = stream.take(LONGEST);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

fn asks_for_the_end(line: &str) -> bool {
    let (name, value) = line.split_once(':').unwrap_or_default();
    name.eq_ignore_ascii_case("Connection") && value.trim().eq_ignore_ascii_case("close")
}

/// What the file contains, if there is one. A path of plain names does not lead out.
fn file(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let path = Path::new(path.strip_prefix('/')?);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays { fs::read(folder.join(path)).ok() } else { None }
}

fn answer(mut stream: &TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len(); // In bytes, whatever they stand for.
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())
}
