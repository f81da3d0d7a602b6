//! WebSocket: `ws-server` and `ws-client`, with peers that are right, wrong, slow and rude.

mod client;
mod oracle;
#[cfg(unix)]
mod patience;
mod server;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::harness::{Program, connect};

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// The mask of the RFC's examples.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The request of the RFC's example.
pub const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n\
    Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

pub fn serving(flags: &[&str]) -> (Program, SocketAddr) {
    Program::server(&[&["ws-server", ":0", "--quiet"], flags].concat())
}

/// One side of a conversation, byte by byte.
pub struct Peer(pub TcpStream);

impl Peer {
    /// A client whose request was answered with 101.
    pub fn at(addr: SocketAddr) -> Peer {
        Peer::on(connect(addr))
    }

    /// The same on a connection that has been made.
    pub fn on(stream: TcpStream) -> Peer {
        let mut peer = Peer(stream);
        peer.sends(REQUEST.as_bytes());
        let head = peer.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        peer
    }

    pub fn sends(&self, bytes: &[u8]) {
        (&self.0).write_all(bytes).unwrap();
    }

    /// A frame as a client sends it.
    pub fn frame(&self, first: u8, payload: &[u8]) {
        self.sends(&masked(first, payload));
    }

    /// A head of HTTP, to the empty line.
    pub fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "the end, after {head:?}");
            head.extend(byte);
        }
        String::from_utf8(head).unwrap()
    }

    /// A frame: its first byte, its mask, and what is in it.
    pub fn hears_masked(&mut self) -> (u8, Option<[u8; 4]>, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let mut length = [0; 8];
        let length = match head[1] & 0x7f {
            126 => {
                self.0.read_exact(&mut length[6..]).unwrap();
                u64::from_be_bytes(length)
            }
            127 => {
                self.0.read_exact(&mut length).unwrap();
                u64::from_be_bytes(length)
            }
            short => short.into(),
        };
        let key = (head[1] & 0x80 != 0).then(|| {
            let mut key = [0; 4];
            self.0.read_exact(&mut key).unwrap();
            key
        });
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        let key_or_none = key.unwrap_or_default();
        payload.iter_mut().zip(key_or_none.iter().cycle()).for_each(|(b, k)| *b ^= k);
        (head[0], key, payload)
    }

    /// A frame of a server.
    pub fn hears(&mut self) -> (u8, Vec<u8>) {
        let (first, key, payload) = self.hears_masked();
        assert_eq!(key, None);
        (first, payload)
    }

    /// A close frame with this code, and then the end of the stream. Gives the reason.
    pub fn hears_close_and_end(&mut self, code: u16) -> String {
        let (first, payload) = self.hears();
        assert_eq!(first, CLOSE, "{payload:?}");
        assert_eq!(payload.get(..2), Some(&code.to_be_bytes()[..]), "{payload:?}");
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
        String::from_utf8(payload[2..].to_vec()).unwrap()
    }

    pub fn is_echoed(&mut self, text: &str) {
        self.frame(TEXT, text.as_bytes());
        assert_eq!(self.hears(), (TEXT, text.as_bytes().to_vec()));
    }
}

/// A head with the mask of [`KEY`].
pub fn masked_head(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        ..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(KEY);
    bytes
}

pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = masked_head(first, payload.len().try_into().unwrap());
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(b, k)| b ^ k));
    bytes
}
