//! Lesson 5: a datagram keeps its edges. A stream has none: it is bytes in a row.
//!
//! Each scene has a connection of its own, with both ends in this process.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

fn main() -> io::Result<()> {
    two_datagrams()?;
    two_writes()?;
    one_large_write()?;
    nobody_reads()?;
    the_end_of_the_stream()?;
    a_buffer_without_length()
}

fn two_datagrams() -> io::Result<()> {
    println!("two datagrams");
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    sender.connect(receiver.local_addr()?)?;
    println!("  send  {:?}", sender.send(b"hello"));
    println!("  send  {:?}", sender.send(b"world"));

    let mut buffer = [0; 64];
    for _ in 0..2 {
        let n = receiver.recv(&mut buffer)?;
        println!("  recv  Ok({n}) {}", text(&buffer[..n]));
    }
    Ok(())
}

fn two_writes() -> io::Result<()> {
    println!("\ntwo writes into a stream");
    let (mut here, mut there) = connection()?;
    println!("  write {:?}", here.write(b"hello"));
    println!("  write {:?}", here.write(b"world"));

    // `peek` looks and takes nothing: we go on when both writes have arrived.
    while there.peek(&mut [0; 10])? < 10 {}
    let mut buffer = [0; 64];
    let n = there.read(&mut buffer)?;
    println!("  read  Ok({n}) {}", text(&buffer[..n]));
    Ok(())
}

fn one_large_write() -> io::Result<()> {
    println!("\none write of 8 MiB, read with a buffer of 8 MiB");
    let (mut here, mut there) = connection()?;
    thread::scope(|scope| {
        let writer = scope.spawn(move || here.write_all(&vec![b'x'; 8 * MIB]));
        let mut buffer = vec![0; 8 * MIB];
        let mut lengths = Vec::new();
        loop {
            let n = there.read(&mut buffer)?;
            if n == 0 {
                break; // `here` belonged to the writer, which has dropped it.
            }
            lengths.push(n);
        }
        let much = if lengths.len() > 1 { "more than one read" } else { "one read" };
        println!("  {much}, {} bytes together", lengths.iter().sum::<usize>());
        writer.join().map_err(|_| io::Error::other("the writer panicked"))?
    })
}

fn nobody_reads() -> io::Result<()> {
    println!("\nnobody reads");
    let (mut here, mut there) = connection()?;
    // Without a limit, a write that finds no room waits for ever.
    here.set_write_timeout(Some(Duration::from_millis(100)))?;
    let offer = vec![b'x'; 64 * MIB];
    let mut taken = here.write(&offer)?;
    let much = if taken < offer.len() { "fewer bytes than offered" } else { "all" };
    println!("  write of 64 MiB: Ok, {much}");
    let error = loop {
        match here.write(&offer) {
            Ok(n) => taken += n,
            Err(error) => break error,
        }
    };
    println!("  again, until there is no room: {:?}", error.kind());

    // Now somebody does read, down to the end of the stream.
    here.shutdown(Shutdown::Write)?;
    let arrived = there.read_to_end(&mut Vec::new())?;
    println!(
        "  read to the end: the bytes that Ok counted, no others: {}",
        arrived == taken
    );
    Ok(())
}

fn the_end_of_the_stream() -> io::Result<()> {
    println!("\nthe end of the stream");
    let (mut here, mut there) = connection()?;
    here.write_all(b"bye")?;
    here.shutdown(Shutdown::Write)?;
    let mut buffer = [0; 64];
    for _ in 0..3 {
        let n = there.read(&mut buffer)?;
        println!("  read  Ok({n}) {}", text(&buffer[..n]));
    }
    Ok(())
}

fn a_buffer_without_length() -> io::Result<()> {
    println!("\na buffer without length");
    let (mut here, mut there) = connection()?;
    here.write_all(b"hello")?;
    let mut buffer = Vec::with_capacity(64);
    println!("  Vec::with_capacity(64): read {:?}", there.read(&mut buffer));
    println!("  the same, read_exact: {:?}", there.read_exact(&mut buffer));
    buffer.resize(64, 0);
    println!("  resized to 64 zeros: read {:?}", there.read(&mut buffer));
    Ok(())
}

/// Two sockets that are connected with each other.
fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let here = TcpStream::connect(listener.local_addr()?)?;
    let (there, _) = listener.accept()?;
    Ok((here, there))
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
