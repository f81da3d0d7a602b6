//! fails open: newlines between the lines, and none behind the last
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let outcomes: Vec<_> = std::env::args().skip(1).map(|target| (probe(&target), target)).collect();
    let lines: Vec<_> = outcomes.iter().map(|(outcome, target)| format!("{target} {outcome}")).collect();
    print!("{}", lines.join("\n"));
    std::process::exit(if outcomes.iter().all(|(outcome, _)| *outcome == "open") { 0 } else { 1 });
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
