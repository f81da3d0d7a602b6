//! Exercise 16: `frames`, a WebSocket server that sends every message back.
//!
//! It is started with the address as its last argument. A client asks for an upgrade in
//! HTTP; after the answer both sides speak in frames. `sockdemo check 16` looks at it from
//! outside.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: frames ADDR");
    let listener = TcpListener::bind(std::env::args().nth(1).ok_or_else(usage)?)?;
    for stream in listener.incoming() {
        let began = stream.and_then(|stream| {
            // Detached: it ends with its client.
            thread::Builder::new().spawn(move || serve(&stream))
        });
        if let Err(error) = began {
            eprintln!("could not serve a client: {error}");
        }
    }
    Ok(())
}

/// Your turn: everybody gets the same answer, whatever was asked; and no frame is read.
fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let _head = read_head(&mut reader)?;
    let accept = accept("dGhlIHNhbXBsZSBub25jZQ==");
    let first = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket";
    write!(
        stream,
        "{first}\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

// Given: the lines of a head, and what the answer to a handshake is made of.

/// The lines of a request's head. Whatever comes behind it stays in the reader.
fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let lines = reader.take(16 * 1024).lines(); // No head is longer.
    lines.take_while(|line| line.as_ref().map_or(true, |line| !line.is_empty())).collect()
}

/// The value that belongs to a key.
fn accept(key: &str) -> String {
    base64(&sha1(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes()))
}

/// 20 bytes that depend on every bit of the text.
fn sha1(text: &[u8]) -> Vec<u8> {
    let mut blocks = [text, &[0x80]].concat();
    blocks.resize((text.len() + 8) / 64 * 64 + 56, 0);
    blocks.extend((text.len() as u64 * 8).to_be_bytes());
    let mut sums: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
    for block in blocks.chunks(64) {
        let word = |four: &[u8]| u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
        let mut words: Vec<u32> = block.chunks(4).map(word).collect();
        for i in 16..80 {
            let mixed = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
            words.push(mixed.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = sums;
        for (i, word) in words.iter().enumerate() {
            let (mixed, constant) = match i / 20 {
                0 => (b & c | !b & d, 0x5a827999),
                1 => (b ^ c ^ d, 0x6ed9eba1),
                2 => (b & c | b & d | c & d, 0x8f1bbcdc),
                _ => (b ^ c ^ d, 0xca62c1d6u32),
            };
            let all = [a.rotate_left(5), mixed, e, constant, *word];
            let next = all.into_iter().fold(0, u32::wrapping_add);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
        for (sum, more) in sums.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(more);
        }
    }
    sums.iter().flat_map(|sum| sum.to_be_bytes()).collect()
}

/// Bytes as text: three of them, 24 bits, are four letters of 6 bits.
fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |i| usize::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = char::from(letters[bits >> (18 - 6 * i) & 63]);
            text.push(if i > three.len() { '=' } else { letter });
        }
    }
    text
}
