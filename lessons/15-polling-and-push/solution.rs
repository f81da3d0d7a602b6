//! Exercise 15, solved: a thread for each client, and one condition to wait for.

use std::io::{self, BufRead, BufReader, Error, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest head, and the longest piece of news.
const HEAD: u64 = 8 * 1024;
const PIECE: u64 = 1024 * 1024;

fn main() -> io::Result<()> {
    let usage = || Error::other("usage: wait ADDR");
    let listener = TcpListener::bind(std::env::args().nth(1).ok_or_else(usage)?)?;
    let feed = Arc::new(Feed::default());
    for stream in listener.incoming() {
        let feed = Arc::clone(&feed);
        // Detached: it ends with its client.
        let began = stream.and_then(|stream| {
            thread::Builder::new().spawn(move || serve(&stream, &feed))
        });
        if let Err(error) = began {
            eprintln!("could not serve somebody: {error}");
        }
    }
    Ok(())
}

/// Piece N stands at N - 1.
#[derive(Default)]
struct Feed {
    pieces: Mutex<Vec<Arc<str>>>,
    grows: Condvar,
}

impl Feed {
    fn publish(&self, text: &str) -> usize {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.push(text.into());
        self.grows.notify_all();
        pieces.len()
    }

    /// The pieces after `after`, as soon as there are any; none if the limit is over first.
    fn newer(&self, after: usize, limit: Duration) -> Vec<Arc<str>> {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        // Looking and going to sleep are one step: the lock is given back in between.
        let nothing_newer = |pieces: &mut Vec<_>| pieces.len() <= after;
        let (pieces, _) = self
            .grows
            .wait_timeout_while(pieces, limit, nothing_newer)
            .unwrap_or_else(PoisonError::into_inner);
        pieces.iter().skip(after).cloned().collect()
    }
}

fn serve(stream: &TcpStream, feed: &Feed) -> io::Result<()> {
    let request = Request::read(stream)?;
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/news") => {
            let number = feed.publish(&request.body);
            answer(stream, "201 Created", &format!("{number}\n"))
        }
        ("GET", "/wait") => {
            let (after, limit) = (request.number("after")?, request.number("limit")?);
            let newer = feed.newer(after, Duration::from_millis(limit as u64));
            let lines = (after + 1..).zip(newer).map(|(n, text)| format!("{n} {text}\n"));
            match lines.collect::<String>().as_str() {
                "" => answer(stream, "204 No Content", ""),
                lines => answer(stream, "200 OK", lines),
            }
        }
        _ => answer(stream, "404 Not Found", "nothing here\n"),
    }
}

struct Request {
    method: String,
    path: String,
    query: String,
    body: String,
}

impl Request {
    fn read(stream: &TcpStream) -> io::Result<Request> {
        let mut reader = BufReader::new(stream.take(HEAD));
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first)?;
        loop {
            let mut field = String::new();
            if reader.read_line(&mut field)? == 0 {
                return Err(Error::other("the head has no end"));
            }
            match field.trim_end().split_once(':') {
                None if field.trim_end().is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(Error::other)?;
                }
                _ => {}
            }
        }
        if length > PIECE {
            return Err(Error::other("the body is too long"));
        }
        reader.get_mut().set_limit(length); // The rest may lie in the buffer already.
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        let mut words = first.split_whitespace().map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        Ok(Request { method, path: path.to_owned(), query: query.to_owned(), body })
    }

    /// The number behind `name=`, between the `&`s of the query.
    fn number(&self, name: &str) -> io::Result<usize> {
        let mut fields = self.query.split('&').filter_map(|field| field.split_once('='));
        let found = fields.find(|(known, _)| *known == name);
        found.map_or("0", |(_, value)| value).parse().map_err(Error::other)
    }
}

/// The answer, and the end of the stream: the caller drops it.
fn answer(mut stream: &TcpStream, status: &str, body: &str) -> io::Result<()> {
    let length = match body.len() {
        0 => String::new(),
        length => format!("Content-Length: {length}\r\n"),
    };
    let head = format!("HTTP/1.1 {status}\r\n{length}Connection: close\r\n\r\n");
    stream.write_all((head + body).as_bytes())
}
