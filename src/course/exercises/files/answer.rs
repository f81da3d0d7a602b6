//! An answer of HTTP/1.1, as it is heard: its head, line by line, and the body behind it.

use crate::course::trial::{Caller, Finding, Outcome};

pub(super) const NO_LENGTH: &str =
    "without Content-Length nobody knows where the body ends: the connection stays open";
pub(super) const CHARACTERS: &str =
    "Content-Length counts bytes, and the letters of a text may have several each";
pub(super) const ONE_READ: &str = "what one read gives is taken for the whole request";
pub(super) const CLOSES: &str =
    "the connection is closed behind an answer: it is kept until the client ends it";
pub(super) const FORGETS: &str =
    "what has come behind the first request is thrown away: it is the next one";

const BARE_LF: &str = "the lines of the head end with LF alone";
const ELSEWHERE: &str =
    "the file was looked for elsewhere: the folder is the word before the address";
const AS_TEXT: &str = "the file is read as text: bytes that are no text are replaced";
const NO_EMPTY_LINE: &str = "the empty line between head and body is missing";

/// What the check has to know of a head.
pub(super) struct Head {
    pub(super) status: u16,
    length: Option<usize>,
    /// It says that the stream ends behind it.
    pub(super) closes: bool,
}

impl Head {
    /// How long the body is. The connection goes on, so the head has to say it.
    pub(super) fn length(&self) -> Outcome<usize> {
        self.length.ok_or_else(|| {
            let words = format!("the head of the {} has no Content-Length", self.status);
            Finding::new(words).because(NO_LENGTH)
        })
    }
}

/// Hears this status with this body.
pub(super) fn hears(caller: &mut Caller, status: u16, body: &[u8]) -> Outcome {
    let head = hears_head(caller)?;
    if head.status != status {
        let words = format!("the status is {}, not {status}", head.status);
        return Err(Finding::new(words).because(ELSEWHERE));
    }
    let length = head.length()?;
    if length != body.len() {
        let words = format!(
            "Content-Length says {length}, and the file has {} bytes",
            body.len(),
        );
        let finding = Finding::new(words);
        let text = String::from_utf8_lossy(body);
        return Err(if length == text.chars().count() {
            finding.because(CHARACTERS)
        } else if length == text.len() {
            finding.because(AS_TEXT)
        } else {
            finding
        });
    }
    caller.hears(body)
}

/// Hears that something is not there: 404, and a body of any kind.
pub(super) fn hears_404(caller: &mut Caller) -> Outcome {
    let head = hears_head(caller)?;
    if head.status != 404 {
        let seen = format!("the status is {}, not 404", head.status);
        return Err(Finding::new(seen));
    }
    caller.hears_so_many(head.length()?).map(drop)
}

/// Hears an error of the client's, whatever body it has: one without a length ends with the
/// stream.
pub(super) fn hears_400(caller: &mut Caller) -> Outcome {
    let head = hears_head(caller)?;
    if !(400..=499).contains(&head.status) {
        let seen = format!("the status is {}, not 400 to 499", head.status);
        return Err(Finding::new(seen));
    }
    match head.length {
        Some(length) => caller.hears_so_many(length).map(drop),
        None => caller.hears_to_end().map(drop),
    }
}

/// Hears a head, and holds it against the protocol.
pub(super) fn hears_head(caller: &mut Caller) -> Outcome<Head> {
    let bytes = caller.hears_head().map_err(|finding| match finding.seen_bytes() {
        Some(_) => finding.because(NO_EMPTY_LINE),
        None => finding,
    })?;
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.iter().any(|line| !line.ends_with(b"\r\n")) {
        let bare = lines.iter().map(|line| line.trim_ascii_end());
        let right: Vec<_> = bare.flat_map(|line| [line, b"\r\n"].concat()).collect();
        let words = "a line of the head does not end with CR LF";
        return Err(Finding::differs(words, &right, &bytes).because(BARE_LF));
    }
    let mut lines = lines.iter().map(|line| line.strip_suffix(b"\r\n").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    let Some(status) = status(first) else {
        let words = "the answer does not begin with HTTP/1.1, a space and three digits";
        return Err(Finding::differs(words, b"HTTP/1.1 200 OK", first));
    };
    let (mut lengths, mut closes) = (Vec::new(), false);
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = field(line)?;
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => lengths.push(value),
            b"connection" => closes |= value.eq_ignore_ascii_case(b"close"),
            b"transfer-encoding" => {
                let words = "the body comes with Transfer-Encoding, and not as it is";
                return Err(Finding::new(words).because(NO_LENGTH));
            }
            _ => {}
        }
    }
    let length = match lengths.as_slice() {
        [] => return Ok(Head { status, length: None, closes }),
        [one] => std::str::from_utf8(one).ok().and_then(|digits| digits.parse().ok()),
        _ => return Err(Finding::new("the head has more than one Content-Length")),
    };
    match length {
        Some(_) => Ok(Head { status, length, closes }),
        None => Err(Finding::new("the value of Content-Length is no number")),
    }
}

/// The status of a first line, if it is one.
fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.1 ")?;
    let (digits, reason) = rest.split_at_checked(3)?;
    let is_one = digits.iter().all(u8::is_ascii_digit);
    let ends_there = matches!(reason, [] | [b' ', ..]);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (is_one && ends_there).then_some(number)
}

/// Name and value of a line of the head.
fn field(line: &[u8]) -> Outcome<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.unwrap_or(0));
    let letter = |byte: &u8| byte.is_ascii_graphic() && *byte != b':';
    if name.is_empty() || !name.iter().all(letter) {
        let words = "a line of the head is no field: a name, a colon and a value";
        return Err(
            Finding::differs(words, b"Content-Length: 5", line).because(NO_EMPTY_LINE)
        );
    }
    Ok((name, value.get(1..).unwrap_or_default().trim_ascii()))
}
