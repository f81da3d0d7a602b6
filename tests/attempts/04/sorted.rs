//! fails order: collects the outcomes in a map, which is sorted
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let targets = std::env::args().skip(1);
    let outcomes: std::collections::BTreeMap<_, _> =
        targets.map(|target| (probe(&target), target)).collect();
    for (outcome, target) in &outcomes {
        println!("{target} {outcome}");
    }
    std::process::exit(if outcomes.keys().all(|outcome| *outcome == "open") { 0 } else { 1 });
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
