//! Lesson 6: a stream has no edges, so the program makes some. Three ways to frame words.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// One word is longer in bytes than in letters, and one is empty.
const WORDS: [&str; 3] = ["Zoë", "", "is here"];

/// The longest word that a reader takes. Checked before the memory is.
const LONGEST: usize = 1000;

/// The size of every frame where all have the same.
const FIXED: usize = 8;

fn main() -> io::Result<()> {
    println!("a stream, read three bytes at a time");
    show_slices(&with_newlines(&WORDS))?;

    println!("\nthree framings, read three bytes at a time");
    decode("newline", &with_newlines(&WORDS), read_line)?;
    decode("length", &with_lengths(&WORDS), read_with_length)?;
    decode("fixed", &with_fixed_size(&WORDS), read_fixed)?;

    println!("\nlengths");
    let length = [0x00, 0x04];
    println!("  {} big-endian: {}", hex(&length), u16::from_be_bytes(length));
    println!("  {} little-endian: {}", hex(&length), u16::from_le_bytes(length));

    println!("\nstreams that break the rules");
    refuse("a line without end", &[b'x'; 2000], read_line)?;
    refuse("a length of 65,535", &[0xff, 0xff, b'x'], read_with_length)?;
    refuse("half a frame", &[0x00, 0x04, b'Z', b'o'], read_with_length)?;
    refuse("half a character", &[0x00, 0x01, 0xc3], read_with_length)?;

    println!("\ntwo readers on one stream");
    read_with_two_readers()
}

fn with_newlines(words: &[&str]) -> Vec<u8> {
    words.iter().flat_map(|word| [word.as_bytes(), b"\n"].concat()).collect()
}

fn with_lengths(words: &[&str]) -> Vec<u8> {
    let frame = |word: &&str| {
        // `as` would cut a length that is too large. Ours are constants and small.
        let length = word.len() as u16;
        [&length.to_be_bytes(), word.as_bytes()].concat()
    };
    words.iter().flat_map(frame).collect()
}

fn with_fixed_size(words: &[&str]) -> Vec<u8> {
    let frame = |word: &&str| {
        let mut frame = word.as_bytes().to_vec();
        frame.resize(FIXED, 0);
        frame
    };
    words.iter().flat_map(frame).collect()
}

/// The next line, or `None` at the end of the stream.
fn read_line(inbox: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let most = LONGEST as u64 + 1;
    if inbox.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    match line.pop() {
        Some(b'\n') => text(line).map(Some),
        _ => Err(invalid("no newline in time")),
    }
}

/// The next frame with a length in front, or `None` at the end of the stream.
fn read_with_length(inbox: &mut dyn BufRead) -> io::Result<Option<String>> {
    if inbox.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut length = [0; 2];
    inbox.read_exact(&mut length)?;
    let length = usize::from(u16::from_be_bytes(length));
    if length > LONGEST {
        return Err(invalid("the frame is too long"));
    }
    let mut word = vec![0; length];
    inbox.read_exact(&mut word)?;
    text(word).map(Some)
}

/// The next frame of the one size, or `None` at the end of the stream.
fn read_fixed(inbox: &mut dyn BufRead) -> io::Result<Option<String>> {
    if inbox.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut frame = [0; FIXED];
    inbox.read_exact(&mut frame)?;
    text(frame.into_iter().take_while(|byte| *byte != 0).collect()).map(Some)
}

/// Bytes become text when all of them are there, and not before.
fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| invalid(&error.to_string()))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

fn show_slices(bytes: &[u8]) -> io::Result<()> {
    let mut stream = Sliced(arrived(bytes)?);
    for _ in 0..3 {
        let mut buffer = [0; 64];
        let n = stream.read(&mut buffer)?;
        let slice = &buffer[..n];
        match str::from_utf8(slice) {
            Ok(text) => println!("  {}  {text:?}", hex(slice)),
            Err(error) => println!("  {}  {error}", hex(slice)),
        }
    }
    Ok(())
}

type Reader = fn(&mut dyn BufRead) -> io::Result<Option<String>>;

fn decode(name: &str, bytes: &[u8], read_word: Reader) -> io::Result<()> {
    let mut inbox = BufReader::new(Sliced(arrived(bytes)?));
    let mut words = Vec::new();
    while let Some(word) = read_word(&mut inbox)? {
        words.push(word);
    }
    println!("  {name}, {} bytes: {words:?}", bytes.len());
    for line in bytes.chunks(24) {
        println!("    {}", hex(line));
    }
    Ok(())
}

fn refuse(name: &str, bytes: &[u8], read_word: Reader) -> io::Result<()> {
    let mut inbox = BufReader::new(arrived(bytes)?);
    match read_word(&mut inbox) {
        Ok(word) => println!("  {name}: taken, {word:?}"),
        Err(error) => println!("  {name}: {error}"),
    }
    Ok(())
}

fn read_with_two_readers() -> io::Result<()> {
    let stream = arrived(b"name\nhello\n")?;
    let mut line = String::new();

    let mut first = BufReader::new(&stream);
    first.read_line(&mut line)?;
    let kept = text(first.buffer().to_vec())?;
    println!("  the first reads {line:?} and keeps {kept:?}");

    line.clear();
    let mut second = BufReader::new(&stream);
    let n = second.read_line(&mut line)?;
    println!("  the second reads {n} bytes: end of stream");
    Ok(())
}

/// A network cuts a stream where it likes. This reader cuts it after every third byte.
struct Sliced(TcpStream);

impl Read for Sliced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(3);
        self.0.read(&mut buffer[..most])
    }
}

/// The receiving end of a connection that carries these bytes and then ends.
fn arrived(bytes: &[u8]) -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut here = TcpStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    here.write_all(bytes)?;
    here.shutdown(Shutdown::Write)?;
    Ok(there)
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
