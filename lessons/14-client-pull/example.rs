//! Lesson 14: requests and answers of HTTP/1.1, byte by byte, both sides in one program.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Six characters, and seven bytes: the second character has two.
const HELLO: &[u8] = "h\u{e9}llo\n".as_bytes();

/// How long we wait for bytes that do not come.
const LIMIT: Duration = Duration::from_millis(200);

/// Where one side's head says how long the body is, if it does.
const LENGTH: &str = "Content-Length: ";

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    thread::scope(|scope| {
        let server = scope.spawn(|| serve_one_client(&listener));
        let client = TcpStream::connect(listener.local_addr()?)?;
        let mut answers = BufReader::new(&client);

        one_request(&client, &mut answers)?;
        several_requests(&client, &mut answers)?;
        if let Ok(answered) = server.join() {
            println!("  the server       1 connection, {} requests", answered?);
        }
        where_the_body_ends(&listener)
    })
}

/// Every byte of it, in both directions.
fn one_request(mut client: &TcpStream, answers: &mut impl BufRead) -> io::Result<()> {
    println!("one request, and its answer");
    let host = client.peer_addr()?;
    let request = format!("GET /hello.txt HTTP/1.1\r\nHost: {host}\r\n\r\n");
    client.write_all(request.as_bytes())?;
    for line in request.split_inclusive('\n') {
        println!("  client  {}", visible(line.as_bytes()));
    }
    let head = read_head(answers)?;
    for line in &head {
        println!("  server  {}", visible(line.as_bytes()));
    }
    let mut body = Vec::new();
    read_body(answers, &head, &mut body)?;
    println!("  server  {}", visible(&body));
    Ok(())
}

/// The connection stays where it is, until the client says that it was the last one.
fn several_requests(client: &TcpStream, answers: &mut impl BufRead) -> io::Result<()> {
    println!("\nmore requests on the same connection");
    ask(client, answers, "GET /hello.txt", "")?;
    ask(client, answers, "HEAD /hello.txt", "")?;
    ask(client, answers, "GET /nothing", "")?;
    client.set_read_timeout(Some(LIMIT))?;
    println!("  and then         read {}", next(answers));
    client.set_read_timeout(None)?;
    ask(client, answers, "GET /hello.txt", "Connection: close\r\n")?;
    println!("  and then         read {}", next(answers));
    Ok(())
}

/// Asks, and says what came back. The answer to HEAD has no body, whatever its head says.
fn ask(
    mut client: &TcpStream,
    answers: &mut impl BufRead,
    what: &str,
    field: &str,
) -> io::Result<()> {
    let host = client.peer_addr()?;
    write!(client, "{what} HTTP/1.1\r\nHost: {host}\r\n{field}\r\n")?;
    let head = read_head(answers)?;
    let mut body = Vec::new();
    if !what.starts_with("HEAD") {
        read_body(answers, &head, &mut body)?;
    }
    let (status, length) = (head[0].trim_end(), length_of(&head).unwrap_or_default());
    println!("  {what:<15}  {status}, length {length}, {} bytes came", body.len());
    Ok(())
}

/// What a further read says, when no answer is due.
fn next(answers: &mut impl BufRead) -> String {
    match answers.fill_buf() {
        Ok([]) => "Ok(0): end of stream".to_owned(),
        Ok(bytes) => format!("Ok({})", bytes.len()),
        Err(error) => format!("Err({:?})", error.kind()),
    }
}

/// The server: one request after the other, until it is asked to be done.
fn serve_one_client(listener: &TcpListener) -> io::Result<usize> {
    let (mut stream, _) = listener.accept()?;
    let mut requests = BufReader::new(stream.try_clone()?);
    for answered in 1.. {
        let head = read_head(&mut requests)?;
        let (status, body) = match head[0].split(' ').nth(1) {
            Some("/hello.txt") => ("200 OK", HELLO),
            _ => ("404 Not Found", &b"no such file\n"[..]),
        };
        write!(stream, "HTTP/1.1 {status}\r\n{LENGTH}{}\r\n\r\n", body.len())?;
        if !head[0].starts_with("HEAD ") {
            stream.write_all(body)?;
        }
        if head.iter().any(|line| line == "Connection: close\r\n") {
            return Ok(answered);
        }
    }
    Ok(0)
}

/// The lines up to the empty one, each with its end.
fn read_head(stream: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let is_empty = line == "\r\n";
        head.push(line);
        if is_empty {
            return Ok(head);
        }
    }
}

/// So many bytes as the head says; or else everything, up to the end of the stream.
fn read_body(
    stream: &mut impl BufRead,
    head: &[String],
    body: &mut Vec<u8>,
) -> io::Result<()> {
    let Some(length) = length_of(head) else {
        stream.read_to_end(body)?;
        return Ok(());
    };
    let came = stream.take(length).read_to_end(body)? as u64;
    if came < length { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn length_of(head: &[String]) -> Option<u64> {
    head.iter().find_map(|line| line.strip_prefix(LENGTH)?.trim_end().parse().ok())
}

/// The same body with two kinds of end, each of them whole and cut off.
fn where_the_body_ends(listener: &TcpListener) -> io::Result<()> {
    println!("\nwhere does the body end?");
    let counted = format!("HTTP/1.1 200 OK\r\n{LENGTH}{}\r\n\r\n", HELLO.len());
    let uncounted = "HTTP/1.1 200 OK\r\n\r\n";
    let part = &HELLO[..3];
    answer(listener, "counted", &counted, HELLO, Then::StaysOpen)?;
    answer(listener, "counted, cut off", &counted, part, Then::Closes)?;
    answer(listener, "not counted", uncounted, HELLO, Then::Closes)?;
    answer(listener, "not counted, cut off", uncounted, part, Then::Closes)?;
    answer(listener, "not counted, kept open", uncounted, HELLO, Then::StaysOpen)
}

#[derive(PartialEq)]
enum Then {
    Closes,
    StaysOpen,
}

/// The server sends this, and the client reads the body as its head says.
fn answer(
    listener: &TcpListener,
    words: &str,
    head: &str,
    body: &[u8],
    then: Then,
) -> io::Result<()> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    client.set_read_timeout(Some(LIMIT))?;
    let (mut server, _) = listener.accept()?;
    server.write_all(&[head.as_bytes(), body].concat())?;
    let _open = (then == Then::StaysOpen).then_some(server);

    let mut answers = BufReader::new(client);
    let head = read_head(&mut answers)?;
    let mut body = Vec::new();
    let end = match read_body(&mut answers, &head, &mut body) {
        Ok(()) => "Ok".to_owned(),
        Err(error) => format!("Err({:?})", error.kind()),
    };
    println!("  {words:<22}  {} bytes, {end}", body.len());
    Ok(())
}

/// As text, with a name for each byte that cannot be seen.
fn visible(bytes: &[u8]) -> String {
    let name = |byte: &u8| match byte {
        b'\r' => "<CR>".to_owned(),
        b'\n' => "<LF>".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => format!("<{byte:02x}>"),
    };
    bytes.iter().map(name).collect()
}
