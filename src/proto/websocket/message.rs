//! Messages out of a stream of bytes, however the stream is cut (RFC 6455, sections 5.4 to
//! 5.6 and 7).
//!
//! A message is one frame or several, and between them there may be pings and pongs.
//! Everything is checked at its first byte: a length before there is memory for it, a text
//! while it comes.

use std::str;

use crate::proto::websocket::frame::{Head, LONGEST_CONTROL, LONGEST_HEAD, Opcode, mask};
use crate::proto::websocket::{Bad, code, is_sendable};

/// Room that is kept for the next message. More is given back, so that whoever has sent one
/// very large message and is idle costs little. With less, a client that sends messages of
/// 1 MiB one after the other waits twice as long for each: all the memory would have to be
/// asked for again.
pub const KEPT: usize = 2 * 1024 * 1024;

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A frame is complete: what stood in its head, and what was in it. What it means
    /// follows.
    Frame(Head, &'a [u8]),
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// To be answered with a pong with the same in it.
    Ping(&'a [u8]),
    /// The answer to a ping, or a sign of life.
    Pong(&'a [u8]),
    /// The other side sends nothing more. The code is 1005 if there was none.
    Close(u16, &'a str),
    /// The other side has broken a rule. What comes now cannot be understood any more.
    Wrong(Bad),
}

/// What one side sends, on its way to be understood.
#[derive(Debug)]
pub struct Incoming {
    masked: bool,
    limit: usize,
    state: State,
    /// The beginning of a head whose end has not come.
    begun: Vec<u8>,
    /// Which message is under way, if one is.
    kind: Option<Kind>,
    /// What has come of it. Its memory grows with what comes, not with what is announced.
    message: Vec<u8>,
    /// So much of a text is known to be UTF-8.
    checked: usize,
    control: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Waits for a head.
    Between,
    /// Waits for the rest of a payload, of which so many bytes have come.
    Within(Head, usize),
    /// A frame is complete, and has been told.
    Behind(Head),
    /// Nothing more is listened to.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Incoming {
    /// What a client sends: everything is masked.
    pub fn from_client(limit: usize) -> Incoming {
        Incoming {
            masked: true,
            limit,
            state: State::Between,
            begun: Vec::new(),
            kind: None,
            message: Vec::new(),
            checked: 0,
            control: Vec::new(),
        }
    }

    /// What a server sends: nothing is masked.
    pub fn from_server(limit: usize) -> Incoming {
        Incoming { masked: false, ..Incoming::from_client(limit) }
    }

    /// Takes bytes off the front of `input`, up to the next event. `None`: all are taken, and
    /// more are needed.
    pub fn take<'a>(&'a mut self, input: &mut &[u8]) -> Option<Event<'a>> {
        loop {
            let step = match self.state {
                State::Between => self.begin(input),
                State::Within(head, come) => self.go_on(head, come, input),
                State::Behind(head) => {
                    self.state = State::Between;
                    if head.fin {
                        return Some(self.meaning(head));
                    }
                    continue;
                }
                State::Over => return None,
            };
            match step {
                Ok(true) => {}
                Ok(false) => return None,
                Err(bad) => {
                    self.state = State::Over;
                    return Some(Event::Wrong(bad));
                }
            }
            if let State::Behind(head) = self.state {
                return Some(Event::Frame(head, self.payload(head)));
            }
        }
    }

    /// A head, if it is whole. False if more is needed.
    fn begin(&mut self, input: &mut &[u8]) -> Result<bool, Bad> {
        if self.kind.is_none() {
            self.message.clear();
            if self.message.capacity() > KEPT {
                self.message.shrink_to(KEPT);
            }
        }
        let Some(head) = self.head(input)? else { return Ok(false) };
        match head.key {
            None if self.masked => return Err(Bad::NotMasked),
            Some(_) if !self.masked => return Err(Bad::Masked),
            _ => {}
        }
        match (head.opcode, self.kind) {
            (Opcode::Continuation, None) => return Err(Bad::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Bad::NotFinished),
            (Opcode::Text, None) => (self.kind, self.checked) = (Some(Kind::Text), 0),
            (Opcode::Binary, None) => self.kind = Some(Kind::Binary),
            (Opcode::Continuation, Some(_)) => {}
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => self.control.clear(),
        }
        let room = self.limit - self.message.len();
        let fits = usize::try_from(head.length).is_ok_and(|length| length <= room);
        if !head.opcode.is_control() && !fits {
            return Err(Bad::TooBig { limit: self.limit });
        }
        self.state = State::Within(head, 0);
        Ok(true)
    }

    /// A head may come in pieces; then its beginning is kept.
    fn head(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Bad> {
        if self.begun.is_empty() {
            let parsed = Head::parse(input)?;
            let used = parsed.map_or(input.len(), |(_, used)| used);
            let (taken, rest) = input.split_at(used);
            if parsed.is_none() {
                self.begun.extend(taken);
            }
            *input = rest;
            return Ok(parsed.map(|(head, _)| head));
        }
        let (kept, missing) = (self.begun.len(), LONGEST_HEAD - self.begun.len());
        self.begun.extend(&input[..missing.min(input.len())]);
        let parsed = Head::parse(&self.begun)?;
        let used = parsed.map_or(self.begun.len(), |(_, used)| used);
        *input = &input[used - kept..];
        if parsed.is_some() {
            self.begun.clear();
        }
        Ok(parsed.map(|(head, _)| head))
    }

    /// The next part of a payload. False if more is needed.
    fn go_on(&mut self, head: Head, come: usize, input: &mut &[u8]) -> Result<bool, Bad> {
        let missing = length(head) - come;
        let (part, rest) = input.split_at(missing.min(input.len()));
        *input = rest;
        let control = head.opcode.is_control();
        let place = if control { &mut self.control } else { &mut self.message };
        let begin = place.len();
        place.extend(part);
        if let Some(key) = head.key {
            mask(&mut place[begin..], key, come);
        }
        let whole = part.len() == missing;
        if !control && self.kind == Some(Kind::Text) && !(whole && head.fin) {
            self.check()?; // A message that is whole is checked as a whole.
        }
        self.state = match whole {
            true => State::Behind(head),
            false => State::Within(head, come + part.len()),
        };
        Ok(whole)
    }

    /// Nobody has to wait for the end of a text to know that it is none.
    fn check(&mut self) -> Result<(), Bad> {
        match str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            Err(error) if error.error_len().is_none() => {
                self.checked += error.valid_up_to(); // A character whose end is to come.
            }
            Err(_) => return Err(Bad::NotUtf8),
        }
        Ok(())
    }

    /// What was in the frame that has just been told.
    fn payload(&self, head: Head) -> &[u8] {
        match head.opcode.is_control() {
            true => &self.control,
            false => &self.message[self.message.len() - length(head)..],
        }
    }

    /// What a frame means that ends a message, or is one by itself.
    fn meaning(&mut self, head: Head) -> Event<'_> {
        let meant = match head.opcode {
            Opcode::Ping => Ok(Event::Ping(&self.control)),
            Opcode::Pong => Ok(Event::Pong(&self.control)),
            Opcode::Close => {
                self.state = State::Over;
                closing(&self.control)
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                match self.kind.take() {
                    Some(Kind::Text) => str::from_utf8(&self.message)
                        .map(Event::Text)
                        .map_err(|_| Bad::NotUtf8),
                    _ => Ok(Event::Binary(&self.message)),
                }
            }
        };
        meant.unwrap_or_else(|bad| {
            self.state = State::Over;
            Event::Wrong(bad)
        })
    }

    /// How much has come of the message that is under way.
    pub fn so_far(&self) -> usize {
        self.kind.map_or(0, |_| self.message.len())
    }

    /// Where in the conversation the stream has been cut, if it ends here.
    pub fn within(&self) -> Option<&'static str> {
        match self.state {
            State::Between if !self.begun.is_empty() => Some("a frame's head"),
            State::Between => self.kind.map(|_| "a message"),
            State::Within(..) => Some("a frame"),
            State::Behind(_) | State::Over => None,
        }
    }
}

/// Whatever has a place fits into it.
fn length(head: Head) -> usize {
    usize::try_from(head.length).unwrap_or(usize::MAX)
}

/// A close frame has a code and a reason in it, or nothing.
fn closing(payload: &[u8]) -> Result<Event<'_>, Bad> {
    let (code, reason) = match payload {
        [] => return Ok(Event::Close(code::NONE, "")),
        [_] => return Err(Bad::CloseOfOneByte),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !is_sendable(code) {
        return Err(Bad::CloseCode(code));
    }
    str::from_utf8(reason)
        .map(|reason| Event::Close(code, reason))
        .map_err(|_| Bad::NotUtf8)
}

/// What goes into a close frame. A reason that is too long is cut where a character ends.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    if code == code::NONE {
        return Vec::new();
    }
    let room = LONGEST_CONTROL - 2;
    let mut end = reason.len().min(room);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    [&code.to_be_bytes(), &reason.as_bytes()[..end]].concat()
}

#[cfg(test)]
mod tests;
