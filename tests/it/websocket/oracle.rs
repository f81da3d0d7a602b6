//! Our messages against those of another implementation, over random conversations.

use std::io::{self, Cursor, Read, Write};

use sockdemo::proto::random::Random;
use sockdemo::proto::websocket::frame::{self, Head, Opcode, mask};
use sockdemo::proto::websocket::message::{Event, Incoming};
use sockdemo::proto::websocket::{Bad, code};
use tungstenite::Message;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
    Wrong(Bad),
}

fn seen(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::Frame(..) => return None,
        Event::Text(text) => Seen::Text(text.to_owned()),
        Event::Binary(bytes) => Seen::Binary(bytes.to_vec()),
        Event::Ping(bytes) => Seen::Ping(bytes.to_vec()),
        Event::Pong(bytes) => Seen::Pong(bytes.to_vec()),
        Event::Close(code, reason) => Seen::Close(code, reason.to_owned()),
        Event::Wrong(bad) => Seen::Wrong(bad),
    })
}

/// Everything that `pieces` mean.
fn hear<'a>(
    incoming: &mut Incoming,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Seen> {
    let mut all = Vec::new();
    for mut piece in pieces {
        while let Some(event) = incoming.take(&mut piece) {
            all.extend(seen(event));
        }
    }
    all
}

/// What another implementation makes of the same bytes.
fn by_tungstenite(role: Role, limit: usize, bytes: &[u8]) -> Vec<Result<Seen, u16>> {
    struct Tape(Cursor<Vec<u8>>);
    impl Read for Tape {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Tape {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let tape = Tape(Cursor::new(bytes.to_vec()));
    let mut peer = WebSocket::from_raw_socket(tape, role, Some(config));
    let mut all = Vec::new();
    // What it says after a close frame is about its own answer.
    while !matches!(all.last(), Some(Ok(Seen::Close(..)))) {
        all.push(Ok(match peer.read() {
            Ok(Message::Text(text)) => Seen::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => Seen::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Seen::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Seen::Pong(bytes.to_vec()),
            Ok(Message::Close(None)) => Seen::Close(code::NONE, String::new()),
            // What it makes of a code that may not be sent.
            Ok(Message::Close(Some(why))) if why.reason == "Protocol violation" => {
                all.push(Err(code::PROTOCOL));
                return all;
            }
            Ok(Message::Close(Some(why))) => {
                Seen::Close(why.code.into(), why.reason.as_str().to_owned())
            }
            Ok(Message::Frame(_)) => panic!("a frame"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return all;
            }
            Err(Error::ConnectionClosed | Error::Io(_)) => return all,
            Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
                all.push(Err(code::TOO_BIG));
                return all;
            }
            Err(Error::Utf8(_)) => {
                all.push(Err(code::NOT_UTF8));
                return all;
            }
            Err(_) => {
                all.push(Err(code::PROTOCOL));
                return all;
            }
        }));
    }
    all
}

/// A conversation that may go wrong somewhere, but never in two ways at once: which of them is
/// seen first is nobody's rule.
fn conversation(random: &mut Random, masked: bool) -> Vec<u8> {
    let mut stream = Vec::new();
    let (mut wrong, mut begun) = (false, false);
    for _ in 0..random.between(1, 8) {
        let mut slip = || {
            let slips = !wrong && random.between(0, 40) == 0;
            wrong |= slips;
            slips
        };
        let [reserved, opcode, order, mask_bit, long] = [(); 5].map(|()| slip());
        let control = random.between(0, 3) == 0;
        let length = match (control, random.between(0, 9)) {
            (true, _) if long => random.between(126, 200),
            (true, 0..=2) => random.between(2, 125),
            (true, _) => 0,
            (false, _) if long => random.between(300, 70_000),
            (false, 0..=3) => 0,
            (false, _) => random.between(1, 40),
        };
        let goes_on = begun != order;
        let code = match (control, opcode) {
            (true, false) => [8, 9, 9, 9, 10][random.between(0, 4)],
            (true, true) => random.between(11, 15),
            (false, true) => random.between(3, 7),
            (false, false) if goes_on => 0,
            (false, false) => random.between(1, 2),
        };
        let fin = control || random.between(0, 2) > 0;
        begun = if control { begun } else { !fin };
        let mut payload = match (code, random.between(0, 19)) {
            (_, 0) => random.bytes(length),
            _ => "aé日😀".repeat(length).into_bytes()[..length].to_vec(),
        };
        if code == 8 && length >= 2 {
            let close = random.between(990, 1020);
            let close = if close == 1014 { 4999 } else { close };
            payload[..2].copy_from_slice(&u16::try_from(close).unwrap().to_be_bytes());
            payload[2..].fill(b'x');
        }
        let bits = u8::try_from(code).unwrap();
        let key: frame::Key = random.bytes(4).try_into().unwrap();
        let length = u64::try_from(length).unwrap();
        let key = (masked != mask_bit).then_some(key);
        let begin = stream.len();
        Head { fin, opcode: Opcode::Binary, key, length }.write(&mut stream);
        stream[begin] = stream[begin] & 0x80 | bits | if reserved { 0x40 } else { 0 };
        mask(&mut payload, key.unwrap_or_default(), 0);
        stream.extend(payload);
    }
    stream
}

#[test]
fn another_implementation_hears_the_same() {
    let mut random = Random::of(6455, "conversations");
    let mut kinds = [0; 8];
    for round in 0..20_000 {
        let (masked, limit) = (round % 2 == 0, 200);
        let stream = conversation(&mut random, masked);
        let role = if masked { Role::Server } else { Role::Client };
        let mut incoming = match masked {
            true => Incoming::from_client(limit),
            false => Incoming::from_server(limit),
        };
        let size = random.between(1, stream.len().min(300));
        let ours = hear(&mut incoming, stream.chunks(size));
        let theirs = by_tungstenite(role, limit, &stream);
        let comparable = |seen: &Seen| match seen {
            Seen::Wrong(bad) => Err(bad.code()),
            other => Ok(other.clone()),
        };
        let ours: Vec<_> = ours.iter().map(comparable).collect();
        assert_eq!(ours, theirs, "round {round}: {stream:x?}");
        for seen in ours {
            kinds[match seen {
                Ok(Seen::Text(_)) => 0,
                Ok(Seen::Binary(_)) => 1,
                Ok(Seen::Ping(_) | Seen::Pong(_)) => 2,
                Ok(Seen::Close(..)) => 3,
                Err(code::PROTOCOL) => 4,
                Err(code::NOT_UTF8) => 5,
                Err(code::TOO_BIG) => 6,
                _ => 7,
            }] += 1;
        }
    }
    assert!(kinds[..7].iter().all(|n| *n > 200) && kinds[7] == 0, "{kinds:?}");
}
