//! Solution 11: dice over UDP. One socket for everybody, one datagram for one answer.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;

/// No datagram is longer, so none is cut.
const LARGEST: usize = 65_535;

fn main() -> io::Result<()> {
    let addr = std::env::args().next_back().unwrap_or_default();
    let socket = UdpSocket::bind(addr)?;
    let mut buffer = vec![0; LARGEST];
    loop {
        let (n, sender) = match socket.recv_from(&mut buffer) {
            // Some systems report here that an earlier answer was refused.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => continue,
            received => received?,
        };
        let answer = roll(&buffer[..n]).unwrap_or_else(|| "error\n".to_owned());
        // An answer that cannot be delivered is this sender's loss only.
        let _ = socket.send_to(answer.as_bytes(), sender);
    }
}

/// `3 5 1 = 9`, or nothing if this is no request.
fn roll(request: &[u8]) -> Option<String> {
    let request = std::str::from_utf8(request).ok()?;
    let request = request.strip_suffix('\n').unwrap_or(request);
    let (dice, sides) = request.strip_prefix("roll ")?.split_once('d')?;
    let (dice, sides) = (number(dice)?, number(sides)?);
    if !(1..=100).contains(&dice) || !(2..=1000).contains(&sides) {
        return None;
    }
    let rolled: Vec<u64> = (0..dice).map(|_| 1 + random() % sides).collect();
    let words: Vec<String> = rolled.iter().map(u64::to_string).collect();
    Some(format!("{} = {}\n", words.join(" "), rolled.iter().sum::<u64>()))
}

/// Digits only: `parse` alone would take `+3` as well.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// std has no dice, but its hash maps begin with a random number.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
