//! What a client sends, as it comes, and for how long we wait for it.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::demos::tcp_client::{finish, receive};
use crate::demos::tcp_server::{FIRST_BUFFER, is_over_time};
use crate::kit::error::Result;
use crate::kit::say::Say;
use crate::kit::text;
use crate::proto::http::body::Framing;
use crate::proto::http::incoming::Incoming;
use crate::proto::http::status::Bad;

/// Bytes in a second.
pub(super) const SLOWEST: u64 = 1024;

/// After a refusal the client may still be sending. Closing now would be a reset, and a
/// reset takes our answer back.
const HEARING_OUT: Duration = Duration::from_secs(2);

pub(super) const TOO_LARGE: Bad =
    Bad { status: 413, why: "a body has at most 1048576 bytes here" };
const TOO_SLOW: Bad = Bad { status: 408, why: "the rest of the request did not come" };

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long no byte may move.
    pub(super) idle: Duration,
    /// How long a message may take, without the time for its length.
    pub(super) patience: Duration,
}

/// One client's bytes.
pub(super) struct Inbox<'a> {
    stream: &'a TcpStream,
    say: &'a Say,
    idle: Duration,
    patience: Duration,
    buffer: Vec<u8>,
    /// What has come and is not used up.
    bytes: Vec<u8>,
    /// Of the head that is coming, if its beginning is there.
    pace: Option<Pace>,
}

/// What became of waiting for a head.
pub(super) enum Received {
    Some,
    /// The stream has ended before a head began.
    Ended,
    Refused(Bad),
}

/// A body, and what came behind it.
pub(super) type Body = (Vec<u8>, Vec<u8>);

impl<'a> Inbox<'a> {
    pub(super) fn new(stream: &'a TcpStream, limits: &Limits, say: &'a Say) -> Inbox<'a> {
        let Limits { idle, patience } = *limits;
        let (buffer, bytes) = (vec![0; FIRST_BUFFER], Vec::new());
        Inbox { stream, say, idle, patience, buffer, bytes, pace: None }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Keeps what came behind the last request.
    pub(super) fn go_on_with(&mut self, left: Vec<u8>) -> io::Result<()> {
        match left.is_empty() {
            true => self.bytes.clear(), // And keeps its memory.
            false => self.bytes = left,
        }
        match self.pace.take() {
            Some(_) => limit_reading(self.stream, Some(self.idle), self.say),
            None => Ok(()),
        }
    }

    /// Receives more of a head that is not whole yet.
    pub(super) fn receive_more(&mut self) -> io::Result<Received> {
        // An empty line may be left from before: it begins nothing.
        let has_begun = self.bytes.chunks(2).any(|line| !b"\r\n".starts_with(line));
        if has_begun {
            let pace =
                self.pace.get_or_insert_with(|| Pace::new(self.patience, self.idle));
            if !pace.allow(self.stream, self.bytes.len(), self.say)? {
                return Ok(Received::Refused(TOO_SLOW));
            }
        }
        match receive(self.stream, &mut self.buffer, self.say) {
            Ok(0) if has_begun => Ok(Received::Refused(CUT)),
            Ok(0) => Ok(Received::Ended),
            Ok(n) => {
                self.bytes.extend(&self.buffer[..n]);
                Ok(Received::Some)
            }
            Err(error) if is_over_time(&error) && has_begun => {
                Ok(Received::Refused(TOO_SLOW))
            }
            Err(error) => Err(error),
        }
    }

    /// Receives a body whose first bytes, `rest`, have come with the head.
    pub(super) fn receive_body(
        &self,
        rest: &[u8],
        framing: Framing,
        limit: u64,
    ) -> io::Result<std::result::Result<Body, Bad>> {
        let mut incoming = Incoming::new(framing);
        let (mut bytes, mut body) = (rest.to_vec(), Vec::new());
        let mut pace: Option<Pace> = None;
        let mut buffer = Vec::new();
        let outcome = loop {
            match incoming.take(&bytes, &mut body) {
                Ok(_) if incoming.promised() > limit => break Err(TOO_LARGE),
                Ok(used) => drop(bytes.drain(..used)),
                Err(bad) => break Err(bad),
            }
            if incoming.is_whole() {
                break Ok((body, bytes));
            }
            buffer.resize(4 * FIRST_BUFFER, 0);
            let pace = pace.get_or_insert_with(|| Pace::new(self.patience, self.idle));
            if !pace.allow(self.stream, body.len(), self.say)? {
                break Err(TOO_SLOW);
            }
            match receive(self.stream, &mut buffer, self.say) {
                Ok(0) => break Err(CUT),
                Ok(n) => bytes.extend(&buffer[..n]),
                Err(error) if is_over_time(&error) => break Err(TOO_SLOW),
                Err(error) => return Err(error),
            }
        };
        if pace.is_some() {
            limit_reading(self.stream, Some(self.idle), self.say)?;
        }
        Ok(outcome)
    }

    /// Ends our half, and reads what the client still sends, for a moment.
    pub(super) fn hear_out(&self) -> io::Result<()> {
        let _: Result<()> = finish(self.stream, self.say); // It may have left by itself.
        let deadline = Instant::now() + HEARING_OUT;
        let mut buffer = vec![0; FIRST_BUFFER];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            limit_reading(self.stream, Some(left), self.say)?;
            match receive(self.stream, &mut buffer, self.say) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if is_over_time(&error) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

const CUT: Bad = Bad { status: 400, why: "the stream ended in the middle of a request" };

/// Whoever is slower than this is let go.
struct Pace {
    since: Instant,
    patience: Duration,
    idle: Duration,
}

impl Pace {
    fn new(patience: Duration, idle: Duration) -> Pace {
        Pace { since: Instant::now(), patience, idle }
    }

    /// Limits the next recv to the time that is left for a message of which so many bytes
    /// have come. Is there any?
    fn allow(&self, stream: &TcpStream, so_far: usize, say: &Say) -> io::Result<bool> {
        let earned = Duration::from_secs(so_far as u64 / SLOWEST);
        let left = (self.patience + earned).saturating_sub(self.since.elapsed());
        if left.is_zero() {
            return Ok(false);
        }
        limit_reading(stream, Some(left.min(self.idle)), say)?;
        Ok(true)
    }
}

pub(crate) fn limit_reading(
    stream: &TcpStream,
    limit: Option<Duration>,
    say: &Say,
) -> io::Result<()> {
    let set = stream.set_read_timeout(limit);
    let words = limit.map_or("none".to_owned(), text::duration);
    say.set(&format!("SO_RCVTIMEO {words}"), &set);
    set
}
