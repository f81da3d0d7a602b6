//! Exercise 15: `wait`, a feed of news whose readers wait for the next piece.
//!
//! It is started with the address as its last argument. `POST /news` brings a piece, and
//! `GET /wait?after=N&limit=MS` asks for all pieces after the Nth. What lesson 14 taught is
//! here already, below: the work is the waiting. `sockdemo check 15` looks from outside.

use std::io::{self, BufRead, BufReader, Error, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The longest head, and the longest piece of news.
const HEAD: u64 = 8 * 1024;
const PIECE: u64 = 1024 * 1024;

/// Piece N stands at N - 1. All threads share it.
type Feed = Mutex<Vec<Arc<str>>>;

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

/// One request, one answer, and the stream ends.
fn serve(stream: &TcpStream, feed: &Feed) -> io::Result<()> {
    let request = Request::read(stream)?;
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/news") => {
            let mut pieces = feed.lock().unwrap_or_else(PoisonError::into_inner);
            pieces.push(request.body.into());
            let number = pieces.len();
            drop(pieces); // Nobody waits for this client's answer.
            answer(stream, "201 Created", &format!("{number}\n"))
        }
        ("GET", "/wait") => {
            // Your turn: if there is nothing newer, the answer has to wait until there is,
            // at most `limit` milliseconds. This one comes at once.
            let (after, _limit) = (request.number("after")?, request.number("limit")?);
            let pieces = feed.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let newer = (1..).zip(pieces).skip(after);
            let lines = newer.map(|(n, text)| format!("{n} {text}\n"));
            answer(stream, "200 OK", &lines.collect::<String>())
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
