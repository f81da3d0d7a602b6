//! fails ten: whoever was woken wakes nobody else, as one receiver of a channel

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap()).unwrap();
    let feed = Arc::new(Feed::default());
    for stream in listener.incoming().flatten() {
        let feed = feed.clone();
        thread::spawn(move || serve(stream, &feed));
    }
}

struct Feed {
    pieces: Mutex<Vec<String>>,
    bell: mpsc::Sender<()>,
    rings: Mutex<mpsc::Receiver<()>>,
}

impl Default for Feed {
    fn default() -> Feed {
        let (bell, rings) = mpsc::channel();
        Feed { pieces: Mutex::default(), bell, rings: Mutex::new(rings) }
    }
}

fn serve(stream: TcpStream, feed: &Feed) {
    let Some(request) = read(&stream) else { return };
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/news") => {
            let mut pieces = feed.pieces.lock().unwrap();
            pieces.push(request.body);
            let number = pieces.len();
            drop(pieces);
            let _ = feed.bell.send(());
            answer(&stream, "201 Created", &format!("{number}\n"));
        }
        ("GET", "/wait") => {
            let (after, limit) = (request.number("after"), request.number("limit"));
            let limit = Duration::from_millis(limit as u64);
            let begun = Instant::now();
            loop {
                let news = lines(&feed.pieces.lock().unwrap(), after);
                if !news.is_empty() {
                    return answer(&stream, "200 OK", &news);
                }
                let left = limit.saturating_sub(begun.elapsed());
                if feed.rings.lock().unwrap().recv_timeout(left).is_err() {
                    return answer(&stream, "204 No Content", "");
                }
            }
        }
        _ => answer(&stream, "404 Not Found", ""),
    }
}

fn lines(pieces: &[String], after: usize) -> String {
    (1..).zip(pieces).skip(after).map(|(n, text)| format!("{n} {text}\n")).collect()
}

struct Request {
    method: String,
    path: String,
    query: String,
    body: String,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut field = String::new();
        if reader.read_line(&mut field).ok()? == 0 {
            return None;
        }
        match field.trim_end().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = first.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Request {
        method: first.split(' ').next()?.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: String::from_utf8(body).ok()?,
    })
}

impl Request {
    fn number(&self, name: &str) -> usize {
        let mut fields = self.query.split('&').filter_map(|field| field.split_once('='));
        fields
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, n)| n.parse().unwrap_or(0))
    }
}

fn answer(mut stream: &TcpStream, status: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
    let _ = stream.write_all((head + body).as_bytes());
}
