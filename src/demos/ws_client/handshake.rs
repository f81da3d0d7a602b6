//! The client's half of the handshake: an HTTP request, and an answer that proves something.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use crate::demos::http_client::{NOTHING, cut_head, no_answer};
use crate::demos::tcp_client::{close, connect, receive};
use crate::demos::tcp_server::send_all;
use crate::demos::ws_client::Args;
use crate::demos::ws_client::refusal::{first_line, opening, refused};
use crate::kit::addr::Addr;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::say::Say;
use crate::proto::http::head::parse_response;
use crate::proto::http::status::reason;
use crate::proto::websocket::handshake;

/// Room for an answer, which is short. A longer one is read in several pieces.
const BUFFER: usize = 4 * 1024;

/// A connection that speaks WebSocket now.
pub(super) struct Opened {
    pub(super) stream: Arc<TcpStream>,
    /// What came behind the answer: the first frames.
    pub(super) left: Vec<u8>,
}

/// Connects, asks, and checks the answer.
pub(super) fn open(args: &Args, say: &Say) -> Result<Opened> {
    let stream =
        connect(&Addr::new(&args.url.host, args.url.port), args.connect_timeout, say)?;
    let say = say.about(&stream);
    match shake_hands(args, &stream, &say) {
        Ok(left) => Ok(Opened { stream: Arc::new(stream), left }),
        Err(error) => {
            close(stream, &say);
            Err(error)
        }
    }
}

/// Gives what came behind the answer.
fn shake_hands(args: &Args, stream: &TcpStream, say: &Say) -> Result<Vec<u8>> {
    let mut random = [0; 16];
    let filled = getrandom::fill(&mut random).map_err(io::Error::other);
    filled.doing("ask the system for random bytes")?;
    let key = handshake::key(random);
    say.note(format_args!("the handshake: {} with the key {key}", args.url.target));
    let request = request(args, &key);
    send_all(stream, request.as_bytes(), say).doing("send")?;

    let (mut answer, mut buffer) = (Vec::new(), vec![0; BUFFER]);
    loop {
        let skipped = match parse_response(&answer) {
            Ok(Some((response, used))) if is_interim(response.status) => {
                say.note(format_args!("not the answer yet: {}", response.status));
                used
            }
            Ok(Some((response, used))) => {
                let status = response.status;
                say.note(format_args!("the answer: {status} {}", reason(status)));
                let chosen = match handshake::agreed(&response, &key, &args.subprotocols)
                {
                    Ok(chosen) => chosen.unwrap_or("none"),
                    Err(why) => {
                        let line = first_line(stream, &response, &answer[used..], say);
                        return Err(refused(args, status, why, &line));
                    }
                };
                say.note("it has the hash of our key");
                say.note(format_args!("subprotocol: {chosen}"));
                return Ok(answer[used..].to_vec());
            }
            Ok(None) => 0,
            Err(bad) => return Err(no_answer(&answer, &bad, request.as_bytes())),
        };
        answer.drain(..skipped);
        if skipped > 0 {
            continue;
        }
        match receive(stream, &mut buffer, say).doing("receive")? {
            0 => return Err(ended(args, &answer)),
            n => answer.extend(&buffer[..n]),
        }
    }
}

/// Only a word on the way, such as 103: the answer itself is still to come.
fn is_interim(status: u16) -> bool {
    status < 200 && status != 101
}

/// The stream has ended before the head of an answer had.
fn ended(args: &Args, came: &[u8]) -> Error {
    if came.is_empty() {
        let why = "the stream ended before an answer";
        return Error::because(opening(args), why).with_hint(NOTHING);
    }
    let ended = io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended");
    cut_head(came, ended)
}

fn request(args: &Args, key: &str) -> String {
    let mut request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {}\r\n",
        args.url.target,
        args.url.authority(),
        handshake::VERSION
    );
    if let Some(origin) = &args.origin {
        request.push_str(&format!("Origin: {origin}\r\n"));
    }
    if !args.subprotocols.is_empty() {
        let offered = args.subprotocols.join(", ");
        request.push_str(&format!("Sec-WebSocket-Protocol: {offered}\r\n"));
    }
    request + "\r\n"
}
