//! Limits: exactly as much as fits, and one more.

use super::{Case, ask, case, post};

const MAX_LINE: usize = 8 * 1024;
const MAX_HEAD: usize = 32 * 1024;
const MAX_BODY: usize = 1024 * 1024;

pub fn cases() -> Vec<Case> {
    let mut all = heads();
    all.extend(bodies());
    all
}

/// A request for a name so long that its first line has `length` bytes.
fn line(length: usize) -> String {
    let name = "x".repeat(length - "GET /a.txt? HTTP/1.1".len());
    ask(&format!("GET /a.txt?{name}"), &[])
}

/// A head of `length` bytes, in fields of at most 4,000.
fn head(length: usize) -> String {
    let mut head = ask("GET /a.txt", &[]);
    head.truncate(head.len() - 2);
    while head.len() + 2 < length {
        let room = (length - head.len() - 2).min(4000);
        let room = if (1..5).contains(&(length - head.len() - 2 - room)) {
            room - 5
        } else {
            room
        };
        head.push_str(&format!("X:{}\r\n", "y".repeat(room - 4)));
    }
    head + "\r\n"
}

fn fields(count: usize) -> String {
    ask("GET /a.txt", &vec!["X: y"; count - 1])
}

fn heads() -> Vec<Case> {
    vec![
        case("the longest first line", line(MAX_LINE), "200 | open"),
        case("a first line too long", line(MAX_LINE + 1), "414 | closed"),
        case(
            "a first line without an end",
            format!("GET /{}", "x".repeat(MAX_LINE)),
            "414 | closed",
        ),
        case("a method without an end", "x".repeat(MAX_LINE + 2), "414 | closed"),
        case("the longest head", head(MAX_HEAD), "200 | open"),
        case("a head too long", head(MAX_HEAD + 1), "431 | closed"),
        case("two of the longest heads", head(MAX_HEAD).repeat(2), "200 | 200 | open"),
        case(
            "a field without an end",
            format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(MAX_HEAD)),
            "431 | closed",
        ),
        case(
            "a name without an end",
            format!("GET / HTTP/1.1\r\n{}", "y".repeat(MAX_HEAD)),
            "431 | closed",
        ),
        case("empty lines without an end", "\r\n".repeat(MAX_HEAD / 2), "431 | closed"),
        case("as many fields as possible", fields(100), "200 | open"),
        case("a field too many", fields(101), "431 | closed"),
    ]
}

fn bodies() -> Vec<Case> {
    let body = |length: usize| {
        post(&[&format!("Content-Length: {length}")], &"x".repeat(length))
    };
    let chunked = |body: String| post(&["Transfer-Encoding: chunked"], &body);
    let whole = format!("200; Content-Length={MAX_BODY} | open");
    let chunk = |length: usize| format!("{length:x}\r\n{}\r\n", "x".repeat(length));
    let extension =
        |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length - 2));
    let trailers = |length: usize| {
        let one = format!("X: {}\r\n", "y".repeat(1021)); // 1,024 bytes without its end
        let last = format!("X: {}\r\n", "y".repeat(length - 7 * 1024 - 3));
        format!("0\r\n{}{last}\r\n", one.repeat(7))
    };
    vec![
        case("the longest body", body(MAX_BODY), &*whole),
        case(
            "a body too long",
            post(&[&format!("Content-Length: {}", MAX_BODY + 1)], ""),
            "413 | closed",
        ),
        case(
            "a body far too long",
            post(&["Content-Length: 18446744073709551615"], ""),
            "413 | closed",
        ),
        case(
            "a body too long for GET",
            ask("GET /", &["Content-Length: 1048577"]),
            "413 | closed",
        ),
        case(
            "the longest body in a chunk",
            chunked(chunk(MAX_BODY) + "0\r\n\r\n"),
            &*whole,
        ),
        case(
            "the longest body in chunks",
            chunked(chunk(MAX_BODY / 64).repeat(64) + "0\r\n\r\n"),
            &*whole,
        ),
        case(
            "chunks too long",
            chunked(chunk(MAX_BODY / 64).repeat(64) + "1\r\nx\r\n0\r\n\r\n"),
            "413 | closed",
        ),
        case("a chunk too long", chunked(chunk(MAX_BODY + 1)), "413 | closed"),
        case(
            "a chunk far too long",
            chunked("ffffffffffffffff\r\nx".into()),
            "413 | closed",
        ),
        case("the longest extension", chunked(extension(256)), "200; body=x | open"),
        case("an extension too long", chunked(extension(257)), "431 | closed"),
        case(
            "a length without an end",
            chunked("1;".to_owned() + &"e".repeat(300)),
            "431 | closed",
        ),
        case("the longest trailers", chunked(trailers(8 * 1024)), "200; body= | open"),
        case("trailers too long", chunked(trailers(8 * 1024 + 1)), "431 | closed"),
        case(
            "a trailer without an end",
            chunked("0\r\nX: ".to_owned() + &"y".repeat(9000)),
            "431 | closed",
        ),
    ]
}
