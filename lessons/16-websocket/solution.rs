//! Exercise 16, solved: a thread for each client, one reader, and frames until the end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{mem, str, thread};

/// The longest message, and the longest payload of a frame that steers.
const LONGEST: usize = 1024 * 1024;
const LONGEST_CONTROL: usize = 125;

/// In the first byte of a frame: the last piece, what must be zero, and the opcodes.
const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const CONTROL: u8 = 0x08;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// In the second byte.
const MASKED: u8 = 0x80;

/// What a close frame says.
const BROKEN: u16 = 1002;
const NO_TEXT: u16 = 1007;
const TOO_LONG: u16 = 1009;

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

/// Why a conversation ends: the stream did, or we close it, with these bytes.
enum End {
    Gone,
    Close(Vec<u8>),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> End {
        End::Gone
    }
}

fn close(code: u16) -> End {
    End::Close(code.to_be_bytes().to_vec())
}

fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream); // The only one: it may have read ahead.
    let head = read_head(&mut reader)?;
    let Some(key) = key_of(&head) else {
        let first = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket";
        return write!(
            stream,
            "{first}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
    };
    let first = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket";
    let accept = accept(key);
    write!(
        stream,
        "{first}\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    match echo(&mut reader, stream) {
        Err(End::Close(payload)) => send(stream, CLOSE, &payload),
        Ok(()) | Err(End::Gone) => Ok(()),
    }
}

/// The key, if this is a request to speak WebSocket.
fn key_of(head: &[String]) -> Option<&str> {
    let field = |name: &str| {
        let mut fields = head.iter().filter_map(|line| line.split_once(':'));
        let value = fields.find(|field| field.0.eq_ignore_ascii_case(name))?.1;
        Some(value.trim())
    };
    let has = |name, word: &str| {
        let mut words = field(name).unwrap_or_default().split(',');
        words.any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let asks = has("Connection", "upgrade") && has("Upgrade", "websocket");
    if asks { field("Sec-WebSocket-Key") } else { None }
}

/// Each message goes back as it came, until there is a reason to end.
fn echo(reader: &mut impl Read, stream: &TcpStream) -> Result<(), End> {
    let mut begun = None; // The opcode of a message that is not whole yet.
    let mut message = Vec::new();
    loop {
        let (first, payload) = read_frame(reader, LONGEST - message.len())?;
        match (first & !FIN, begun) {
            (opcode @ (TEXT | BINARY), None) => begun = Some(opcode),
            (CONTINUATION, Some(_)) => {}
            (PING, _) => {
                send(stream, PONG, &payload)?;
                continue;
            }
            (PONG, _) => continue,
            (CLOSE, _) if payload.len() != 1 => return Err(End::Close(payload)),
            _ => return Err(close(BROKEN)),
        }
        message.extend(payload);
        if first & FIN != 0
            && let Some(opcode) = begun.take()
        {
            if opcode == TEXT && str::from_utf8(&message).is_err() {
                return Err(close(NO_TEXT));
            }
            send(stream, opcode, &mem::take(&mut message))?;
        }
    }
}

/// The first byte of the next frame, and its payload, unmasked.
fn read_frame(reader: &mut impl Read, room: usize) -> Result<(u8, Vec<u8>), End> {
    let [first, second] = take(reader)?;
    let length = match second & !MASKED {
        126 => u64::from(u16::from_be_bytes(take(reader)?)),
        127 => u64::from_be_bytes(take(reader)?),
        n => u64::from(n),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let control = first & CONTROL != 0;
    if second & MASKED == 0
        || first & RESERVED != 0
        || control && (first & FIN == 0 || length > LONGEST_CONTROL)
    {
        return Err(close(BROKEN));
    }
    if !control && length > room {
        return Err(close(TOO_LONG)); // Before memory is taken.
    }
    let mask: [u8; 4] = take(reader)?;
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload)?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((first, payload))
}

/// The next bytes, exactly so many.
fn take<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Sends one frame. A server masks nothing.
fn send(mut stream: &TcpStream, opcode: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![FIN | opcode];
    match payload.len() {
        n @ 0..=125 => frame.push(n as u8),
        n @ 126..=0xffff => {
            frame.push(126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    stream.write_all(&frame)
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
