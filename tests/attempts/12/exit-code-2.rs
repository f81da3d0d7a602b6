//! fails gives-up: gives up with exit code 2

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [give_up, linger, addr] = &args[..] else { panic!("GIVE-UP LINGER ADDR") };
    let ms = |text: &String| Some(Duration::from_millis(text.parse().unwrap()));
    let socket = UdpSocket::bind(addr).unwrap();
    let mut buffer = [0; 1024];
    let mut content = Vec::new();
    let mut had = 0u16;
    let mut complete = false;
    let mut sender: Option<SocketAddr> = None;
    loop {
        let Ok((n, from)) = socket.recv_from(&mut buffer) else { break };
        if n < 2 || n > 514 {
            continue;
        }
        let number = u16::from_be_bytes([buffer[0], buffer[1]]);
        if sender.is_none() && number == 1 {
            sender = Some(from);
            socket.connect(from).unwrap();
        }
        if sender != Some(from) {
            continue;
        }
        if number == had + 1 && !complete {
            content.extend_from_slice(&buffer[2..n]);
            had = number;
            complete = n < 514;
            socket.set_read_timeout(ms(if complete { linger } else { give_up })).unwrap();
        }
        if number >= 1 && number <= had {
            let _ = socket.send(&number.to_be_bytes());
        }
    }
    if !complete {
        eprintln!("the sender has vanished");
        std::process::exit(2);
    }
    std::io::stdout().write_all(&content).unwrap();
}
