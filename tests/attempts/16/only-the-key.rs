//! fails ordinary: whoever sends a key wants an upgrade
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const LIMIT: usize = 1 << 20;

fn main() {
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap()).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || {
            let _ = serve(&stream);
        });
    }
}

fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut upgrade, mut connection, mut key) = (false, false, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "upgrade" => upgrade = value.eq_ignore_ascii_case("websocket"),
            "connection" => {
                let mut words = value.split(',');
                connection = words.any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
            }
            "sec-websocket-key" => key = Some(value.to_owned()),
            _ => {}
        }
    }
    let Some(key) = key else {
        return stream.write_all(
            b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
        );
    };
    let accept = accept(&key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())?;
    let mut kind = 0;
    let mut message = Vec::new();
    loop {
        let mut head = [0; 2];
        reader.read_exact(&mut head)?;
        let fin = head[0] & 0x80 != 0;
        let opcode = head[0] & 0x0f;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                reader.read_exact(&mut length)?;
                u16::from_be_bytes(length) as usize
            }
            127 => {
                let mut length = [0; 8];
                reader.read_exact(&mut length)?;
                u64::from_be_bytes(length) as usize
            }
            n => n as usize,
        };
        if head[1] & 0x80 == 0 {
            return close(stream, 1002);
        }
        if head[0] & 0x70 != 0 {
            return close(stream, 1002);
        }
        if opcode >= 8 && (length > 125 || !fin) {
            return close(stream, 1002);
        }
        if opcode < 8 && length > LIMIT - message.len() {
            return close(stream, 1009);
        }
        let mut mask = [0; 4];
        reader.read_exact(&mut mask)?;
        let mut payload = vec![0; length];
        reader.read_exact(&mut payload)?;
        for i in 0..length {
            payload[i] ^= mask[i % 4];
        }
        match opcode {
            0 if kind == 0 => return close(stream, 1002),
            0 => message.extend(payload),
            1 | 2 if kind != 0 => return close(stream, 1002),
            1 | 2 => {
                kind = opcode;
                message = payload;
            }
            8 if payload.len() == 1 => return close(stream, 1002),
            8 => return send(stream, 8, &payload),
            9 => {
                send(stream, 10, &payload)?;
                continue;
            }
            10 => continue,
            _ => return close(stream, 1002),
        }
        if fin {
            if kind == 1 && std::str::from_utf8(&message).is_err() {
                return close(stream, 1007);
            }
            send(stream, kind, &message)?;
            kind = 0;
            message.clear();
        }
    }
}

fn close(stream: &TcpStream, code: u16) -> io::Result<()> {
    send(stream, 8, &code.to_be_bytes())
}

fn send(mut stream: &TcpStream, opcode: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![0x80 | opcode];
    if payload.len() < 126 {
        frame.push(payload.len() as u8);
    } else if payload.len() < 65_536 {
        frame.push(126);
        frame.extend((payload.len() as u16).to_be_bytes());
    } else {
        frame.push(127);
        frame.extend((payload.len() as u64).to_be_bytes());
    }
    frame.extend(payload);
    stream.write_all(&frame)
}

fn accept(key: &str) -> String {
    base64(&sha1(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes()))
}

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
