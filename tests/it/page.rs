//! The page of `http-server`: news in four ways, what the server does, the lessons.

mod rude;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use sockdemo::kit::event::{Call, Event};
use tungstenite::{Message, client};

use crate::harness::{HANG, Program, connect, read_to_end};

fn page() -> (Program, SocketAddr) {
    Program::server(&["http-server", "127.0.0.1:0"])
}

/// What comes back until the end of the stream.
fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = connect(addr);
    stream.write_all(request.as_bytes()).unwrap();
    String::from_utf8(read_to_end(&stream)).unwrap()
}

/// Asks on a connection of its own; gives the status line, the other lines and the body.
fn ask(addr: SocketAddr, request: &str) -> String {
    let request = format!("{request}\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    exchange(addr, &request)
}

fn post(addr: SocketAddr, text: &str) -> String {
    let length = text.len();
    let head = format!(
        "POST /news HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{text}"
    );
    exchange(addr, &head)
}

/// Sends a request, and leaves the answer to be read.
fn begin(addr: SocketAddr, target: &str, fields: &str) -> BufReader<TcpStream> {
    let mut stream = connect(addr);
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {addr}\r\n{fields}\r\n").unwrap();
    BufReader::new(stream)
}

/// Lines up to the one that `is_it`. A stream that says "still here" must not be waited for
/// on and on.
fn lines_until(reader: &mut impl BufRead, is_it: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut lines, begun) = (Vec::new(), Instant::now());
    loop {
        assert!(begun.elapsed() < HANG, "it does not come, after {lines:?}");
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the end, after {lines:?}");
        lines.push(line.trim_end().to_owned());
        if is_it(&lines[lines.len() - 1]) {
            return lines;
        }
    }
}

fn socket(addr: SocketAddr, path: &str) -> tungstenite::WebSocket<TcpStream> {
    let url = format!("ws://{addr}{path}");
    client(url, connect(addr)).unwrap().0
}

#[test]
fn the_same_news_is_heard_in_four_ways() {
    let (mut server, addr) = page();
    let mut parked = begin(addr, "/news/wait?after=0", "");
    let mut stream = begin(addr, "/news/stream", "");
    let mut socket = socket(addr, "/news/socket");
    server.wait_for("parked: this request waits for news");
    lines_until(&mut stream, str::is_empty);

    assert!(post(addr, "tea at five").starts_with("HTTP/1.1 201 Created\r\n"));

    let item = r#"{"id":1,"text":"tea at five"}"#;
    let head = lines_until(&mut parked, str::is_empty);
    assert_eq!(head[0], "HTTP/1.1 200 OK");
    let mut body = vec![0; item.len() + 2];
    parked.read_exact(&mut body).unwrap();
    assert_eq!(String::from_utf8(body).unwrap(), format!("[{item}]"));
    let event = lines_until(&mut stream, |line| line.starts_with("data:"));
    assert_eq!(event[event.len() - 2..], ["id: 1", "data: tea at five"]);
    assert_eq!(socket.read().unwrap(), Message::text(item));
    let answer = ask(addr, "GET /news?after=0 HTTP/1.1");
    assert!(answer.ends_with(&format!("\r\n\r\n[{item}]")), "{answer}");
}

#[test]
fn whoever_comes_back_misses_nothing_and_hears_nothing_twice() {
    let (_server, addr) = page();
    for text in ["one", "two", "three"] {
        post(addr, text);
    }
    let mut stream = begin(addr, "/news/stream?after=1", "Last-Event-ID: 2\r\n");
    let event = lines_until(&mut stream, |line| line.starts_with("data:"));
    assert_eq!(event[event.len() - 2..], ["id: 3", "data: three"]);
    let mut socket = socket(addr, "/news/socket?after=2");
    assert_eq!(socket.read().unwrap(), Message::text(r#"{"id":3,"text":"three"}"#));
    assert!(ask(addr, "GET /news/wait?after=3&limit=1 HTTP/1.1").contains(" 204 "));
    // After a restart of the server the numbers begin anew.
    assert!(ask(addr, "GET /news?after=99 HTTP/1.1").contains(r#"{"id":1,"#));
}

#[test]
fn what_is_said_over_a_websocket_is_news_for_all() {
    let (_server, addr) = page();
    let mut one = socket(addr, "/news/socket");
    let mut other = socket(addr, "/news/socket");
    one.send(Message::text("from one")).unwrap();
    let item = Message::text(r#"{"id":1,"text":"from one"}"#);
    assert_eq!((one.read().unwrap(), other.read().unwrap()), (item.clone(), item));
    one.close(None).unwrap();
    while one.read().is_ok() {} // Its thread is called away from where it is parked.
    other.send(Message::text("still here")).unwrap();
    assert!(other.read().unwrap().to_string().contains("still here"));
}

#[test]
fn news_is_a_line_of_text_from_this_page() {
    let (_server, addr) = page();
    assert!(post(addr, " \n").starts_with("HTTP/1.1 400 "));
    assert!(post(addr, &"x".repeat(1001)).starts_with("HTTP/1.1 413 "));
    for two in ["one\ntwo", "one\rid: 99\rtwo", "one\u{7}", "one\u{85}two"] {
        assert!(post(addr, two).starts_with("HTTP/1.1 400 "), "{two:?}");
    }
    let from = |origin: &str, kind: &str, body: &str| {
        let request = format!(
            "POST /news HTTP/1.1\r\nHost: {addr}\r\nOrigin: {origin}\r\n\
             Connection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(addr, &request)
    };
    let form = "application/x-www-form-urlencoded";
    assert!(from("http://evil.example", form, "text=x").starts_with("HTTP/1.1 403 "));
    assert!(from("null", form, "text=x").starts_with("HTTP/1.1 403 "));
    let own = format!("http://{addr}");
    let posted = from(&own, "Application/X-WWW-Form-URLencoded", "text=%0A");
    assert!(posted.starts_with("HTTP/1.1 400 "), "a field of a form: {posted}");
    let posted = from(&own, form, "x=y&text=caf%C3%A9+au+lait");
    assert!(posted.starts_with("HTTP/1.1 303 ") && posted.contains("Location: /\r\n"));
    let answer = ask(addr, "GET /news HTTP/1.1");
    assert!(answer.ends_with("[{\"id\":1,\"text\":\"caf\u{e9} au lait\"}]"), "{answer}");
    // The limit is for the line, and its end is none of it.
    let line = "x".repeat(1000);
    for (text, status) in
        [(&line, "201"), (&format!("{line}\r\n"), "201"), (&format!("{line}x"), "413")]
    {
        let posted = post(addr, text);
        assert!(posted.starts_with(&format!("HTTP/1.1 {status} ")), "{posted}");
    }
    for path in ["/news/socket", "/chat"] {
        let mut refused = begin(
            addr,
            path,
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n",
        );
        assert_eq!(lines_until(&mut refused, |_| true), ["HTTP/1.1 403 Forbidden"]);
    }
}

#[test]
fn whoever_watches_sees_what_the_server_does_but_not_himself() {
    let (_server, addr) = page();
    let mut watch = begin(addr, "/events", "");
    lines_until(&mut watch, str::is_empty);

    ask(addr, "GET /lessons/05 HTTP/1.1");
    let is_last = |line: &str| line.contains(r#""call":"close""#);
    let told = lines_until(&mut watch, is_last);
    let events: Vec<Event> = told
        .iter()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|json| serde_json::from_str(json).unwrap())
        .collect();
    let notes: Vec<_> = events.iter().filter_map(|event| event.text.as_deref()).collect();
    assert!(notes.contains(&"the request: GET /lessons/05"), "{notes:?}");
    let itself =
        |event: &&Event| event.connection == Some(1) && event.call == Some(Call::Send);
    assert_eq!(events.iter().find(itself), None, "each telling would be one more");
}

#[test]
fn a_quiet_server_tells_nobody() {
    let (_server, addr) = Program::server(&["http-server", "127.0.0.1:0", "--quiet"]);
    assert!(ask(addr, "GET /events HTTP/1.1").starts_with("HTTP/1.1 204 "));
}

#[test]
fn the_lessons_and_the_page_are_inside() {
    let (_server, addr) = page();
    let lesson = ask(addr, "GET /lessons/05 HTTP/1.1");
    assert!(lesson.contains("<h1>5. Bytes, not messages</h1>"), "{lesson}");
    assert!(lesson.contains("href=\"#lesson-06\""), "links stay on the page");
    assert!(ask(addr, "GET /lessons HTTP/1.1").contains("#lesson-18"));
    assert!(ask(addr, "GET /lessons/99 HTTP/1.1").starts_with("HTTP/1.1 404 "));
    let head = ask(addr, "HEAD /news HTTP/1.1");
    assert!(head.contains(" 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let waits = ask(addr, "HEAD /news/wait HTTP/1.1");
    assert!(waits.contains(" 405 ") && waits.contains("Allow: GET, POST"), "{waits}");
    let allowed = ask(addr, "OPTIONS /news/wait HTTP/1.1");
    assert!(allowed.contains("Allow: GET, POST, OPTIONS\r\n"), "{allowed}");
    for path in ["/", "/page.css", "/page.js", "/chat.css", "/chat.js"] {
        let answer = ask(addr, &format!("GET {path} HTTP/1.1"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}");
        assert!(answer.contains("Content-Security-Policy: default-src 'self'"), "{path}");
    }
}

#[test]
fn stopping_answers_whoever_waits_for_news() {
    let (mut server, addr) = page();
    let mut parked = begin(addr, "/news/wait", "");
    let mut stream = begin(addr, "/news/stream", "");
    let mut socket = socket(addr, "/news/socket");
    let mut chat = self::socket(addr, "/chat");
    server.wait_for("parked: this request waits for news");
    lines_until(&mut stream, str::is_empty);
    assert!(chat.read().unwrap().to_string().starts_with("* welcome"));

    server.interrupt();
    assert_eq!(lines_until(&mut parked, |_| true), ["HTTP/1.1 204 No Content"]);
    assert_eq!(lines_until(&mut stream, |line| line == "0").last().unwrap(), "0");
    let Ok(Message::Close(Some(close))) = socket.read() else { panic!("no close") };
    assert_eq!(u16::from(close.code), 1001);
    let goodbye = chat.read().unwrap().to_string();
    assert_eq!(goodbye, "* goodbye: the server is stopping");
    assert!(matches!(chat.read(), Ok(Message::Close(_))));
    drop((parked, stream, socket, chat));
    assert_eq!(server.end().code(), Some(0));
}
