//! A reader of answers that forgives nothing: what RFC 9110 and 9112 ask of a server's
//! messages, looked at from outside. It shares no line with the program.

use std::time::{Duration, SystemTime};

/// One answer, taken apart.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a field, which may stand there once only.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all =
            self.fields.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = all.next().map(|(_, value)| &**value);
        assert!(all.next().is_none(), "{name} stands there twice: {self:?}");
        value
    }

    pub fn closes(&self) -> bool {
        self.get("connection").is_some_and(|tokens| tokens.contains("close"))
    }
}

/// The answer at the front of `bytes`, and what is behind it. `bytes` go to the end of the
/// stream; `to_head` if the question was HEAD.
pub fn first(bytes: &[u8], to_head: bool) -> Result<(Answer, &[u8]), String> {
    let end = find(bytes, b"\r\n\r\n").ok_or("the head has no end")?;
    let (head, rest) = (&bytes[..end + 2], &bytes[end + 4..]);
    let head = std::str::from_utf8(head).map_err(|_| "the head is no text")?;
    if head.replace("\r\n", "").contains(char::is_control) {
        return Err("a control character, or half an end of line, in the head".into());
    }
    let mut lines = head.split_terminator("\r\n");
    let status = status(lines.next().ok_or("no first line")?)?;
    let fields = lines.map(field).collect::<Result<Vec<_>, _>>()?;
    let mut answer = Answer { status, fields, body: Vec::new() };
    check(&answer)?;
    let rest = body(&mut answer, rest, to_head)?;
    Ok((answer, rest))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn status(line: &str) -> Result<u16, String> {
    let rest = line.strip_prefix("HTTP/1.1 ").ok_or(format!("not HTTP/1.1: {line}"))?;
    let (digits, reason) = rest.split_once(' ').ok_or(format!("no reason: {line}"))?;
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("not three digits: {line}"));
    }
    match reason.is_empty() {
        true => Err(format!("no reason: {line}")),
        false => Ok(digits.parse().unwrap()),
    }
}

fn field(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once(": ").ok_or(format!("no field: {line}"))?;
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || !name.bytes().all(in_token) {
        return Err(format!("not a name: {line}"));
    }
    if value.is_empty() || value.trim() != value {
        return Err(format!("spaces around the value, or none: {line}"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// What belongs to a status, whatever was asked.
fn check(answer: &Answer) -> Result<(), String> {
    let has = |name| answer.get(name).is_some();
    if (200..500).contains(&answer.status) {
        let date = answer.get("date").ok_or("no Date")?;
        let then = httpdate::parse_http_date(date).map_err(|_| "Date is no date")?;
        let off = SystemTime::now().duration_since(then).map_err(|_| "Date is ahead")?;
        if off > Duration::from_secs(120) || httpdate::fmt_http_date(then) != date {
            return Err(format!("Date is not now, or not in the one form: {date}"));
        }
    }
    let must = match answer.status {
        206 | 416 => "content-range",
        301 => "location",
        405 => "allow",
        503 => "retry-after",
        _ => return Ok(()),
    };
    if has(must) { Ok(()) } else { Err(format!("{} without {must}", answer.status)) }
}

/// Takes the body from the front of `rest`.
fn body<'a>(
    answer: &mut Answer,
    rest: &'a [u8],
    to_head: bool,
) -> Result<&'a [u8], String> {
    let length = answer.get("content-length");
    let chunked = answer.get("transfer-encoding");
    if length.is_some() && chunked.is_some() {
        return Err("both Content-Length and Transfer-Encoding".into());
    }
    let without = matches!(answer.status, 100..200 | 204 | 304);
    if without && (chunked.is_some() || length.is_some()) {
        return Err(format!("a length for {}, which has no body", answer.status));
    }
    if without || to_head {
        return Ok(rest);
    }
    if let Some(coding) = chunked {
        assert_eq!(coding, "chunked");
        return chunks(&mut answer.body, rest);
    }
    let Some(length) = length else {
        answer.body = rest.to_vec();
        return match answer.closes() {
            true => Ok(&[]),
            false => Err("nothing says where the body ends".into()),
        };
    };
    let length: usize = length.parse().map_err(|_| "Content-Length is no number")?;
    if length > 0 && answer.get("content-type").is_none() {
        return Err("a body without a Content-Type".into());
    }
    if rest.len() < length {
        return Err(format!("{} B of a body of {length}", rest.len()));
    }
    answer.body = rest[..length].to_vec();
    Ok(&rest[length..])
}

fn chunks<'a>(body: &mut Vec<u8>, mut rest: &'a [u8]) -> Result<&'a [u8], String> {
    loop {
        let end = find(rest, b"\r\n").ok_or("a chunk's length has no end")?;
        let digits = std::str::from_utf8(&rest[..end]).map_err(|_| "no digits")?;
        let size = usize::from_str_radix(digits, 16).map_err(|_| "no length")?;
        rest = &rest[end + 2..];
        if rest.len() < size + 2 || &rest[size..size + 2] != b"\r\n" {
            return Err("a chunk is not as long as it says".into());
        }
        body.extend(&rest[..size]);
        rest = &rest[size + 2..];
        if size == 0 {
            return Ok(rest);
        }
    }
}
