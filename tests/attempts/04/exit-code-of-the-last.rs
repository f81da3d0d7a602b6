//! fails order: the exit code tells of the last target only
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let mut all_open = true;
    for target in std::env::args().skip(1) {
        let outcome = probe(&target);
        println!("{target} {outcome}");
        all_open = outcome == "open";
    }
    std::process::exit(if all_open { 0 } else { 1 });
}

fn probe(target: &str) -> &'static str {
    let mut outcome = "unresolved";
    for addr in target.to_socket_addrs().into_iter().flatten() {
        outcome = match TcpStream::connect_timeout(&addr, Duration::from_secs(1)) {
            Ok(_) => return "open",
            Err(error) => match error.kind() {
                ErrorKind::ConnectionRefused => "refused",
                ErrorKind::TimedOut => "timeout",
                _ => "failed",
            },
        };
    }
    outcome
}
