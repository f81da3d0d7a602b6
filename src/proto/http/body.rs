//! Where a body ends: counted, in chunks, or with the stream.

use std::str;

use crate::proto::http::head::{Fields, Request, Response, Version, field, in_token};
use crate::proto::http::status::{Bad, bad};

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes; without a body, 0.
    Length(u64),
    /// After a chunk of length 0.
    Chunked,
    /// With the stream. Only a response can end like this.
    UntilEnd,
}

/// How the body of a request ends. Two answers to that question are a way to smuggle a
/// second request past a proxy, so they are refused.
pub fn of_request(request: &Request<'_>) -> Result<Framing, Bad> {
    let fields = &request.fields;
    match (fields.get("transfer-encoding"), length(fields)?) {
        (None, length) => Ok(Framing::Length(length.unwrap_or(0))),
        (Some(_), Some(_)) => Err(bad("both Content-Length and Transfer-Encoding")),
        (Some(_), None) if request.version < Version::Http11 => {
            Err(bad("HTTP/1.0 knows no Transfer-Encoding"))
        }
        (Some(_), None) => only_chunked(fields),
    }
}

/// How the body of a response ends, which also depends on what was asked.
pub fn of_response(method: &str, response: &Response<'_>) -> Result<Framing, Bad> {
    let fields = &response.fields;
    match response.status {
        _ if method == "HEAD" => Ok(Framing::Length(0)),
        100..200 | 204 | 304 => Ok(Framing::Length(0)),
        _ if fields.get("transfer-encoding").is_some() => Ok(last_coding(fields)),
        _ => Ok(length(fields)?.map_or(Framing::UntilEnd, Framing::Length)),
    }
}

/// What a server does to a body last decides where it ends: the end of anything but chunks
/// is the end of the stream.
fn last_coding(fields: &Fields<'_>) -> Framing {
    match fields.list("transfer-encoding").last() {
        Some(coding) if coding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
        _ => Framing::UntilEnd,
    }
}

fn only_chunked(fields: &Fields<'_>) -> Result<Framing, Bad> {
    let mut codings = fields.list("transfer-encoding");
    match (codings.next(), codings.next()) {
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
            Ok(Framing::Chunked)
        }
        (Some(first), _) if first.eq_ignore_ascii_case("chunked") => {
            Err(bad("a coding behind chunked: nobody can tell where the body ends"))
        }
        _ => Err(Bad { status: 501, why: "the only Transfer-Encoding here is chunked" }),
    }
}

fn length(fields: &Fields<'_>) -> Result<Option<u64>, Bad> {
    let mut lengths = fields.all("content-length");
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(bad("more than one Content-Length")),
        (Some(digits), None) => {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad("Content-Length is not a number"));
            }
            let large = |_| bad("Content-Length is larger than any body");
            digits.parse().map(Some).map_err(large)
        }
    }
}

/// A chunk's length and what may stand behind it.
const MAX_SIZE_LINE: usize = 256;

/// Fields behind the last chunk, which are kept as they come.
const MAX_TRAILERS: usize = 8 * 1024;

/// Reads a body in chunks, piece by piece.
#[derive(Debug, Default)]
pub struct Chunks {
    at: At,
    trailers: Vec<u8>,
}

#[derive(Debug, Default, PartialEq)]
enum At {
    #[default]
    Size,
    Data(u64),
    /// The CR LF behind a chunk.
    DataEnd,
    /// So many bytes of trailers so far.
    Trailers(usize),
}

/// What stands at the front.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes of the body.
    Data(&'a [u8]),
    /// The end of the body.
    End,
}

impl Chunks {
    /// How many bytes of the chunk that has begun have not come; between two chunks, 0.
    pub fn missing(&self) -> u64 {
        match self.at {
            At::Data(left) => left,
            At::Size | At::DataEnd | At::Trailers(_) => 0,
        }
    }

    /// The lines behind the last chunk, as they came. A server may say there what it could
    /// not know before, such as a checksum.
    pub fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// The piece of the body at the front of `input`, and how many bytes it took. `None` if
    /// more are needed.
    pub fn next<'a>(
        &mut self,
        input: &'a [u8],
    ) -> Result<Option<(Piece<'a>, usize)>, Bad> {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            match self.at {
                At::Size => {
                    let Some((line, n)) = line(rest, MAX_SIZE_LINE)? else { break };
                    used += n;
                    self.at = match chunk_size(line)? {
                        0 => At::Trailers(0),
                        size => At::Data(size),
                    };
                }
                At::Data(_) if rest.is_empty() => break,
                At::Data(left) => {
                    let n = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - n as u64;
                    self.at = if left == 0 { At::DataEnd } else { At::Data(left) };
                    return Ok(Some((Piece::Data(&rest[..n]), used + n)));
                }
                At::DataEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        used += 2;
                        self.at = At::Size;
                    }
                    [] | [b'\r'] => break,
                    _ => return Err(bad("a chunk is longer than it says")),
                },
                At::Trailers(before) => {
                    let room = MAX_TRAILERS - before;
                    let Some((line, n)) = line(rest, room)? else { break };
                    used += n;
                    if line.is_empty() {
                        self.at = At::Size;
                        return Ok(Some((Piece::End, used)));
                    }
                    field(line)?; // Whoever hides a request here is found out.
                    self.trailers.extend(&rest[..n]);
                    self.at = At::Trailers(before + line.len());
                }
            }
        }
        // What was read is remembered, so it must count as used.
        Ok((used > 0).then_some((Piece::Data(&[]), used)))
    }
}

/// A line of at most `limit` bytes, and how many it took with its end.
fn line(input: &[u8], limit: usize) -> Result<Option<(&[u8], usize)>, Bad> {
    const TOO_LONG: Bad = Bad { status: 431, why: "a line of a chunk is too long" };
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return if input.len() > limit + 1 { Err(TOO_LONG) } else { Ok(None) };
    };
    match input[..end].strip_suffix(b"\r") {
        Some(line) if line.len() > limit => Err(TOO_LONG),
        Some(line) if line.iter().any(|b| b.is_ascii_control() && *b != b'\t') => {
            Err(bad("a line of a chunk has a control character in it"))
        }
        Some(line) => Ok(Some((line, end + 1))),
        None => Err(bad("a line of a chunk ends with LF alone")),
    }
}

/// Hexadecimal, and behind it extensions that nobody uses.
fn chunk_size(line: &[u8]) -> Result<u64, Bad> {
    const FORM: Bad = bad("a chunk's length is not a hexadecimal number");
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit());
    let (digits, mut rest) = line.split_at(end.unwrap_or(line.len()));
    let ends = rest.first().is_none_or(|byte| b"; \t".contains(byte));
    if !ends || !(1..=16).contains(&digits.len()) {
        return Err(FORM);
    }
    while !rest.is_empty() {
        rest = behind_extension(rest)
            .ok_or(bad("what stands behind a chunk's length is not ;NAME=VALUE"))?;
    }
    let digits = str::from_utf8(digits).map_err(|_| FORM)?;
    u64::from_str_radix(digits, 16).map_err(|_| FORM)
}

/// What is behind the first of `;name`, `;name=word` or `;name="any text"`, if that is how
/// the line goes on.
fn behind_extension(line: &[u8]) -> Option<&[u8]> {
    let name = behind_space(line).strip_prefix(b";")?;
    let behind = behind_token(behind_space(name))?;
    let Some(value) = behind_space(behind).strip_prefix(b"=") else {
        return Some(behind);
    };
    let value = behind_space(value);
    match value.strip_prefix(b"\"") {
        Some(text) => behind_quoted(text),
        None => behind_token(value),
    }
}

fn behind_space(line: &[u8]) -> &[u8] {
    line.trim_ascii_start() // Spaces and tabs: a line has no other controls.
}

fn behind_token(line: &[u8]) -> Option<&[u8]> {
    let length = line.iter().take_while(|byte| in_token(byte)).count();
    (length > 0).then(|| &line[length..])
}

fn behind_quoted(text: &[u8]) -> Option<&[u8]> {
    let mut bytes = text.iter();
    loop {
        match bytes.next()? {
            b'"' => return Some(bytes.as_slice()),
            b'\\' => bytes.next()?, // Whatever it is, it is part of the text.
            byte => byte,
        };
    }
}

/// The end of a body in chunks.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Adds `bytes` to `out` as a chunk. No bytes are no chunk: that would be the end.
pub fn push_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        out.extend(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend(bytes);
        out.extend(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::head::{parse_request, parse_response};

    fn request(fields: &str) -> Result<Framing, u16> {
        let head = format!("POST / HTTP/1.1\r\n{fields}\r\n");
        let (request, _) = parse_request(head.as_bytes()).unwrap().unwrap();
        of_request(&request).map_err(|bad| bad.status)
    }

    #[test]
    fn a_request_has_one_way_to_end_or_it_is_refused() {
        assert_eq!(request(""), Ok(Framing::Length(0)));
        assert_eq!(request("Content-Length: 007\r\n"), Ok(Framing::Length(7)));
        assert_eq!(
            request("content-length: 18446744073709551615\r\n"),
            Ok(Framing::Length(u64::MAX))
        );
        assert_eq!(request("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
        for (fields, status) in [
            ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
            ("Content-Length: 5, 5\r\n", 400),
            ("Content-Length: +5\r\n", 400),
            ("Content-Length: -1\r\n", 400),
            ("Content-Length: 0x5\r\n", 400),
            ("Content-Length: 5 5\r\n", 400),
            ("Content-Length:\r\n", 400),
            ("Content-Length: 18446744073709551616\r\n", 400),
            ("Content-Length: \u{661}\r\n", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: chunked, gzip\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: identity\r\n", 501),
            ("Transfer-Encoding: xchunked\r\n", 501),
            ("Transfer-Encoding: \"chunked\"\r\n", 501),
            ("Transfer-Encoding:\r\n", 501),
        ] {
            assert_eq!(request(fields), Err(status), "{fields:?}");
        }
        let head = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (old, _) = parse_request(head).unwrap().unwrap();
        assert!(of_request(&old).is_err());
    }

    #[test]
    fn the_end_of_an_answer_depends_on_the_question() {
        let framing = |method, head: &str| {
            let (response, _) = parse_response(head.as_bytes()).unwrap().unwrap();
            of_response(method, &response)
        };
        let counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(framing("GET", counted), Ok(Framing::Length(5)));
        assert_eq!(framing("HEAD", counted), Ok(Framing::Length(0)));
        let empty = "HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n";
        assert_eq!(framing("GET", empty), Ok(Framing::Length(0)));
        let old = "HTTP/1.0 200 OK\r\n\r\n";
        assert_eq!(framing("GET", old), Ok(Framing::UntilEnd));
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\
            Transfer-Encoding: chunked\r\n\r\n";
        assert_eq!(framing("GET", both), Ok(Framing::Chunked));
        for (codings, expected) in [
            ("gzip, Chunked", Framing::Chunked),
            ("identity", Framing::UntilEnd),
            ("gzip", Framing::UntilEnd),
            ("chunked, gzip", Framing::UntilEnd),
            ("xchunked", Framing::UntilEnd),
            ("", Framing::UntilEnd),
        ] {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\
                 Transfer-Encoding: {codings}\r\n\r\n"
            );
            assert_eq!(framing("GET", &head), Ok(expected), "{codings:?}");
            assert_eq!(framing("HEAD", &head), Ok(Framing::Length(0)), "{codings:?}");
        }
    }

    /// All of a body, given in pieces of `size`.
    fn read(stream: &[u8], size: usize) -> Result<Option<(Vec<u8>, usize)>, Bad> {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        let (mut buffer, mut taken) = (Vec::new(), 0);
        for bytes in stream.chunks(size) {
            buffer.extend(bytes);
            while let Some((piece, used)) = chunks.next(&buffer)? {
                taken += used;
                match piece {
                    Piece::Data(data) => body.extend(data),
                    Piece::End => return Ok(Some((body, taken))),
                }
                buffer.drain(..used);
            }
        }
        Ok(None)
    }

    const BODY: &[u8] =
        b"5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nrest";

    #[test]
    fn chunks_are_the_same_however_they_are_cut() {
        let end = BODY.len() - 4;
        for size in 1..=BODY.len() {
            let whole = Some((b"hello0123456789".to_vec(), end));
            assert_eq!(read(BODY, size), Ok(whole), "in pieces of {size}");
        }
        for cut in 0..end {
            assert_eq!(read(&BODY[..cut], 1), Ok(None), "after {cut} bytes");
        }
    }

    #[test]
    fn what_we_write_we_can_read() {
        let mut out = Vec::new();
        push_chunk(&mut out, b"hello");
        push_chunk(&mut out, b"");
        push_chunk(&mut out, &[b'x'; 300]);
        out.extend(LAST_CHUNK);
        let body = read(&out, 7).unwrap().unwrap().0;
        assert_eq!(body, [&b"hello"[..], &[b'x'; 300]].concat());
    }

    #[test]
    fn extensions_are_words_and_quoted_texts() {
        for extension in [
            ";a",
            ";a;b",
            " ; a\t;\tb",
            ";a=b",
            "; a = b ;c",
            ";a=\"\"",
            ";a=\"b;c=\" ; d",
            ";a=\"\\\"\\\\\";b",
            ";a=\"\u{e9} \t\"",
        ] {
            let stream = format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n");
            for size in 1..=stream.len() {
                let whole = Some((b"hello".to_vec(), stream.len()));
                assert_eq!(read(stream.as_bytes(), size), Ok(whole), "{extension:?}");
            }
        }
    }

    /// Whoever skips what he does not use lets something pass that another reader may take
    /// for the end of the line.
    #[test]
    fn what_is_no_extension_is_refused_behind_every_length() {
        const WRONG: &str = r#"; ;; ;a; ;;a ;=b ;a= ;a==b ;a=;b =a ;;=" ;a=" ;a="b ;a="b\"
            ;a="b"c ;a=b"c" ;"a" ;a=(b) ;é ;a=é ;a,b ,a x"#;
        let spaces = [" ", "\t", " a", ";a ", ";a b", ";a =", "; ", ";a= "];
        for extension in WRONG.split_whitespace().chain(spaces) {
            for stream in [format!("5{extension}\r\n"), format!("0{extension}\r\n")] {
                for size in [1, stream.len()] {
                    let refused = read(stream.as_bytes(), size).map_err(|bad| bad.status);
                    assert_eq!(refused, Err(400), "{stream:?}");
                }
            }
        }
    }

    #[test]
    fn chunks_against_the_grammar_are_refused() {
        for stream in [
            "\r\n",
            "5 \r\nhello\r\n",
            " 5\r\nhello\r\n",
            "0x5\r\nhello\r\n",
            "+5\r\nhello\r\n",
            "-1\r\n",
            "g\r\n",
            "5\nhello\r\n",
            "5\r\nhello!\r\n",
            "5\r\nhello\n",
            ";x\r\n",
            "5\r\nhelloX\n",
            "10000000000000000\r\n",
            "5;\rx\r\nhello\r\n",
            "0\r\n\n",
            "0\r\nX\r\n\r\n",
            "0\r\nX : y\r\n\r\n",
            "0\r\nX: y\r\n z\r\n\r\n",
            "5\x0c;x\r\nhello\r\n",
            "5;\x01\r\nhello\r\n",
        ] {
            assert!(read(stream.as_bytes(), stream.len()).is_err(), "{stream:?}");
        }
        let endless = format!("5;{}", "x".repeat(MAX_SIZE_LINE));
        assert!(read(endless.as_bytes(), 10).is_err());
        let trailers = format!("0\r\n{}", "x: y\r\n".repeat(MAX_TRAILERS));
        assert!(read(trailers.as_bytes(), 1000).is_err());
    }
}
