//! passes: a thread for each target, and the lines in order
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() {
    let targets: Vec<_> = std::env::args().skip(1).collect();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let probes: Vec<_> = targets.iter().map(|target| scope.spawn(|| probe(target))).collect();
        probes.into_iter().map(|probe| probe.join().unwrap()).collect()
    });
    for (target, outcome) in targets.iter().zip(&outcomes) {
        println!("{target} {outcome}");
    }
    std::process::exit(if outcomes.iter().all(|outcome| *outcome == "open") { 0 } else { 1 });
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
