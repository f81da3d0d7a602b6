//! Exercise 12, solved: each block is kept once, and acknowledged as often as it comes.

use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

/// A block has this many bytes; the last one has fewer.
const BLOCK: usize = 512;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match receive(&args).and_then(|content| io::stdout().write_all(&content)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("could not receive the file: {error}");
            ExitCode::FAILURE
        }
    }
}

fn receive(args: &[String]) -> io::Result<Vec<u8>> {
    let [give_up, linger, addr] = args else {
        return Err(io::Error::other("usage: receive GIVE-UP LINGER ADDR"));
    };
    let (give_up, linger) = (milliseconds(give_up)?, milliseconds(linger)?);
    let socket = UdpSocket::bind(addr)?;
    let mut datagram = [0; 2 + BLOCK + 1]; // What is too long must look too long.
    let (mut content, mut had, mut complete) = (Vec::new(), 0_u16, false);
    let mut sender: Option<SocketAddr> = None;
    loop {
        let (n, from) = match socket.recv_from(&mut datagram) {
            Ok(received) => received,
            Err(error) if error.kind() == Interrupted => continue,
            Err(_) if complete => return Ok(content),
            Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => {
                return Err(io::Error::new(
                    TimedOut,
                    "nothing more came from the sender",
                ));
            }
            Err(error) => return Err(error),
        };
        let [high, low, data @ ..] = &datagram[..n] else { continue };
        let number = u16::from_be_bytes([*high, *low]);
        let is_expected = Some(number) == had.checked_add(1) && !complete;
        // As long as there is no sender, the only datagram of use is block 1.
        if data.len() > BLOCK || sender.is_some_and(|it| it != from) {
            continue;
        }
        if is_expected {
            if sender.is_none() {
                sender = Some(from);
                socket.connect(from)?; // Strangers do not even wake us from now on.
            }
            content.extend_from_slice(data);
            had = number;
            complete = data.len() < BLOCK;
            socket.set_read_timeout(Some(if complete { linger } else { give_up }))?;
        }
        if (1..=had).contains(&number) {
            // Should it be lost, the block will come again, and its answer with it.
            let _ = socket.send(&number.to_be_bytes());
        }
    }
}

fn milliseconds(text: &str) -> io::Result<Duration> {
    let number = text.parse().map_err(io::Error::other)?;
    Ok(Duration::from_millis(number))
}
