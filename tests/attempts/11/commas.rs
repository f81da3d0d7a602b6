//! fails roll: commas between the results
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::UdpSocket;

fn random(sides: u64) -> u64 {
    1 + RandomState::new().hash_one(0) % sides
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn roll(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (dice, sides) = text.strip_prefix("roll ")?.split_once('d')?;
    let (dice, sides) = (number(dice)?, number(sides)?);
    if !(1..=100).contains(&dice) || !(2..=1000).contains(&sides) {
        return None;
    }
    let rolled: Vec<u64> = (0..dice).map(|_| random(sides)).collect();
    let words: Vec<String> = rolled.iter().map(u64::to_string).collect();
    Some(format!("{} = {}\n", words.join(", "), rolled.iter().sum::<u64>()))
}

fn main() {
    let socket = UdpSocket::bind(std::env::args().last().unwrap()).unwrap();
    let mut buffer = [0; 65535];
    loop {
        let (n, sender) = socket.recv_from(&mut buffer).unwrap();
        let answer = roll(&buffer[..n]).unwrap_or("error\n".to_string());
        let _ = socket.send_to(answer.as_bytes(), sender);
    }
}
