//! One client of each kind, as short as it can be.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::course::compare::cost::{Cost, Way};
use crate::demos::tcp_client::{connect, receive};
use crate::demos::tcp_server::send_all;
use crate::kit::error::{Doing, Result};
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::http::body::{Chunks, Framing, Piece, of_response};
use crate::proto::http::head::parse_response;
use crate::proto::http::status::Bad;
use crate::proto::websocket::frame::{self, Opcode};
use crate::proto::websocket::message::{Event, Incoming};

/// As much as is read at a time.
const BUFFER: usize = 16 * 1024;

/// A client and what it has spent so far.
pub(super) struct Fetcher {
    addr: SocketAddr,
    stream: TcpStream,
    say: Say,
    cost: Cost,
    /// How many pieces of news there will be.
    news: u64,
    /// Received, and not looked at yet.
    bytes: Vec<u8>,
}

impl Fetcher {
    pub(super) fn new(way: Way, addr: SocketAddr, news: u64) -> Result<Fetcher> {
        let say = Say::new("client", None);
        let stream = connect(&addr.into(), None, &say)?;
        let cost = Cost {
            way,
            requests: 0,
            connections: 1,
            sent: 0,
            received: 0,
            heard: Vec::new(),
            delays: Vec::new(),
            calls: 0,
        };
        Ok(Fetcher { addr, stream, say, cost, news, bytes: Vec::new() })
    }

    /// Fetches until all news is there.
    pub(super) fn fetch(mut self, interval: Duration, stop: &Stop) -> Result<Cost> {
        let fetched = match self.cost.way {
            Way::Short => self.poll(interval, stop),
            Way::Long => self.wait(),
            Way::Stream => self.listen(),
            Way::Socket => self.converse(),
        };
        fetched.doing("fetch the news").map(|()| self.cost)
    }

    /// Asks, and waits before it asks again.
    fn poll(&mut self, interval: Duration, stop: &Stop) -> io::Result<()> {
        while self.is_waiting() && !stop.within(interval) {
            self.ask_for_more()?;
        }
        Ok(())
    }

    /// Asks, and asks again when there is an answer.
    fn wait(&mut self) -> io::Result<()> {
        while self.is_waiting() {
            self.ask_for_more()?;
        }
        Ok(())
    }

    fn ask_for_more(&mut self) -> io::Result<()> {
        let target = format!("{}?after={}", self.cost.way.path(), self.cost.heard.len());
        self.ask(&target, "")?;
        let body = self.body()?;
        if body.is_empty() {
            return Ok(()); // 204: nothing new in all that time.
        }
        let items: Value = serde_json::from_slice(&body)?;
        let news = items.as_array().map_or(0, Vec::len);
        self.cost.heard.extend(vec![Instant::now(); news]);
        Ok(())
    }

    /// Asks once, and reads an answer that does not end.
    fn listen(&mut self) -> io::Result<()> {
        self.ask(self.cost.way.path(), "Accept: text/event-stream\r\n")?;
        self.head()?;
        let (mut chunks, mut text) = (Chunks::default(), Vec::new());
        while self.is_waiting() {
            match chunks.next(&self.bytes).map_err(broken)? {
                Some((Piece::Data(data), used)) => {
                    text.extend(data);
                    self.bytes.drain(..used);
                }
                Some((Piece::End, _)) => return Err(ErrorKind::UnexpectedEof.into()),
                None => self.more()?,
            }
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<_> = text.drain(..end + 2).collect();
                if event.starts_with(b"id:") {
                    self.cost.heard.push(Instant::now());
                }
            }
        }
        Ok(())
    }

    /// Leaves HTTP behind, and reads texts.
    fn converse(&mut self) -> io::Result<()> {
        self.ask(
            self.cost.way.path(),
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c29ja2RlbW8gY29tcGFyZQ==\r\n",
        )?;
        self.head()?;
        let mut incoming = Incoming::from_server(BUFFER);
        while self.is_waiting() {
            let bytes = mem::take(&mut self.bytes);
            let mut rest = &bytes[..];
            while let Some(event) = incoming.take(&mut rest) {
                match event {
                    Event::Text(_) => self.cost.heard.push(Instant::now()),
                    Event::Frame(..) | Event::Pong(_) | Event::Binary(_) => {}
                    Event::Ping(payload) => self.pong(payload)?,
                    Event::Close(..) | Event::Wrong(_) => {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
            }
            if self.is_waiting() {
                self.more()?;
            }
        }
        Ok(())
    }

    fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut pong = Vec::new();
        frame::write(Opcode::Pong, Some([1, 2, 3, 4]), payload, &mut pong);
        self.send(&pong)
    }

    fn is_waiting(&self) -> bool {
        (self.cost.heard.len() as u64) < self.news
    }

    fn ask(&mut self, target: &str, fields: &str) -> io::Result<()> {
        let host = self.addr;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        self.cost.requests += 1;
        self.send(request.as_bytes())
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.cost.sent += bytes.len() as u64;
        send_all(&self.stream, bytes, &self.say)
    }

    /// Takes the head of the answer; gives how its body ends.
    fn head(&mut self) -> io::Result<Framing> {
        loop {
            if let Some((response, used)) = parse_response(&self.bytes).map_err(broken)? {
                let framing = of_response("GET", &response).map_err(broken)?;
                self.bytes.drain(..used);
                return Ok(framing);
            }
            self.more()?;
        }
    }

    fn body(&mut self) -> io::Result<Vec<u8>> {
        let Framing::Length(length) = self.head()? else {
            return Err(ErrorKind::InvalidData.into());
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.bytes.len() < length {
            self.more()?;
        }
        Ok(self.bytes.drain(..length).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; BUFFER];
        let n = receive(&self.stream, &mut buffer, &self.say)?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.cost.received += n as u64;
        self.bytes.extend(&buffer[..n]);
        Ok(())
    }
}

fn broken(bad: Bad) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, bad.why)
}
