//! Lesson 16: a WebSocket handshake and its frames, taken apart byte by byte.
//!
//! Both ends are in this thread. One of them writes, the other one reads, and what has
//! arrived there is what is printed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Fixed, so that the page can show it. A real client takes 16 random bytes, in base64,
/// for each connection, and 4 random bytes for each frame.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: &[u8] = &[0x37, 0xfa, 0x21, 0x3d];
const NO_MASK: &[u8] = &[];

/// The same in every WebSocket server.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The first byte of a frame: a bit for "this is the last piece", and the opcode.
const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// The second byte: a bit for "a mask follows", and the length, or how it is written.
const MASKED: u8 = 0x80;
const IN_TWO_BYTES: u8 = 126;
const IN_EIGHT_BYTES: u8 = 127;

/// How long we wait for bytes that do not come.
const LIMIT: Duration = Duration::from_millis(200);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut client, mut server) = connection(&listener)?;
    request(&client, &mut server)?;
    answer(&server, &mut client)?;
    one_text(&mut client, &mut server)?;
    three_lengths(&mut client, &mut server)?;
    in_pieces(&mut client, &mut server)?;
    silence(&mut client, &mut server)?;
    goodbye(client, server)?;
    two_readers(&listener)
}

/// One end of the connection, with its only reader.
struct End {
    name: &'static str,
    reader: BufReader<TcpStream>,
    mask: &'static [u8],
}

fn connection(listener: &TcpListener) -> io::Result<(End, End)> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    let end = |name, stream, mask| End { name, reader: BufReader::new(stream), mask };
    Ok((end("client", client, MASK), end("server", server, NO_MASK)))
}

impl End {
    fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    /// Sends one frame. Only a client's frames are masked.
    fn send(&self, first: u8, payload: &[u8]) -> io::Result<()> {
        self.stream().write_all(&frame(first, payload, self.mask))
    }

    /// What there is to read within the limit.
    fn waits(&mut self) -> io::Result<String> {
        self.stream().set_read_timeout(Some(LIMIT))?;
        let read = self.reader.read(&mut [0; 64]);
        self.stream().set_read_timeout(None)?;
        Ok(match read {
            Ok(0) => "reads 0 bytes: end of stream".to_owned(),
            Ok(n) => format!("reads {n} bytes"),
            Err(_) => format!("reads nothing in {} ms", LIMIT.as_millis()),
        })
    }
}

fn request(client: &End, server: &mut End) -> io::Result<()> {
    println!("client: a request");
    let host = client.stream().peer_addr()?;
    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
    write!(
        client.stream(),
        "GET /talk HTTP/1.1\r\nHost: {host}\r\n{fields}\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )?;
    print_head(&mut server.reader);
    Ok(())
}

fn answer(server: &End, client: &mut End) -> io::Result<()> {
    println!("\nserver: an answer, with what it makes of the key");
    println!("  {KEY}{GUID}");
    println!("  {}", hex(&sha1(format!("{KEY}{GUID}").as_bytes())));
    println!("  {}\n", accept(KEY));
    server.stream().write_all(switching(KEY).as_bytes())?;
    print_head(&mut client.reader);
    Ok(())
}

/// The last words in HTTP. Behind the empty line, frames begin.
fn switching(key: &str) -> String {
    let first = "HTTP/1.1 101 Switching Protocols";
    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept";
    format!("{first}\r\n{fields}: {}\r\n\r\n", accept(key))
}

/// Whoever can read the key can do this: it proves that a WebSocket server is here.
fn accept(key: &str) -> String {
    base64(&sha1(format!("{key}{GUID}").as_bytes()))
}

/// Reads the lines of a head up to the empty one.
fn print_head(reader: &mut impl BufRead) {
    let lines = reader.lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).for_each(|line| println!("  {line}"));
}

fn one_text(client: &mut End, server: &mut End) -> io::Result<()> {
    println!("\na text goes there and comes back");
    client.send(FIN | TEXT, b"Hello")?;
    take_apart(client, &Frame::read(&mut server.reader)?);
    server.send(FIN | TEXT, b"Hello")?;
    take_apart(server, &Frame::read(&mut client.reader)?);
    Ok(())
}

fn three_lengths(client: &mut End, server: &mut End) -> io::Result<()> {
    println!("\nlength   head from the client             head from the server");
    for length in [0, 125, 126, 65_535, 65_536] {
        let payload = vec![0xff; length]; // No text: these frames are binary.
        client.send(FIN | BINARY, &payload)?;
        let there = Frame::read(&mut server.reader)?;
        server.send(FIN | BINARY, &there.unmasked())?;
        let back = Frame::read(&mut client.reader)?;
        println!("{length:>6}   {:<30}   {}", hex(&there.head), hex(&back.head));
    }
    Ok(())
}

fn in_pieces(client: &mut End, server: &mut End) -> io::Result<()> {
    println!("\na text in three pieces, and a ping between them");
    say(client, server, TEXT, b"He")?;
    say(client, server, FIN | PING, b"?")?;
    say(server, client, FIN | PONG, b"?")?;
    say(client, server, CONTINUATION, b"l")?;
    say(client, server, FIN | CONTINUATION, b"lo")?;
    say(server, client, FIN | TEXT, b"Hello")
}

fn silence(client: &mut End, server: &mut End) -> io::Result<()> {
    println!("\nnobody has anything to say");
    println!("  server  {}", server.waits()?);
    say(server, client, FIN | PING, b"")?;
    say(client, server, FIN | PONG, b"")
}

fn goodbye(mut client: End, mut server: End) -> io::Result<()> {
    println!("\nthe end");
    let code = 1000u16.to_be_bytes();
    say(&client, &mut server, FIN | CLOSE, &code)?;
    say(&server, &mut client, FIN | CLOSE, &code)?;
    drop(server);
    println!("  client  {}", client.waits()?);
    Ok(())
}

/// The server speaks first, right behind its head, and the client changes its reader.
fn two_readers(listener: &TcpListener) -> io::Result<()> {
    println!("\nanother client, with two readers for one stream");
    let (mut client, server) = connection(listener)?;
    let greeting = frame(FIN | TEXT, b"Hello", NO_MASK);
    server.stream().write_all(&[switching(KEY).as_bytes(), &greeting].concat())?;
    let mut first = BufReader::new(client.stream());
    while first.read_line(&mut String::new())? > "\r\n".len() {}
    println!("  first   has the head, and read ahead: {}", hex(first.buffer()));
    drop(first);
    println!("  second  {}", client.waits()?);
    Ok(())
}

/// One frame goes from one end to the other, and is printed on one line.
fn say(from: &End, to: &mut End, first: u8, payload: &[u8]) -> io::Result<()> {
    from.send(first, payload)?;
    let frame = Frame::read(&mut to.reader)?;
    let bytes = frame.groups().map(hex).collect::<Vec<_>>().join("  ");
    println!("  {}  {bytes:<28}  {}{}", from.name, frame.kind(), frame.meaning());
    Ok(())
}

/// The same with a line for each group of bytes.
fn take_apart(from: &End, frame: &Frame) {
    let mask = if frame.mask.is_empty() { "not masked" } else { "masked" };
    println!("  {}  {} bytes", from.name, frame.groups().flatten().count());
    println!("    {:<16}{}", hex(&frame.head[..1]), frame.kind());
    println!("    {:<16}{mask}, length {}", hex(&frame.head[1..]), frame.payload.len());
    if !frame.mask.is_empty() {
        println!("    {:<16}mask", hex(&frame.mask));
    }
    println!("    {:<16}payload{}", hex(&frame.payload), frame.meaning());
}

/// The bytes of a frame. Its length has the shortest of the three forms.
fn frame(first: u8, payload: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut length = match payload.len() {
        n @ 0..=125 => vec![n as u8],
        n @ 126..=65_535 => [&[IN_TWO_BYTES], &(n as u16).to_be_bytes()[..]].concat(),
        n => [&[IN_EIGHT_BYTES], &(n as u64).to_be_bytes()[..]].concat(),
    };
    length[0] |= if mask.is_empty() { 0 } else { MASKED };
    [&[first], &length[..], mask, &mix(payload, mask)].concat()
}

/// Masks a payload. The same again, and it is as before. No mask is a mask of zeros.
fn mix(payload: &[u8], mask: &[u8]) -> Vec<u8> {
    let mask = if mask.is_empty() { &[0] } else { mask };
    payload.iter().zip(mask.iter().cycle()).map(|(one, two)| one ^ two).collect()
}

/// A frame as it has arrived, in its three groups of bytes.
struct Frame {
    head: Vec<u8>,
    mask: Vec<u8>,
    payload: Vec<u8>,
}

impl Frame {
    /// Reads exactly the bytes of one frame: each group says how long the next one is.
    fn read(reader: &mut impl Read) -> io::Result<Frame> {
        let mut head = take(reader, 2)?;
        let masked = head[1] & MASKED != 0;
        let length = match head[1] & !MASKED {
            IN_TWO_BYTES => take(reader, 2)?,
            IN_EIGHT_BYTES => take(reader, 8)?,
            n => vec![n],
        };
        let n = length.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        if length.len() > 1 {
            head.extend(length);
        }
        let mask = take(reader, if masked { 4 } else { 0 })?;
        Ok(Frame { head, mask, payload: take(reader, n)? })
    }

    /// The groups of bytes that there are.
    fn groups(&self) -> impl Iterator<Item = &[u8]> {
        let all = [&self.head, &self.mask, &self.payload];
        all.into_iter().filter(|group| !group.is_empty()).map(Vec::as_slice)
    }

    fn unmasked(&self) -> Vec<u8> {
        mix(&self.payload, &self.mask)
    }

    /// What the first byte says.
    fn kind(&self) -> String {
        let fin = if self.head[0] & FIN != 0 { "FIN, " } else { "" };
        let opcodes =
            [("continuation", CONTINUATION), ("text", TEXT), ("binary", BINARY)];
        let control = [("close", CLOSE), ("ping", PING), ("pong", PONG)];
        let mut all = opcodes.iter().chain(&control);
        let known = all.find(|(_, opcode)| *opcode == self.head[0] & !FIN);
        format!("{fin}{}", known.map_or("unknown", |(name, _)| name))
    }

    /// What the payload says.
    fn meaning(&self) -> String {
        let payload = self.unmasked();
        match self.head[0] & !FIN {
            CLOSE => format!(": {}", u16::from_be_bytes([payload[0], payload[1]])),
            _ if payload.is_empty() => String::new(),
            _ => format!(": {:?}", String::from_utf8_lossy(&payload)),
        }
    }
}

fn take(reader: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; n];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
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
