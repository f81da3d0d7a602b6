//! There is no WebSocket, and why: what the server's answer says about it.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::demos::http_server::inbox::limit_reading;
use crate::demos::tcp_client::receive;
use crate::demos::ws_client::Args;
use crate::kit::error::Error;
use crate::kit::say::Say;
use crate::kit::text;
use crate::proto::http::body::of_response;
use crate::proto::http::head::Response;
use crate::proto::http::incoming::Incoming;
use crate::proto::http::status::reason;

/// So much of a body is read for its first line.
const LONGEST_LINE: usize = 200;

/// And for so long: the server may have promised more than it sends.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answer is not the one that opens a WebSocket.
pub(super) fn refused(args: &Args, status: u16, why: &str, line: &str) -> Error {
    let answer = match status {
        101 => why.to_owned(),
        _ if line.is_empty() => {
            format!("the server answered {status} {}", reason(status))
        }
        _ => format!("the server answered {status} {}: {line}", reason(status)),
    };
    let error = Error::because(opening(args), answer);
    match status {
        403 => error.with_hint("this server does not talk to pages of that --origin"),
        200..300 | 400..500 => {
            error.with_hint("perhaps the WebSocket is at another path")
        }
        _ => error,
    }
}

/// What we were doing.
pub(super) fn opening(args: &Args) -> String {
    format!("open a WebSocket at {}", text::safe(args.url.target.as_bytes()))
}

/// Many servers say in the body what is wrong: its first line, if it is text for people.
pub(super) fn first_line(
    stream: &TcpStream,
    response: &Response<'_>,
    came: &[u8],
    say: &Say,
) -> String {
    let kind = response.fields.get("content-type").unwrap_or_default();
    if response.status == 101 || !kind.to_ascii_lowercase().starts_with("text/plain") {
        return String::new();
    }
    let body = begin_of_body(stream, response, came.to_vec(), say);
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = &line[..line.len().min(LONGEST_LINE)];
    let line = text::safe(line[..line.len() - text::cut_character(line)].trim_ascii());
    // Our own servers say the status there once more.
    let status = format!("{} {}: ", response.status, reason(response.status));
    line.strip_prefix(&status).map(str::to_owned).unwrap_or(line)
}

/// The body at least to the end of its first line, unless that is long or late.
fn begin_of_body(
    stream: &TcpStream,
    response: &Response<'_>,
    mut came: Vec<u8>,
    say: &Say,
) -> Vec<u8> {
    let mut body = Vec::new();
    let Ok(framing) = of_response("GET", response) else { return body };
    let (mut incoming, mut buffer) = (Incoming::new(framing), vec![0; LONGEST_LINE]);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let Ok(used) = incoming.take(&came, &mut body) else { return body };
        came.drain(..used);
        let is_enough = incoming.is_whole() || body.len() >= LONGEST_LINE;
        if is_enough || body.contains(&b'\n') || Instant::now() >= deadline {
            return body;
        }
        if limit_reading(stream, Some(PATIENCE), say).is_err() {
            return body;
        }
        match receive(stream, &mut buffer, say) {
            Ok(n @ 1..) => came.extend(&buffer[..n]),
            _ => return body,
        }
    }
}
