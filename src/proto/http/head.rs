//! The head of a message: a first line, then a line for each field, then an empty line.
//!
//! A server that guesses what a strange head means may guess differently from a proxy in
//! front of it, and then a request can hide in another one. So requests are read strictly:
//! what the grammar does not allow is refused. Responses may end their lines with LF alone.

use std::borrow::Cow;
use std::str;

use memchr::memchr;

use crate::proto::http::status::{Bad, bad};

/// Browsers send less than 2 KiB, with many cookies 8 KiB.
pub const MAX_HEAD: usize = 32 * 1024;

/// The first line, without its end. RFC 9112 asks for at least 8,000.
pub const MAX_LINE: usize = 8 * 1024;

/// Each field costs more memory than its bytes.
pub const MAX_FIELDS: usize = 100;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `GET`, `POST`: capitals matter.
    pub method: &'a str,
    /// As it was sent: `/news?after=3`.
    pub target: &'a str,
    /// The version that the client speaks.
    pub version: Version,
    /// The fields, in order.
    pub fields: Fields<'a>,
}

/// What a server answers, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The version that the server speaks.
    pub version: Version,
    /// Three digits, such as 200.
    pub status: u16,
    /// A phrase for people: `OK`.
    pub reason: Cow<'a, str>,
    /// The fields, in order.
    pub fields: Fields<'a>,
}

/// The versions that share this grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Version {
    /// One request, one connection.
    Http10,
    /// A connection stays open, unless one side says `Connection: close`. A server of a
    /// later 1.x is spoken to like this, too.
    Http11,
}

/// Fields: names in any mixture of capitals, values without the spaces around them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Fields<'_> {
    /// The first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The field of that name. Of several, nobody knows which one counts.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut all = self.all(name);
        let first = all.next();
        first.filter(|_| all.next().is_none())
    }

    /// The fields of that name, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let same =
            move |(other, _): &&(&str, Cow<'_, str>)| other.eq_ignore_ascii_case(name);
        self.0.iter().filter(same).map(|(_, value)| &**value)
    }

    /// The members of the lists in all fields of that name: `a, b` and `c` are three.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let members =
            |value| str::split(value, ',').map(|member| member.trim_matches(SPACE));
        self.all(name).flat_map(members).filter(|member| !member.is_empty())
    }

    /// Is `token` in one of these lists, in capitals or not?
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|member| member.eq_ignore_ascii_case(token))
    }

    /// Names and values, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, &**value))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// A head and how many bytes it took, or `None` if more are needed.
pub type Parsed<T> = Result<Option<(T, usize)>, Bad>;

/// Reads the head of a request from the front of `input`.
pub fn parse_request(input: &[u8]) -> Parsed<Request<'_>> {
    let Some((line, fields, used)) = parse(input, request_line, Ends::CrLf)? else {
        return Ok(None);
    };
    let (method, target, version) = line;
    Ok(Some((Request { method, target, version, fields }, used)))
}

/// Reads the head of a response from the front of `input`.
pub fn parse_response(input: &[u8]) -> Parsed<Response<'_>> {
    let Some((line, fields, used)) = parse(input, status_line, Ends::Lf)? else {
        return Ok(None);
    };
    let (version, status, reason) = line;
    Ok(Some((Response { version, status, reason, fields }, used)))
}

/// What ends a line.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    CrLf,
    /// With or without a CR before it.
    Lf,
}

type Head<'a, L> = (L, Fields<'a>, usize);

/// Line by line, so that a mistake is found before the rest has come.
fn parse<'a, L>(
    input: &'a [u8],
    first_line: fn(&'a [u8]) -> Result<L, Bad>,
    ends: Ends,
) -> Result<Option<Head<'a, L>>, Bad> {
    let seen = &input[..input.len().min(MAX_HEAD)];
    // An empty line may be left from before: some clients send one behind a body.
    let empty = seen.chunks(2).take_while(|line| line == b"\r\n").count() * 2;
    let mut rest = &seen[empty..];

    let first = match next_line(rest, ends)? {
        Some((line, _)) if line.len() > MAX_LINE => return Err(LINE_TOO_LONG),
        Some((line, behind)) => {
            rest = behind;
            first_line(line)?
        }
        None if rest.len() > MAX_LINE + 1 => return Err(LINE_TOO_LONG),
        None => return need_more(input, rest),
    };
    let mut fields = Fields::default();
    while let Some((line, behind)) = next_line(rest, ends)? {
        rest = behind;
        match line {
            [] => return Ok(Some((first, fields, seen.len() - rest.len()))),
            _ if fields.0.len() == MAX_FIELDS => return Err(TOO_MANY_FIELDS),
            [b' ' | b'\t', ..] => unfold(&mut fields, line, ends)?,
            line => fields.0.push(field(line)?),
        }
    }
    need_more(input, &[])
}

const LINE_TOO_LONG: Bad =
    Bad { status: 414, why: "the first line is longer than 8192 bytes" };
const TOO_MANY_FIELDS: Bad = Bad { status: 431, why: "more than 100 fields" };
const HEAD_TOO_LONG: Bad =
    Bad { status: 431, why: "the head is longer than 32768 bytes" };

fn need_more<T>(input: &[u8], first_line: &[u8]) -> Result<Option<T>, Bad> {
    // Whoever begins a TLS handshake would wait for our part of it.
    if first_line.starts_with(&[0x16, 0x03]) {
        return Err(bad("this is TLS, as for https://; here is plain http://"));
    }
    if input.len() >= MAX_HEAD { Err(HEAD_TOO_LONG) } else { Ok(None) }
}

/// A line without its end, and what is behind it.
type Line<'a> = (&'a [u8], &'a [u8]);

/// The line at the front.
fn next_line(input: &[u8], ends: Ends) -> Result<Option<Line<'_>>, Bad> {
    let Some(end) = memchr(b'\n', input) else {
        return Ok(None);
    };
    let (line, behind) = (&input[..end], &input[end + 1..]);
    match line.strip_suffix(b"\r") {
        Some(line) => Ok(Some((line, behind))),
        None if ends == Ends::Lf => Ok(Some((line, behind))),
        None => Err(bad("a line ends with CR LF; this one has LF alone")),
    }
}

fn request_line(line: &[u8]) -> Result<(&str, &str, Version), Bad> {
    const FORM: Bad = bad("the first line is not METHOD TARGET HTTP/1.1");
    let line = str::from_utf8(line).map_err(|_| FORM)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(FORM);
    };
    if !is_token(method) {
        return Err(bad("the method is not a word"));
    }
    if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("the target is not made of visible ASCII"));
    }
    Ok((method, target, parse_version(version)?))
}

fn status_line(line: &[u8]) -> Result<(Version, u16, Cow<'_, str>), Bad> {
    const FORM: Bad = bad("the first line is not HTTP/1.1 STATUS REASON");
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (Some(version), Some(status)) = (words.next(), words.next()) else {
        return Err(FORM);
    };
    let version = parse_version(str::from_utf8(version).map_err(|_| FORM)?)?;
    let digits = status.len() == 3 && status.iter().all(u8::is_ascii_digit);
    let status = str::from_utf8(status).ok().and_then(|digits| digits.parse().ok());
    let Some(status @ 100..) = status.filter(|_| digits) else { return Err(FORM) };
    Ok((version, status, String::from_utf8_lossy(words.next().unwrap_or_default())))
}

fn parse_version(version: &str) -> Result<Version, Bad> {
    match version.strip_prefix("HTTP/").map(str::as_bytes) {
        Some(b"1.0") => Ok(Version::Http10),
        Some([b'1', b'.', b'1'..=b'9']) => Ok(Version::Http11),
        Some([b'0'..=b'9', b'.', b'0'..=b'9']) => {
            Err(Bad { status: 505, why: "only HTTP/1.0 and HTTP/1.1 are spoken here" })
        }
        _ => Err(bad("the first line does not name a version, such as HTTP/1.1")),
    }
}

/// A line of a head, or of what stands behind the last chunk.
pub(super) fn field(line: &[u8]) -> Result<(&str, Cow<'_, str>), Bad> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Err(bad("a field has no colon"));
    };
    let name = str::from_utf8(&line[..colon]).unwrap_or_default();
    if !is_token(name) {
        return Err(bad("a field's name is not a word with a colon directly behind it"));
    }
    Ok((name, value(&line[colon + 1..])?))
}

/// A value may have bytes that are no text: those are of no use to anybody here, but they
/// must not make a field look empty.
fn value(bytes: &[u8]) -> Result<Cow<'_, str>, Bad> {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if bytes.iter().any(is_control) {
        return Err(bad("a field's value has a control character"));
    }
    let bytes = bytes.trim_ascii(); // Spaces and tabs: everything else is a control.
    Ok(match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    })
}

/// A value that goes on in the next line was allowed once. In a request it is refused.
fn unfold(fields: &mut Fields<'_>, line: &[u8], ends: Ends) -> Result<(), Bad> {
    match fields.0.last_mut() {
        Some((_, begun)) if ends == Ends::Lf => {
            *begun = Cow::Owned(format!("{begun} {}", value(line)?));
            Ok(())
        }
        _ => Err(bad("a line of a field begins with a space")),
    }
}

const SPACE: [char; 2] = [' ', '\t'];

/// The characters of methods and names of fields.
pub fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| in_token(&byte))
}

/// The same for one of them.
pub(super) fn in_token(byte: &u8) -> bool {
    matches!(byte,
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'!' | b'#'..=b'\'' | b'*' | b'+'
        | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET /news?after=3 HTTP/1.1\r\nHost: a:80\r\n\
        Accept: text/html,\t*/*\r\nX:\r\nACCEPT:  last \t\r\n\r\nbody";

    #[test]
    fn a_request_is_a_line_and_fields() {
        let (request, used) = parse_request(REQUEST).unwrap().unwrap();
        assert_eq!(used, REQUEST.len() - 4);
        assert_eq!((request.method, request.target), ("GET", "/news?after=3"));
        assert_eq!(request.version, Version::Http11);
        assert_eq!(request.fields.get("host"), Some("a:80"));
        assert_eq!(request.fields.get("x"), Some(""));
        assert_eq!(request.fields.get("y"), None);
        let list: Vec<_> = request.fields.list("accept").collect();
        assert_eq!(list, ["text/html", "*/*", "last"]);
        assert!(request.fields.has_token("Accept", "LAST"));
    }

    #[test]
    fn wherever_it_is_cut_it_is_not_whole_yet() {
        let end = REQUEST.len() - 4;
        for cut in 0..end {
            assert_eq!(parse_request(&REQUEST[..cut]), Ok(None), "after {cut} bytes");
        }
        assert!(parse_request(&REQUEST[..end]).unwrap().is_some());
    }

    #[test]
    fn empty_lines_before_it_are_no_harm() {
        let (_, used) =
            parse_request(b"\r\n\r\nGET / HTTP/1.0\r\n\r\n").unwrap().unwrap();
        assert_eq!(used, 22);
        assert_eq!(parse_request(b"\r"), Ok(None));
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused() {
        for head in [
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET  / HTTP/1.1\r\n",
            " GET / HTTP/1.1\r\n",
            "GET / HTTP/1.1 \r\n",
            "GET /\r\n",
            "GET\r\n",
            "G(T / HTTP/1.1\r\n",
            "GET /caf\u{e9} HTTP/1.1\r\n",
            "GET / http/1.1\r\n",
            "GET / HTTP/1.11\r\n",
            "GET / HTTP/1,1\r\n",
            "GET / HTTP/1.1\r\n\tHost: a\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n",
            "GET / HTTP/1.1\r\n: a\r\n",
            "GET / HTTP/1.1\r\nHost\r\n",
            "GET / HTTP/1.1\r\nHost: a\0b\r\n",
            "GET / HTTP/1.1\r\nHost: a\rb\r\n",
            "GET / HTTP/1.1\r\nH\u{f6}st: a\r\n",
            "\x16\x03\x01\x02",
        ] {
            let refused = parse_request(head.as_bytes());
            assert_eq!(refused.map_err(|bad| bad.status), Err(400), "{head:?}");
        }
        let status = |head: &str| parse_request(head.as_bytes()).unwrap_err().status;
        assert_eq!(status("GET / HTTP/2.0\r\n"), 505);
        assert_eq!(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    }

    #[test]
    fn limits_are_exact_however_the_bytes_come() {
        let line =
            |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(length - 14));
        assert!(parse_request(line(MAX_LINE).as_bytes()).unwrap().is_some());
        let long = line(MAX_LINE + 1);
        assert_eq!(parse_request(long.as_bytes()), Err(LINE_TOO_LONG));
        assert_eq!(parse_request(&long.as_bytes()[..MAX_LINE + 1]), Ok(None));
        assert_eq!(parse_request(&long.as_bytes()[..MAX_LINE + 2]), Err(LINE_TOO_LONG));

        let head = |length: usize| {
            let start = "GET / HTTP/1.1\r\nx: ";
            format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
        };
        assert!(parse_request(head(MAX_HEAD).as_bytes()).unwrap().is_some());
        let long = head(MAX_HEAD + 1);
        assert_eq!(parse_request(&long.as_bytes()[..MAX_HEAD - 1]), Ok(None));
        assert_eq!(parse_request(&long.as_bytes()[..MAX_HEAD]), Err(HEAD_TOO_LONG));
        assert_eq!(parse_request(long.as_bytes()), Err(HEAD_TOO_LONG));

        let fields = |n: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(n));
        assert!(parse_request(fields(MAX_FIELDS).as_bytes()).unwrap().is_some());
        let many = fields(MAX_FIELDS + 1);
        assert_eq!(parse_request(many.as_bytes()), Err(TOO_MANY_FIELDS));
    }

    #[test]
    fn bytes_that_are_no_text_do_not_make_a_field_look_empty() {
        let head = b"GET / HTTP/1.1\r\nContent-Length: \xff\r\n\r\n";
        let (request, _) = parse_request(head).unwrap().unwrap();
        assert_eq!(request.fields.get("content-length"), Some("\u{fffd}"));
    }

    #[test]
    fn a_response_is_read_with_more_patience() {
        let head = b"HTTP/1.1 404 Not  Found\nA: b\n  c\r\n\n";
        let (response, used) = parse_response(head).unwrap().unwrap();
        assert_eq!((response.status, &*response.reason), (404, "Not  Found"));
        assert_eq!((response.fields.get("a"), used), (Some("b c"), head.len()));
        assert!(parse_response(b"HTTP/1.0 200\r\n\r\n").unwrap().is_some());
        for line in ["HTTP/1.1 20 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1 2000\r\n"] {
            assert!(parse_response(line.as_bytes()).is_err(), "{line:?}");
        }
        assert!(parse_response(b"hello\r\n").is_err());
    }
}
